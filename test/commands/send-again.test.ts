import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { runBinary, suiteFolder, type Ran, type RunOptions } from '../run-binary.ts'

describe('sendMessage of many', () => {
  const folder = suiteFolder()
  const run = (args: readonly string[], options?: RunOptions): Promise<Ran> =>
    runBinary([...args, '--store', folder.path('store')], options)
  const bodies = async (topic: string): Promise<string[]> =>
    (await run(['consumeMessage', '-t', topic, '-f', '%b\\n'])).stdout.trimEnd().split('\n').sort()

  it('--failed keeps what was not acknowledged, to be sent again, and sends the rest', async () => {
    const file = folder.path('again.ndjson')
    const long = 'y'.repeat(33_000)
    const input = [
      '{"body":"one","tag":"A","keys":["k"]}',
      JSON.stringify({ body: 'two', properties: { long } }),
      '{"body":"three"}',
    ].join('\n')
    const sent = await run(['sendMessage', '-t', 'orders', '--ndjson', '--failed', file], { input })
    assert.equal(sent.status, 3)
    assert.match(sent.stderr, /1 message not sent, 2 sent; the first: /)
    assert.match(sent.stderr, /sendMessage --ndjson < /)
    assert.deepEqual(await bodies('orders'), ['one', 'three'])
    const [line, end] = readFileSync(file, 'utf8').split('\n')
    assert.deepEqual(JSON.parse(line!), { body: 'two', properties: { long } })
    assert.equal(end, '')
    const mended = JSON.stringify({ ...(JSON.parse(line!) as object), properties: {} })
    assert.equal((await run(['sendMessage', '-t', 'orders', '--ndjson'], { input: mended })).status, 0)
    assert.deepEqual(await bodies('orders'), ['one', 'three', 'two'])
  })

  it('--failed leaves no file when all were acknowledged, and says when it cannot be written', async () => {
    const file = folder.path('none.ndjson')
    const fine = await run(['sendMessage', '-t', 'fine', '--lines', '--failed', file], { input: 'a\nb\n' })
    assert.deepEqual([fine.status, fine.stderr, existsSync(file)], [0, '', false])
    assert.equal((await run(['sendMessage', '-t', 'fine', '-p', 'x', '--failed', file])).status, 2)
  })

  it('-z: a NUL ends each line, and a line feed is a part of it', async () => {
    const input = Buffer.from('a\nb\0c\0\0d')
    const sent = await run(['sendMessage', '-t', 'nul', '--lines', '-z', '--quiet'], { input })
    assert.equal(sent.stdout.trimEnd().split('\n').length, 3)
    const { stdout } = await run(['consumeMessage', '-t', 'nul', '-o', 'ndjson', '--columns', 'body'])
    assert.deepEqual(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { body: string }).body)
        .sort(),
      ['a\nb', 'c', 'd'],
    )
    assert.equal((await run(['sendMessage', '-t', 'nul', '--ndjson', '-z'], { input })).status, 2)
  })
})

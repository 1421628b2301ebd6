import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { binary, cleanEnv, ended, runBinary, suiteFolder, type Ran, type RunOptions } from '../run-binary.ts'

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
    assert.ok(sent.stderr.includes(`pocketmq sendMessage -t orders --ndjson < ${file}`), sent.stderr)
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
    const nowhere = ['sendMessage', '-t', 'fine', '--lines', '--failed', folder.path('none/again.ndjson')]
    const refused = await run(nowhere, { input: 'c\n' })
    assert.deepEqual([refused.status, refused.stdout], [1, ''])
    assert.match(refused.stderr, /none\/again.ndjson cannot be written: [^\n]+\nhint: nothing was sent/)
    assert.deepEqual(await bodies('fine'), ['a', 'b'])
  })

  it('--failed loses nothing that an earlier run left, and empties the file when it is the input', async () => {
    const file = folder.path('left.ndjson')
    const long = { long: 'y'.repeat(33_000) }
    const bad = (body: string): string => `${JSON.stringify({ body, properties: long })}\n`
    const send = ['sendMessage', '-t', 'left', '--ndjson', '--failed', file]
    const kept = (): string[] =>
      readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { body: string }).body)
    await run(send, { input: bad('one') })
    await run(send, { input: `${bad('two')}{"body":"fine"}\n` })
    await run(send, { input: '{"body":"fine, too"}\n' })
    assert.deepEqual(kept(), ['one', 'two'])

    const again = (): Promise<Ran> => {
      const command = `exec '${process.execPath}' '${binary}' ${send.join(' ')} --store ${folder.path('store')} < ${file}`
      return ended(spawn('sh', ['-c', command], { env: cleanEnv() }))
    }
    writeFileSync(file, `{"body":"mended"}\n${bad('two')}`)
    assert.equal((await again()).status, 3)
    assert.deepEqual(kept(), ['two'])
    writeFileSync(file, `{"body":"half"}\nnonsense\n`)
    assert.equal((await again()).status, 2)
    assert.equal(readFileSync(file, 'utf8'), `{"body":"half"}\nnonsense\n`)
    writeFileSync(file, '{"body":"mended, too"}\n')
    assert.equal((await again()).status, 0)
    assert.equal(existsSync(file), false)
    assert.deepEqual(
      readdirSync(folder.path('.')).filter((name) => name.startsWith('left')),
      [],
    )
    assert.deepEqual(await bodies('left'), ['fine', 'fine, too', 'half', 'mended', 'mended, too'])
  })

  it('--failed keeps the time at which a message was to be delivered', async () => {
    const file = folder.path('later.ndjson')
    const input = JSON.stringify({ body: 'x', properties: { long: 'y'.repeat(33_000) } })
    await run(['sendMessage', '-t', 'later', '--ndjson', '--delay', '2h', '--failed', file], { input })
    const { deliverAt } = JSON.parse(readFileSync(file, 'utf8')) as { deliverAt: number }
    assert.ok(Math.abs(deliverAt - Date.now() - 7_200_000) < 60_000)
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

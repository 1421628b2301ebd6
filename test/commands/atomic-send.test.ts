import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ChildProcess } from 'node:child_process'
import { ended, runBinary, startBinary, suiteFolder, type Ran } from '../run-binary.ts'

describe('sendMessage --atomic', () => {
  const folder = suiteFolder()
  const store = (): string[] => ['--store', folder.path('store')]
  const send = (topic: string, input: string, ...args: string[]): Promise<Ran> =>
    runBinary(['sendMessage', '-t', topic, '--atomic', ...args, ...store()], { input })
  const bodies = async (topic: string, target = store()): Promise<string[]> => {
    const args = ['consumeMessage', '-t', topic, '--from', 'earliest', '-f', '%b\\n', ...target]
    return (await runBinary(args)).stdout.split('\n').filter((line) => line !== '')
  }
  const open = async (): Promise<number> => {
    const { stdout } = await runBinary(['transactions', '--quiet', ...store()])
    return stdout.split('\n').filter((line) => line !== '').length
  }
  const lines = Array.from({ length: 1200 }, (_, i) => `line ${i}`)

  before(async () => {
    for (const topic of ['all', 'bad', 'killed', 'keys'])
      await runBinary(['updateTopic', '-t', topic, '-r', '2', '-w', '2', ...store()])
  })

  it('sends all of its input, and says so once', async () => {
    const { stdout, status } = await send('all', lines.join('\n'), '--lines')
    assert.deepEqual([stdout, status], ['send 1200 messages to all success.\n', 0])
    assert.deepEqual((await bodies('all')).sort(), [...lines].sort())
    assert.equal(await open(), 0)
  })

  it('keeps keys, tags and properties, and leaves nothing of its own but what a commit leaves', async () => {
    const line = JSON.stringify({ body: 'b', keys: ['k'], tag: 'T', properties: { n: '1' } })
    const sent = await send('keys', line, '--ndjson', '--json')
    const { count, topic } = JSON.parse(sent.stdout) as { count: number; topic: string }
    assert.deepEqual([count, topic], [1, 'keys'])
    const { stdout } = await runBinary(['queryMsgByKey', '-t', 'keys', '-k', 'k', '--json', ...store()])
    assert.equal((JSON.parse(stdout) as { items: unknown[] }).items.length, 1)
    const read = await runBinary(['consumeMessage', '-t', 'keys', '-o', 'ndjson', ...store()])
    const message = JSON.parse(read.stdout) as { tag: string; properties: Record<string, string> }
    assert.deepEqual([message.tag, message.properties['n'], message.properties['KEYS']], ['T', '1', 'k'])
    assert.equal(message.properties['ATOMIC_ID'], undefined)
  })

  it('sends nothing of input that is bad at its end', async () => {
    const { stdout, stderr, status } = await send('bad', '{"body":"good"}\n{"body":', '--ndjson')
    assert.deepEqual([stdout, status], ['', 2])
    assert.match(
      stderr,
      /^error: line 2: .*; nothing was sent\nhint: mend the input and send all of it again\n$/,
    )
    assert.deepEqual(await bodies('bad'), [])
    assert.equal(await open(), 0)
  })

  it('sends nothing when a message is refused, and says which', async () => {
    const input = `{"body":"good"}\n{"body":"good","dedupKey":"d"}\n{"body":"good"}\n`
    const { stderr, status } = await send('bad', input, '--ndjson')
    assert.equal(status, 1)
    assert.match(stderr, /line 2 not sent: .*a half message has no DEDUP_KEY; nothing was sent/)
    assert.deepEqual(await bodies('bad'), [])
  })

  /** A sender whose input has not ended, when some of it is stored. */
  async function unfinished(): Promise<ChildProcess> {
    const child = startBinary(['sendMessage', '-t', 'killed', '--atomic', '--lines', ...store()])
    child.stdin!.write('one\ntwo\n')
    while ((await open()) < 2);
    return child
  }

  it('sends nothing when it is interrupted', async () => {
    const child = await unfinished()
    const done = ended(child)
    child.kill('SIGTERM')
    const { status, stderr } = await done
    assert.equal(status, 130)
    assert.match(stderr, /^error: interrupted: nothing was sent\n/)
    assert.equal(await open(), 0)
    assert.deepEqual(await bodies('killed'), [])
  })

  it('is never seen in part when it is killed; what it left is no one message to commit', async () => {
    const child = await unfinished()
    child.kill('SIGKILL')
    await once(child, 'close')
    assert.deepEqual(await bodies('killed'), [])
    const { stdout } = await runBinary(['transactions', '--quiet', ...store()])
    const [first] = stdout.split('\n')
    const commit = await runBinary(['endTransaction', 'commit', first!, ...store()])
    assert.equal(commit.status, 1)
    assert.match(commit.stderr, /part of an atomic send/)
    assert.equal((await runBinary(['endTransaction', 'rollback', first!, ...store()])).status, 0)
    assert.equal(await open(), 0)
    assert.deepEqual(await bodies('killed'), [])
  })

  it('does the same through a server', async () => {
    const server = startBinary(['serve', '--ephemeral', '--port', '0', '--topic', 'served:2'])
    try {
      const [text] = (await once(server.stdout!, 'data')) as [Buffer]
      const target = ['-n', /at (\S+:\d+)/.exec(text.toString())![1]!]
      const args = ['sendMessage', '-t', 'served', '--atomic', ...target]
      const sent = await runBinary([...args, '--lines'], { input: lines.join('\n') })
      assert.deepEqual([sent.stderr, sent.status], ['', 0])
      assert.equal((await bodies('served', target)).length, 1200)
      const refused = await runBinary([...args, '--ndjson'], { input: '{"body":"x"}\n[' })
      assert.equal(refused.status, 2)
      assert.equal((await bodies('served', target)).length, 1200)
    } finally {
      server.kill('SIGTERM')
      await once(server, 'close')
    }
  })

  it('refuses what contradicts it', async () => {
    const contradictory = [
      ['-p', 'x'],
      ['--lines', '--transaction'],
      ['--lines', '--failed', folder.path('again')],
      [],
    ]
    for (const args of contradictory)
      assert.equal((await send('all', 'x', ...args)).status, 2, args.join(' '))
    assert.equal((await send('all', 'x', '--lines', '-b', 'no-such-broker')).status, 4)
  })

  it('sends nothing of an empty input', async () => {
    const { stdout, status } = await send('bad', '', '--lines')
    assert.deepEqual([stdout, status], ['send 0 messages to bad success.\n', 0])
  })
})

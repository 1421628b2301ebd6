import assert from 'node:assert/strict'
import { runBinary, suiteFolder, type Ran } from '../run-binary.ts'

describe('messages for later, in a folder', () => {
  const folder = suiteFolder()
  const run = (args: readonly string[], input = ''): Promise<Ran> =>
    runBinary([...args, '--store', folder.path('store')], { input })
  const bodies = async (...args: string[]): Promise<string[]> => {
    const { stdout } = await run(['consumeMessage', '-t', 'T', '-o', 'ndjson', '--columns', 'body', ...args])
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { body: string }).body)
  }
  const send = async (...args: string[]): Promise<{ msgId: string; recallHandle?: string }> => {
    const { status, stdout, stderr } = await run(['sendMessage', '-t', 'T', '--json', ...args])
    assert.equal(status, 0, stderr)
    return JSON.parse(stdout) as { msgId: string; recallHandle?: string }
  }

  before(() => run(['updateTopic', '-t', 'T', '-r', '1', '-w', '1']))

  it('come to a reader that waits for them, by delay, by time and by level', async () => {
    const { recallHandle } = await send('-p', 'delay', '--delay', '300ms')
    assert.match(recallHandle!, /^[\w-]+=*$/)
    await send('-p', 'time', '--deliver-at', String(Date.now() + 500))
    assert.equal('recallHandle' in (await send('-p', 'level', '--delay-level', '1')), false)
    await run(['sendMessage', '-t', 'T', '--lines', '--delay', '400ms'], 'one\ntwo\n')
    assert.deepEqual((await bodies('-c', '5', '--timeout', '15s')).sort(), [
      'delay',
      'level',
      'one',
      'time',
      'two',
    ])
  })

  it('are taken back with the handle of the send, and no other', async () => {
    const { msgId, recallHandle } = await send('-p', 'mistake', '--delay', '2h')
    const recalled = await run(['recallMessage', recallHandle!, '--quiet'])
    assert.deepEqual([recalled.status, recalled.stdout], [0, `${msgId}\n`])
    const nonsense = await run(['recallMessage', 'nonsense'])
    assert.equal(nonsense.status, 2)
    assert.match(nonsense.stderr, /no recall handle: nonsense\nhint: .*--json/)
  })

  it('need one time, that RocketMQ waits for', async () => {
    const both = await run(['sendMessage', '-t', 'T', '-p', 'x', '--delay', '1m', '--delay-level', '1'])
    assert.equal(both.status, 2)
    const far = await run(['sendMessage', '-t', 'T', '-p', 'x', '--delay', '73h'])
    assert.equal(far.status, 1)
    assert.match(far.stderr, /max delay 259200000ms/)
    assert.equal((await run(['sendMessage', '-t', 'T', '-p', 'x', '--deliver-at', 'soon'])).status, 2)
  })

  it('are stored once with a dedup key, however often they are sent', async () => {
    const keyed = ['sendMessage', '-t', 'D', '-p', 'x', '--json', '--dedup-key', 'order-1']
    const results = []
    for (let i = 0; i < 3; i++) results.push(JSON.parse((await run(keyed)).stdout) as Record<string, unknown>)
    assert.deepEqual(
      results.map(({ duplicate }) => duplicate),
      [false, true, true],
    )
    assert.equal(new Set(results.map(({ msgId }) => msgId)).size, 1)
    const lines = ['a', 'b', 'a'].map((dedupKey) => JSON.stringify({ body: dedupKey, dedupKey })).join('\n')
    const sent = await run(['sendMessage', '-t', 'D', '--ndjson'], lines)
    assert.equal(sent.stdout, 'send 3 messages to D success, 1 of them had been stored before.\n')
    const { stdout } = await run(['consumeMessage', '-t', 'D', '-o', 'ndjson', '--columns', 'body'])
    assert.deepEqual(stdout.match(/"body":"\w"/g)?.sort(), ['"body":"a"', '"body":"b"', '"body":"x"'])
    assert.equal((await run([...keyed, '--transaction'])).status, 2)
    assert.equal((await run(['sendMessage', '-t', 'D', '-p', 'x', '--dedup-key', 'a b'])).status, 2)
  })
})

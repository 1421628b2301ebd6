import assert from 'node:assert/strict'
import { runBinary, suiteFolder } from '../run-binary.ts'

/** What is wrong, and the status that says so; the message tells a person what, and what to do about it. */
const wrong: readonly (readonly [status: number, line: string, said: RegExp])[] = [
  [4, 'topicStatus -t nope', /no such topic: nope/],
  [4, 'topicRoute -t nope', /no such topic: nope/],
  [4, 'consumeMessage -t nope', /no such topic: nope/],
  [4, 'reply -t nope -g g --exec cat', /no such topic: nope/],
  [4, 'queryMsgById -t orders -i zz', /no message zz in topic orders/],
  [4, 'queryMsgByKey -t orders -k zz', /has the key zz/],
  [4, 'consumerProgress -g nope', /group nope has consumed nothing/],
  [4, 'getConsumerConfig -g nope', /no broker has a group nope/],
  [4, 'cloneGroupOffset -s nope -d x -t orders', /group nope has consumed nothing/],
  [4, 'sendMessage -t orders -p x -b no-such-broker', /no-such-broker/],
  [4, 'updateTopic -t orders -b 10.0.0.1:10911', /10.0.0.1:10911 is no broker of this folder/],
  [2, 'topicStatus', /missing required flag --topic/],
  [2, 'topicStatus -t=', /--topic is empty.*variable of the script/s],
  [2, 'deleteTopic --yes -t=', /--topic is empty/],
  [2, 'consumeMessage -t orders --commit -g=', /--consumerGroup is empty/],
  [2, 'reply -t orders -g g --exec=', /--exec is empty/],
  [2, 'topicList -n=', /--namesrvAddr is empty/],
  [2, 'updateSubGroup', /missing required flag --groupName/],
  [2, 'sendMessage -t orders', /-p is missing/],
  [2, 'sendMessage -t orders -p x --nope', /unknown flag --nope/],
  [2, 'sendMessage -t orders -p x -b broker-a -i abc', /"abc" is not a whole number/],
  [2, 'sendMessage -t orders -p x -i 1', /Broker name must be set/],
  [2, 'sendMessage -t orders -p x --lines', /more than one source/],
  [2, 'sendMessage -t orders -p x --delay 5x', /"5x" is not a length of time/],
  [2, 'sendMessage -t orders -p x --delay 5s --delay-level 3', /more than one time/],
  [2, 'sendMessage -t orders -p x --deliver-at tomorrow', /"tomorrow" is not a time/],
  [2, 'sendMessage -t orders -p x --retry -1', /out of range/],
  [2, 'sendMessage -t orders -p x --failed f', /--failed is for many messages/],
  [2, 'consumeMessage -t orders -c x', /"x" is not a whole number/],
  [2, 'consumeMessage -t orders --commit', /--commit needs a group/],
  [2, 'consumeMessage -t orders --from @-1x', /"1x" is not a length of time/],
  [2, 'consumeMessage -t orders --where a==1', /equal is one =/],
  [2, 'updateTopic -t orders -r -1', /out of range/],
  [2, 'updateTopic -t bad*topic -r 1 -w 1', /illegal characters/],
  [2, 'resetOffset -g g -t orders --to nonsense', /is no place in a queue/],
  [2, 'setConsumeMode -g g -t orders -m X', /PULL, POP/],
  [2, 'deleteTopic -t orders', /nothing was done/],
  [2, 'topicList -o xml', /unknown format "xml"/],
  [2, 'endTransaction perhaps 1', /not commit or rollback/],
  [5, 'topicRoute -t orders -n 127.0.0.1:1', /no name server reached/],
  [6, 'consumeMessage -t orders --from end -c 1 --timeout 50ms', /0 of 1 messages came within 50 ms/],
  [6, 'request -t orders -p x --timeout 50ms', /no answer within 50 ms/],
]

describe('bad input', () => {
  const folder = suiteFolder()

  before(async () => {
    await runBinary(['updateTopic', '-t', 'orders', '--store', folder.path('store')])
  })

  for (const [status, line, said] of wrong) {
    it(`${line}: ${status}, said in words and in JSON`, async () => {
      const words = line.split(' ')
      const target = words.includes('-n') ? [] : ['--store', folder.path('store')]
      const text = await runBinary([...words, ...target])
      assert.deepEqual([text.status, text.stdout], [status, ''])
      assert.match(text.stderr, /^error: [^\n]+\nhint: [^\n]+\n$/)
      assert.match(text.stderr, said)
      if (words.includes('-o')) return
      const json = await runBinary([...words, ...target, '--json'])
      assert.equal(json.status, status)
      const { error } = JSON.parse(json.stderr) as { error: { code: string; message: string; hint: string } }
      assert.match(error.code, /^MQ_/)
      assert.match(`${error.message} ${error.hint}`, said)
    })
  }

  it('a folder that cannot be made or is none: 1 for who writes, 4 for who reads', async () => {
    const store = ['--store', '/proc/no/such/folder']
    assert.equal((await runBinary(['sendMessage', '-t', 'a', '-p', 'x', ...store])).status, 1)
    assert.equal((await runBinary(['request', '-t', 'a', '-p', 'x', ...store])).status, 1)
    assert.equal((await runBinary(['topicList', ...store])).status, 4)
  })

  it('an empty stdin is no message, and an empty body none that RocketMQ has', async () => {
    const send = (...args: string[]): ReturnType<typeof runBinary> =>
      runBinary(['sendMessage', '-t', 'orders', ...args, '--store', folder.path('store')])
    for (const kind of ['--lines', '--ndjson', '--csv'])
      assert.equal((await send(kind)).stdout, 'send 0 messages to orders success.\n', kind)
    assert.notEqual((await send('-p', '-')).status, 0)
  })
})

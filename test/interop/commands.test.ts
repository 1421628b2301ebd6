import assert from 'node:assert/strict'
import { JavaDriver } from './java-driver.ts'
import { mqadmin } from './mqadmin.ts'
import { pocketmq } from './pocketmq.ts'
import { type Target, targets } from './targets.ts'

interface Item {
  readonly topic: string
  readonly queueId: number
  readonly offsetMsgId: string
  readonly msgId: string
  readonly tag: string | null
  readonly keys: readonly string[]
  readonly properties: Readonly<Record<string, string>>
  readonly body?: string
  readonly bodyBase64?: string
}

/** Our commands with -n, on the real cluster and on our server, against what mqadmin prints there. */
for (const [name, start] of Object.entries(targets)) {
  describe(`our commands on ${name}`, () => {
    const topic = 'CommandsT'
    let target: Target

    async function ours(args: readonly string[], stdin = ''): Promise<string> {
      const [command, ...rest] = args as [string, ...string[]]
      const run = await pocketmq([command, '-n', target.namesrv, ...rest], stdin)
      assert.deepEqual([run.stderr, run.exitCode], ['', 0])
      return run.stdout
    }

    async function theirs([command, ...rest]: readonly string[]): Promise<string> {
      return (await mqadmin([command!, '-n', target.namesrv, ...rest])).stdout
    }

    async function items(...args: string[]): Promise<Item[]> {
      const lines = (await ours(['consumeMessage', ...args, '-o', 'ndjson'])).trimEnd().split('\n')
      return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Item)
    }

    before(async () => {
      target = await start()
    })

    it('updateTopic prints what mqadmin prints, twice', async () => {
      const args = ['updateTopic', '-c', 'DefaultCluster', '-t', topic, '-r', '2', '-w', '2']
      const printed = await ours(args)
      assert.match(
        printed,
        new RegExp(`^create topic to ${target.broker} success\\.\nTopicConfig \\[topicName=`),
      )
      assert.equal(await theirs(args), printed)
    })

    it('sendMessage: one with key and tag, lines, NDJSON, CSV, a body with every byte', async () => {
      const one = await ours([
        'sendMessage',
        '-t',
        topic,
        '-p',
        'grün',
        '-k',
        'k1 k2',
        '-c',
        'A',
        '-b',
        'broker-a',
        '-i',
        '1',
      ])
      assert.match(
        one,
        /^#Broker Name {22}#QID {2}#Send Result {12}#MsgId\nbroker-a {26}1 {5}SEND_OK {17}[0-9A-F]{32}\n$/,
      )
      await ours(['sendMessage', '-t', topic, '--lines'], 'line 1\nline 2\n')
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('base64')
      await ours(
        ['sendMessage', '-t', topic, '--ndjson'],
        `{"bodyBase64":"${bytes}","properties":{"colour":"grün"}}\n`,
      )
      await ours(
        ['sendMessage', '-t', topic, '--csv', '--key', 'iata', '--tag', 'state'],
        'iata,state\nAAA,AK\nBBB,TX\n',
      )

      const consumed = await items('-t', topic)
      const bodies = consumed.map((item) => item.body ?? `base64 ${item.bodyBase64}`).sort()
      assert.deepEqual(
        bodies,
        [
          '{"iata":"AAA","state":"AK"}',
          '{"iata":"BBB","state":"TX"}',
          `base64 ${bytes}`,
          'grün',
          'line 1',
          'line 2',
        ].sort(),
      )
      const grün = consumed.find((item) => item.body === 'grün')!
      assert.deepEqual([grün.queueId, grün.tag, grün.keys], [1, 'A', ['k1', 'k2']])
      const row = consumed.find((item) => item.keys[0] === 'BBB')!
      assert.equal(row.tag, 'TX')
      assert.equal(consumed.find((item) => item.bodyBase64 === bytes)!.properties['colour'], 'grün')
    })

    it('consumeMessage prints the lines mqadmin prints, in all and of a queue from an offset', async () => {
      for (const args of [
        ['consumeMessage', '-t', topic],
        ['consumeMessage', '-t', topic, '-b', 'broker-a', '-i', '1', '-o', '1'],
      ]) {
        assert.deepEqual(lineSet(await ours(args)), lineSet(await theirs(args)))
      }
    })

    it('topicRoute, topicList, clusterList print what mqadmin prints', async () => {
      const commands = [
        ['topicRoute', '-t', topic],
        ['topicRoute', '-t', topic, '-l'],
        ['clusterList', '-m'],
      ]
      for (const args of commands) assert.equal(await ours(args), await theirs(args), args.join(' '))
      // mqadmin reads the names into a hash set.
      for (const args of [['topicList'], ['topicList', '-c']]) {
        assert.deepEqual(lineSet(await ours(args)), lineSet(await theirs(args)), args.join(' '))
      }
      const clusterList = ['clusterList']
      assert.equal(withoutRates(await ours(clusterList)), withoutRates(await theirs(clusterList)))
    })

    it('queryMsgById prints what mqadmin prints, by either id', async () => {
      const { offsetMsgId, msgId } = (await items('-t', topic)).find((item) => item.body === 'grün')!
      for (const id of [offsetMsgId, msgId]) {
        const args = ['queryMsgById', '-t', topic, '-i', id]
        assert.deepEqual(withSortedProperties(await ours(args)), withSortedProperties(await theirs(args)))
      }
    })

    it('what consumeMessage -o ndjson prints can be sent again', async () => {
      const copy = 'CommandsCopyT'
      await ours(
        ['sendMessage', '-t', copy, '--ndjson'],
        await ours(['consumeMessage', '-t', topic, '-o', 'ndjson']),
      )
      const content = (item: Item) =>
        JSON.stringify([item.body, item.bodyBase64, item.tag, item.keys, item.properties['colour']])
      assert.deepEqual(
        (await items('-t', copy)).map(content).sort(),
        (await items('-t', topic)).map(content).sort(),
      )
    })

    it('failures: one line, a hint, the exit status; one object under --json', async () => {
      const failures: [string[], number, string][] = [
        [['topicRoute', '-t', 'NoSuchT'], 4, 'MQ_TOPIC_NOT_EXIST'],
        [['consumeMessage', '-t', 'NoSuchT'], 4, 'MQ_TOPIC_NOT_EXIST'],
        [['queryMsgById', '-t', topic, '-i', '0102'], 4, 'MQ_MESSAGE_NOT_FOUND'],
        [['sendMessage', '-t', topic, '-p', 'x', '-b', 'broker-a', '-i', '77'], 2, 'MQ_INVALID_PARAMETER'],
        [['updateTopic', '-t', 'bad topic', '-c', 'DefaultCluster'], 2, 'MQ_INVALID_PARAMETER'],
        [['updateTopic', '-t', topic, '-c', 'NoSuchCluster'], 4, 'MQ_CLUSTER_NOT_EXIST'],
        [['sendMessage', '-t', topic, '-p', 'x', '-b', 'broker-x', '-i', '0'], 4, 'MQ_BROKER_NOT_EXIST'],
      ]
      for (const [[command, ...rest], exitCode, code] of failures) {
        const args = [command!, '-n', target.namesrv, ...rest]
        const text = await pocketmq(args)
        assert.equal(text.exitCode, exitCode, args.join(' '))
        assert.match(text.stderr, /^error: .+\nhint: .+\n$/)
        const json = await pocketmq([...args, '--json'])
        const { error } = JSON.parse(json.stderr) as { error: Record<string, unknown> }
        assert.deepEqual([json.exitCode, json.stdout, error['code']], [exitCode, '', code], args.join(' '))
      }
    })

    it('is asked by Java and answers with reply, and asks with request what Java answers', async () => {
      const driver = new JavaDriver(target.namesrv, 'json')
      const namesrv = ['-n', target.namesrv]
      const [asked, answered] = ['AskedByJava', 'AnsweredByJava']
      for (const topic of [asked, answered])
        await pocketmq(['updateTopic', ...namesrv, '-t', topic, '-c', 'DefaultCluster', '-r', '2', '-w', '2'])
      const reply = ['reply', ...namesrv, '-t', asked, '-g', `${asked}-group`, '--exec', 'tr a-z A-Z']
      const [replied, answers] = await Promise.all([
        pocketmq([...reply, '-c', '2', '--timeout', '60s', '-o', 'template={outcome}\\n']),
        driver.ask(asked, [{ body: 'one' }, { bodyBase64: Buffer.alloc(20_000, 'x').toString('base64') }]),
      ])
      assert.deepEqual(answers, ['ONE', 'X'.repeat(20_000)])
      assert.deepEqual([replied.stderr, replied.stdout], ['', 'answered\nanswered\n'])

      const long = 'y'.repeat(20_000)
      const request = ['request', ...namesrv, '-t', answered, '--timeout', '60s', '-p']
      const [, short, compressed] = await Promise.all([
        driver.answer(answered, 2),
        pocketmq([...request, 'two']),
        pocketmq([...request, '-'], long),
      ])
      assert.deepEqual([short.stderr, short.stdout], ['', '[two]\n'])
      assert.deepEqual([compressed.stderr, compressed.stdout], ['', `[${long}]\n`])
    })
  })
}

/** mqadmin goes through queues and topics in a hash set's order. */
function lineSet(text: string): string[] {
  return text.split('\n').map(sortedProperties).sort()
}

/** Java prints a hash map's order, and two properties that its pull consumer adds to what is stored. */
function sortedProperties(line: string): string {
  return line.replace(/(properties=|Properties: +)\{([^}]*)\}/, (_, label: string, list: string) => {
    const stored = list.split(', ').filter((property) => !/^(MIN|MAX)_OFFSET=/.test(property))
    return `${label}{${stored.sort().join(', ')}}`
  })
}

function withSortedProperties(text: string): string[] {
  return text.trimEnd().split('\n').map(sortedProperties)
}

/** The rates and times of a broker that something is asked of change from call to call. */
function withoutRates(text: string): string {
  // how far the timer is behind changes between two calls as well
  return text
    .replace(/\d+\.\d+/g, '<n>')
    .replace(/\d+-\d+\(/, '<n>-<n>(')
    .replace(/ +/g, ' ')
}

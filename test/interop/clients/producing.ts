import assert from 'node:assert/strict'
import type { Feature } from './features.ts'
import type { ReceivedRow } from './client-process.ts'
import { eventually, type World } from './world.ts'

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i))
export const sorted = (texts: readonly string[]): string[] => [...texts].sort()
const traceTopic = 'RMQ_SYS_TRACE_TOPIC'

export const producing: readonly Feature[] = [
  {
    name: 'send, sync: body, tag, keys and properties arrive',
    async run(world) {
      const { topic } = world
      const producer = await world.producer()
      // to a topic that this makes
      const sent = await producer.send([
        { topic, body: 'grün', tag: 'A', keys: ['k1', 'k2'], properties: { colour: 'grün' } },
        { topic, body: 'plain' },
      ])
      assert.deepEqual(
        sent.map(({ sendStatus, brokerName }) => [sendStatus, brokerName]),
        Array(2).fill(['SEND_OK', 'broker-a']),
      )
      const consumer = await world.consumer()
      const [first] = ordered(await consumer.receives(2), ['grün', 'plain'])
      assert.deepEqual([first!.tag, first!.keys, first!.properties['colour']], ['A', ['k1', 'k2'], 'grün'])
      assert.deepEqual([first!.msgId, first!.topic], [sent[0]!.msgId, topic])
      assert.deepEqual([first!.queueId, first!.queueOffset], [sent[0]!.queueId, sent[0]!.queueOffset])
    },
  },
  { name: 'send, async', run: (world) => sends(world, 'sendAsync') },
  { name: 'send, one-way', run: (world) => sends(world, 'sendOneWay') },
  {
    name: 'send a batch',
    async run(world) {
      const { topic } = world
      const producer = await world.producer()
      await world.makeTopic()
      const sent = await producer.sendBatch(
        numbers(5).map((body) => ({ topic, body, tag: 'B', keys: [`k${body}`] })),
      )
      const consumer = await world.consumer()
      const rows = ordered(await consumer.receives(5), numbers(5))
      const ids = rows.map(({ msgId }) => msgId)
      // the Go client gives the messages of a batch no ids of its own
      if (sent.msgId === '') assert.equal(new Set(ids).size, 5)
      else assert.deepEqual(ids, sent.msgId.split(','))
      assert.equal(new Set(rows.map(({ queueId }) => queueId)).size, 1)
      assert.deepEqual(
        rows.map(({ queueOffset }) => queueOffset - sent.queueOffset),
        [0, 1, 2, 3, 4],
      )
      assert.deepEqual([rows[2]!.tag, rows[2]!.keys], ['B', ['k2']])
    },
  },
  {
    name: 'send in order, the queue chosen by a selector',
    async run(world) {
      const { topic } = world
      await world.makeTopic()
      const producer = await world.producer()
      const bodies = ['a', 'b', 'c', 'd'].flatMap((key) => numbers(5).map((n) => `${key}${n}`))
      const interleaved = sorted(bodies.map((body) => body[1]! + body[0]!)).map((text) => text[1]! + text[0]!)
      await producer.sendOrdered(interleaved.map((body) => ({ topic, body, shardingKey: body[0]! })))
      const consumer = await world.consumer({ kind: 'orderly' })
      const rows = await consumer.receives(20)
      for (const key of ['a', 'b', 'c', 'd']) {
        const mine = rows.filter(({ body }) => body.startsWith(key))
        assert.deepEqual(
          mine.map(({ body }) => body),
          numbers(5).map((n) => key + n),
        )
        assert.equal(new Set(mine.map(({ queueId }) => queueId)).size, 1)
      }
    },
  },
  {
    name: 'compression of large bodies',
    async run(world) {
      const { topic } = world
      const producer = await world.producer({ compressOver: 1000 })
      const body = 'compressible '.repeat(1000)
      const [sent] = await producer.send([{ topic, body }])
      const consumer = await world.consumer()
      const [row] = await consumer.receives(1)
      assert.equal(row!.body, body)
      const stored = await eventually(
        () => world.cluster.admin.messages.byUniqueKey(topic, sent!.msgId),
        () => true,
      )
      assert.ok(stored[0]!.storeSize < 1000, `${stored[0]!.storeSize} bytes`)
    },
  },
  {
    name: 'delayed by level',
    async run(world) {
      const { topic } = world
      await world.makeTopic()
      const producer = await world.producer()
      const sentAt = Date.now()
      const [sent] = await producer.send([{ topic, body: 'later', tag: 'A', delayLevel: 2 }])
      const consumer = await world.consumer()
      const [row] = await consumer.receives(1)
      assert.deepEqual([row!.body, row!.tag, row!.msgId], ['later', 'A', sent!.msgId])
      assert.ok(row!.storeTimestamp - sentAt >= 1900, `${row!.storeTimestamp - sentAt} ms`)
    },
  },
  {
    name: 'delayed to an exact time',
    note: 'Java 4.9.8 and Go have no method for it: the property `TIMER_DELIVER_MS` does it',
    async run(world) {
      const { topic } = world
      await world.makeTopic()
      const producer = await world.producer()
      const deliverAt = Math.ceil(Date.now() / 1000) * 1000 + 3000
      const [sent] = await producer.send([{ topic, body: 'on time', deliverAt }])
      const consumer = await world.consumer()
      const [row] = await consumer.receives(1)
      assert.deepEqual([row!.body, row!.msgId], ['on time', sent!.msgId])
      assert.ok(row!.storeTimestamp >= deliverAt - 1000, `${row!.storeTimestamp - deliverAt} ms`)
    },
  },
  {
    name: 'recall of a delayed message',
    async run(world) {
      const { topic } = world
      await world.makeTopic()
      const producer = await world.producer()
      const deliverAt = Date.now() + 8000
      const [kept, recalled] = await producer.send([
        { topic, body: 'kept', deliverAt },
        { topic, body: 'recalled', deliverAt },
      ])
      assert.equal(await producer.recall(topic, recalled!.recallHandle), recalled!.msgId)
      await assert.rejects(producer.recall(topic, 'bm9uc2Vuc2U='), /recall handle is invalid/)
      const consumer = await world.consumer()
      assert.equal((await consumer.receives(1))[0]!.msgId, kept!.msgId)
      // in the same slot of the wheel: it would be here before this one
      await producer.send([{ topic, body: 'end', deliverAt: deliverAt + 1000 }])
      await consumer.receives(2)
      assert.deepEqual(consumer.bodies, ['kept', 'end'])
    },
  },
  {
    name: 'transactions: committed ones arrive, rolled back ones never',
    async run(world) {
      const { topic } = world
      await world.makeTopic()
      const producer = await world.producer({ checked: 'rollback' })
      await producer.sendTransaction('rollback', [{ topic, body: 'never' }])
      const [sent] = await producer.sendTransaction('commit', [
        { topic, body: 'said', tag: 'A', keys: ['k'] },
      ])
      const consumer = await world.consumer()
      const [row] = await consumer.receives(1)
      assert.deepEqual([row!.body, row!.tag, row!.keys, row!.msgId], ['said', 'A', ['k'], sent!.msgId])
      assert.equal(consumer.received.length, 1)
    },
  },
  {
    name: 'transactions: another producer of the group is asked when the sender is gone',
    async run(world) {
      const { topic } = world
      await world.makeTopic()
      const sender = await world.producer({ instance: 'sender', checked: 'unknown' })
      const [sent] = await sender.sendTransaction('unknown', [{ topic, body: 'asked' }])
      await sender.stop()
      const heir = await world.producer({ instance: 'heir', checked: 'commit' })
      // one that never sent knows no broker, and none knows it
      await heir.sendTransaction('commit', [{ topic, body: 'own' }])
      const consumer = await world.consumer()
      // a busy RocketMQ asks again before it has the answer, and stores what is committed twice, twice
      const bodies = await eventually(
        () => new Set(consumer.bodies),
        ({ size }) => size === 2,
      )
      assert.deepEqual([...bodies].sort(), ['asked', 'own'])
      assert.deepEqual(
        [...new Set(heir.checks.map(({ body, properties }) => `${body} ${properties['UNIQ_KEY']}`))],
        [`asked ${sent!.msgId}`],
      )
      assert.equal(sender.checks.length, 0)
    },
  },
  {
    name: 'request and reply',
    note: 'a Go producer gets replies from its second heartbeat on, up to 30 s after its start, as with RocketMQ',
    async run(world) {
      const { topic, cluster } = world
      await world.makeTopic()
      const replier = await world.process.producer('replier', {
        namesrv: cluster.namesrv,
        group: 'repliers',
        instance: 'replier',
      })
      await world.consumer({ instance: 'replier', answersWith: 'replier' })
      const asker = await world.producer()
      await asker.send([{ topic: `${topic}-first`, body: 'its heartbeats go to the brokers that it knows' }])
      await eventually(
        () => cluster.admin.groups.producers(`${topic}-producers`, topic),
        (producers) => producers.length > 0,
      )
      assert.deepEqual(await asker.request(['one', 'two'].map((body) => ({ topic, body }))), [
        '[one]',
        '[two]',
      ])
      await replier.stop()
    },
  },
  {
    name: 'message trace, of producer and consumer',
    note: 'the Go client traces once the topic `RMQ_SYS_TRACE_TOPIC` is there: the first message to it makes it',
    async run(world) {
      const { topic } = world
      await world.makeTopic()
      const untraced = await world.producer({ instance: 'untraced' })
      await untraced.send([{ topic: traceTopic, body: 'first' }])
      const producer = await world.producer({ trace: true })
      const consumer = await world.consumer({ trace: true, instance: 'traced' })
      const [sent] = await producer.send([{ topic, body: 'traced', keys: ['k'] }])
      await consumer.receives(1)
      const kinds = ['Pub', 'SubBefore', 'SubAfter']
      await eventually(
        async () => {
          const found = await world.cluster.admin.messages.byKey(traceTopic, sent!.msgId)
          return found.map(({ body }) => body.toString()).join('\n')
        },
        (text) => kinds.every((kind) => text.includes(`${kind}\u0001`)),
      )
    },
  },
  {
    name: 'namespace: the same names apart from each other',
    async run(world) {
      const { topic } = world
      const namespaces = ['NS1', 'NS2']
      for (const namespace of namespaces) await world.makeTopic(2, `${namespace}%${topic}`)
      for (const namespace of namespaces) {
        const options = { namespace, instance: namespace }
        const producer = await world.producer(options)
        await producer.send([{ topic, body: namespace }])
        const consumer = await world.consumer(options)
        const [row] = await consumer.receives(1)
        assert.deepEqual(consumer.bodies, [namespace])
        assert.match(row!.topic, new RegExp(`^(${namespace}%)?${topic}$`))
        const members = await world.cluster.admin.groups.members(`${namespace}%${world.group}`)
        assert.equal(members.connections.length, 1)
      }
    },
  },
  {
    name: 'look messages up by id and by key',
    async run(world) {
      const { topic } = world
      const producer = await world.producer()
      const [sent] = await producer.send([{ topic, body: 'looked for', keys: ['a-key'] }])
      const [found] = await eventually(
        () => producer.query(topic, 'a-key'),
        (rows) => rows.length > 0,
      )
      assert.deepEqual([found!.body, found!.msgId], ['looked for', sent!.msgId])
      assert.equal((await producer.view(topic, sent!.msgId)).body, 'looked for')
    },
  },
]

async function sends(world: World, how: 'sendAsync' | 'sendOneWay'): Promise<void> {
  const { topic } = world
  await world.makeTopic()
  const producer = await world.producer()
  await producer[how](numbers(50).map((body) => ({ topic, body })))
  const consumer = await world.consumer()
  ordered(await consumer.receives(50), numbers(50))
}

/** In the order of `bodies`. @throws AssertionError unless each is there once */
function ordered(rows: readonly ReceivedRow[], bodies: readonly string[]): ReceivedRow[] {
  assert.deepEqual(sorted(rows.map(({ body }) => body)), sorted(bodies))
  return bodies.map((body) => rows.find((row) => row.body === body)!)
}

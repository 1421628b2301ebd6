import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type {
  ClientConsumer,
  ClientProcess,
  ClientProducer,
  ConsumerOptions,
  ReceivedRow,
} from './client-process.ts'
import type { Feature } from './features.ts'
import { sorted } from './producing.ts'
import { eventually, type World } from './world.ts'

const queueIds = [0, 1, 2, 3]
const twenty = Array.from({ length: 20 }, (_, i) => ({ body: `m${i}`, queueId: i % 4 }))

export const consuming: readonly Feature[] = [
  {
    name: 'push, concurrently',
    async run(world) {
      await consumes(world, 'push')
    },
  },
  {
    name: 'push, in order',
    async run(world) {
      const consumer = await consumes(world, 'orderly')
      for (const queueId of queueIds) {
        const offsets = consumer.received
          .filter((row) => row.queueId === queueId)
          .map((row) => row.queueOffset)
        assert.deepEqual(offsets, [0, 1, 2, 3, 4])
      }
    },
  },
  {
    name: 'pull',
    async run(world) {
      const { topic } = world
      await world.makeTopic()
      const producer = await world.producer()
      await producer.send(twenty.map((each) => ({ topic, ...each })))
      const consumer = await world.consumer({ kind: 'pull' })
      const rows = await consumer.pullAll(world.cluster.namesrv)
      assert.deepEqual(sorted(rows.map(({ body }) => body)), sorted(twenty.map(({ body }) => body)))
    },
  },
  {
    name: 'lite pull, subscribed',
    note: 'in Go its `PullConsumer` with `Poll`',
    async run(world) {
      await consumes(world, 'lite')
    },
  },
  {
    name: 'lite pull, assigned, from an offset on',
    async run(world) {
      const { topic } = world
      await world.makeTopic()
      const producer = await world.producer()
      await producer.send(twenty.map((each) => ({ topic, ...each })))
      const consumer = await world.consumer({ kind: 'assign', seekTo: 3 })
      const offsetsOf = (queueId: number): string =>
        consumer.received
          .filter((row) => row.queueId === queueId)
          .map(({ queueOffset }) => queueOffset)
          .join()
      // it pulls as soon as a queue is assigned: what it has before it is told where to begin, it hands out
      const fromThree = /^(0,1,2,3,4,)?3,4$/
      const offsets = await eventually(
        () => queueIds.map(offsetsOf),
        (all) => all.every((each) => fromThree.test(each)),
      )
      assert.ok(offsets.includes('3,4'), offsets.join(' '))
    },
  },
  {
    name: 'POP, the queues shared out by the broker',
    async run(world) {
      const { topic, group, cluster } = world
      await world.makeTopic()
      await cluster.admin.groups.setMode(topic, group, 'POP', 8, { clusterName: 'DefaultCluster' })
      const first = await world.consumer({ kind: 'pop', instance: 'pop-1' })
      const second = await world.consumer({ kind: 'pop', instance: 'pop-2' })
      const producer = await world.producer()
      for (let sent = 0; first.received.length === 0 || second.received.length === 0; sent++) {
        assert.ok(sent < 100, 'one of two gets nothing')
        await producer.send(twenty.map(({ queueId }, i) => ({ topic, queueId, body: `${sent}-${i}` })))
        await delay(200)
      }
      const progress = await eventually(
        () => cluster.admin.groups.progress(group, topic),
        ({ offsets }) => offsets.every((row) => row.brokerOffset === row.consumerOffset),
      )
      const sent = progress.offsets.reduce((sum, row) => sum + row.brokerOffset, 0)
      assert.equal(new Set([...first.bodies, ...second.bodies]).size, sent)
    },
  },
  {
    name: 'filter by tag',
    async run(world) {
      const got = await filtered(world, { expression: 'A || B' })
      assert.deepEqual(got, ['A1', 'A3', 'B1', 'B3', 'end'])
    },
  },
  {
    name: 'filter by SQL92',
    async run(world) {
      const got = await filtered(world, { sql: "n > 1 AND TAGS IN ('A', 'C') OR last IS NOT NULL" })
      assert.deepEqual(got, ['A3', 'C3', 'end'])
    },
  },
  {
    name: 'from the first, the last, or a time on',
    note: 'asked of a topic that no longer holds all it ever did: of others a new group gets everything, as from RocketMQ',
    async run(world) {
      const { topic, elsewhere } = world
      const options = { namesrv: elsewhere.namesrv, instance: 'from' }
      await world.makeTopic(1, topic, elsewhere)
      await elsewhere.age(topic, 1)
      const producer = await world.producer(options)
      await producer.send([{ topic, body: 'old' }])
      await delay(2100) // times are told in seconds
      const fromTime = localTime(Date.now() - 1000)
      await producer.send([{ topic, body: 'recent' }])
      const from = async (word: 'first' | 'last' | 'time'): Promise<ClientConsumer> =>
        world.consumer({ ...options, group: `${world.group}-${word}`, from: word, fromTime })
      const [first, last, time] = [await from('first'), await from('last'), await from('time')]
      await first.receives(2)
      await time.receives(1)
      await hasStarted(world, `${world.group}-last`)
      await producer.send([{ topic, body: 'new' }])
      for (const consumer of [first, last, time])
        await eventually(
          () => consumer.bodies,
          (bodies) => bodies.includes('new'),
        )
      // a client's threads may bring two messages in another order
      assert.deepEqual(sorted(first.bodies), ['new', 'old', 'recent'])
      assert.deepEqual(sorted(time.bodies), ['new', 'recent'])
      assert.deepEqual(last.bodies, ['new'])
    },
  },
  {
    name: 'retry, then the dead-letter queue',
    async run(world) {
      const { topic, group } = world
      await world.makeTopic()
      const producer = await world.producer()
      const [sent] = await producer.send([{ topic, body: 'poison', tag: 'A', keys: ['k'] }])
      const consumer = await world.consumer({ failures: -1, retries: 2, pollNamesrvMs: 1000 })
      const rows = await consumer.receives(3)
      assert.deepEqual(
        rows.map(({ reconsumeTimes, body, topic: from, msgId }) => [reconsumeTimes, body, from, msgId]),
        [0, 1, 2].map((times) => [times, 'poison', topic, sent!.msgId]),
      )
      const dead = await deadLetters(world, `%DLQ%${group}`)
      assert.deepEqual(
        dead.map(({ body, tag, keys }) => [body.toString(), tag, keys]),
        [['poison', 'A', ['k']]],
      )
    },
  },
  {
    name: 'suspend in order: one that fails comes again before those behind it',
    async run(world) {
      const { topic } = world
      await world.makeTopic(1)
      const producer = await world.producer()
      await producer.send(['first', 'second', 'third'].map((body) => ({ topic, body })))
      const consumer = await world.consumer({ kind: 'orderly', failures: 2 })
      await consumer.receives(5)
      assert.deepEqual(consumer.bodies, ['first', 'first', 'first', 'second', 'third'])
    },
  },
  {
    name: 'offsets over restarts of the consumer',
    async run(world) {
      const { topic } = world
      await world.makeTopic()
      const producer = await world.producer()
      const first = await world.consumer({ instance: 'before' })
      await producer.send(twenty.map((each) => ({ topic, ...each })))
      await first.receives(20)
      await first.stop()
      await producer.send(queueIds.map((queueId) => ({ topic, body: `away ${queueId}`, queueId })))
      const second = await world.consumer({ instance: 'after' })
      await second.receives(4)
      await producer.send(queueIds.map((queueId) => ({ topic, body: `back ${queueId}`, queueId })))
      await second.receives(8)
      const expected = ['away', 'back'].flatMap((word) => queueIds.map((id) => `${word} ${id}`))
      assert.deepEqual(sorted(second.bodies), expected)
    },
  },
  {
    name: 'clustering: each message to one instance of the group',
    async run(world) {
      const { topic } = world
      await world.makeTopic()
      const producer = await world.producer()
      const members = [await world.consumer({ instance: 'c1' }), await world.consumer({ instance: 'c2' })]
      await shares(topic, producer, members)
    },
  },
  {
    name: 'broadcasting: each message to every instance',
    async run(world) {
      const { topic } = world
      await world.makeTopic()
      const producer = await world.producer()
      const options = { broadcast: true, from: 'first' } as const
      const members = [
        await world.consumer({ ...options, instance: 'b1' }),
        await world.consumer({ ...options, instance: 'b2' }),
      ]
      await producer.send(twenty.map((each) => ({ topic, ...each })))
      for (const member of members) {
        await member.receives(20)
        assert.deepEqual(sorted(member.bodies), sorted(twenty.map(({ body }) => body)))
      }
    },
  },
  { name: 'rebalance when an instance joins, leaves or dies', run: (world) => rebalances(world, 'push') },
  {
    name: 'rebalance in order, with queue locks handed over',
    note: 'those of an instance that dies are free after 60 s, as with RocketMQ',
    run: (world) => rebalances(world, 'orderly'),
  },
  {
    name: 'two clusters from one process',
    async run(world) {
      const { topic, cluster, elsewhere } = world
      const instances = [
        { namesrv: cluster.namesrv, instance: 'one' },
        { namesrv: elsewhere.namesrv, instance: 'other' },
        { namesrv: elsewhere.namesrv, instance: 'one', unit: 'other-unit' },
      ]
      await world.makeTopic()
      await world.makeTopic(4, topic, elsewhere)
      const consumers = []
      for (const [i, options] of instances.entries())
        consumers.push(await world.consumer({ ...options, group: `${world.group}-${i}` }))
      for (const [i, options] of instances.entries()) {
        const producer = await world.producer(options)
        await producer.send([{ topic, body: String(i) }])
      }
      await consumers[0]!.receives(1)
      await consumers[1]!.receives(2)
      await consumers[2]!.receives(2)
      assert.deepEqual(
        consumers.map(({ bodies }) => sorted(bodies)),
        [['0'], ['1', '2'], ['1', '2']],
      )
    },
  },
]

async function consumes(world: World, kind: ConsumerOptions['kind']): Promise<ClientConsumer> {
  const { topic } = world
  await world.makeTopic()
  const producer = await world.producer()
  await producer.send(twenty.slice(0, 10).map((each) => ({ topic, ...each })))
  const consumer = await world.consumer({ kind })
  await consumer.receives(10)
  await producer.send(twenty.slice(10).map((each) => ({ topic, ...each })))
  await consumer.receives(20)
  assert.deepEqual(sorted(consumer.bodies), sorted(twenty.map(({ body }) => body)))
  return consumer
}

/** What comes of messages there are and messages to come, with `end` in each queue behind them. */
async function filtered(world: World, filter: Partial<ConsumerOptions>): Promise<string[]> {
  const { topic } = world
  await world.makeTopic(1)
  const producer = await world.producer()
  const send = (n: string): Promise<unknown> =>
    producer.send(['A', 'B', 'C'].map((tag) => ({ topic, body: tag + n, tag, properties: { n } })))
  await send('1')
  const consumer = await world.consumer(filter)
  await send('3')
  await producer.send([{ topic, body: 'end', tag: 'A', properties: { n: '0', last: 'x' } }])
  await eventually(
    () => consumer.bodies,
    (bodies) => bodies.includes('end'),
  )
  return sorted(consumer.bodies)
}

/** yyyyMMddHHmmss, local. */
function localTime(ms: number): string {
  const local = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000)
  return local.toISOString().replace(/\D/g, '').slice(0, 14)
}

/** Its members have found out where to begin. */
async function hasStarted(world: World, group: string): Promise<void> {
  await eventually(
    () => world.elsewhere.admin.groups.members(group),
    ({ connections }) => connections.length > 0,
  )
  await delay(2000)
}

async function deadLetters(world: World, topic: string) {
  const { messages } = world.cluster.admin
  return eventually(
    async () => {
      const [queue] = await messages.queues(topic)
      const { messages: found } = await messages.pull(queue!, 0)
      return found
    },
    (found) => found.length > 0,
  )
}

/** Sends rounds until one is shared: each queue to one member, two of them to each. */
async function shares(
  topic: string,
  producer: ClientProducer,
  members: readonly ClientConsumer[],
): Promise<void> {
  for (let round = 0; ; round++) {
    const name = `round ${Date.now()} `
    await producer.send(queueIds.map((queueId) => ({ topic, body: `${name}${queueId}`, queueId })))
    const receivedOf = (member: ClientConsumer): number[] =>
      member.received.filter(({ body }) => body.startsWith(name)).map(({ queueId }) => queueId)
    const all = (): number[] => members.flatMap(receivedOf)
    await eventually(
      () => all().length,
      (count) => count >= queueIds.length,
    )
    const shared = members.every((member) => receivedOf(member).length === queueIds.length / members.length)
    if (shared && all().length === queueIds.length) return
    assert.ok(
      round < 120,
      `after a minute: ${members.map((member) => receivedOf(member).join()).join(' | ')}`,
    )
    await delay(500)
  }
}

async function rebalances(world: World, kind: ConsumerOptions['kind']): Promise<void> {
  const { topic } = world
  await world.makeTopic()
  const producer = await world.producer()
  const member = (instance: string, inside?: ClientProcess): Promise<ClientConsumer> =>
    world.consumer({ kind, instance }, inside)
  const stays = await member('stays')
  await shares(topic, producer, [stays])
  const leaves = await member('leaves')
  await shares(topic, producer, [stays, leaves])
  await leaves.stop()
  await shares(topic, producer, [stays])
  // the locks of one that died hold for 60 s: more than every run has
  if (kind === 'orderly' && process.env['FULL'] !== '1') {
    nothingIsLost([...stays.received, ...leaves.received])
    return
  }
  const second = world.startProcess()
  const dies = await member('dies', second)
  await shares(topic, producer, [stays, dies])
  await second.kill()
  await shares(topic, producer, [stays])
  nothingIsLost([...stays.received, ...leaves.received, ...dies.received])
}

function nothingIsLost(rows: readonly ReceivedRow[]): void {
  for (const queueId of queueIds) {
    const offsets = new Set(rows.filter((row) => row.queueId === queueId).map((row) => row.queueOffset))
    assert.equal(offsets.size, Math.max(...offsets) + 1)
  }
}

/**
 * A cluster of several: a name server of RocketMQ's and one of ours, a broker of each kind at both, and a
 * client of RocketMQ's that keeps running while they come, go and grow. With FULL=1 it asks for routes every
 * 30 s and shares queues out every 20 s as RocketMQ's do by default, else every second.
 */
import assert from 'node:assert/strict'
import { MqAdmin } from '../../src/core/index.ts'
import { topicConfig } from '../core/broker/test-broker.ts'
import { count } from '../fault/tier.ts'
import { ClientProcess, type ClientConsumer, type ClientProducer } from './clients/client-process.ts'
import { eventually } from './clients/world.ts'
import { PocketmqServer } from './pocketmq.ts'
import { RealCluster } from './real-cluster.ts'

const pollNamesrvMs = count('POLL_NAMESRV_MS', 1000, 30_000)
/** Only then a consumer takes queues that its client has heard of; RebalanceService's default is 20 s. */
const rebalanceMs = count('REBALANCE_MS', 1000, 20_000)
const topic = 'Several'

describe('a cluster of several name servers and brokers', function () {
  this.timeout(120_000 + 10 * pollNamesrvMs)
  let real: RealCluster
  let namesrv: PocketmqServer
  let ours: PocketmqServer
  const client = new ClientProcess('Java 5.5.0', [`-Drocketmq.client.rebalance.waitInterval=${rebalanceMs}`])
  let producer: ClientProducer
  let consumer: ClientConsumer
  const started: PocketmqServer[] = []
  let sent = 0

  async function start(args: readonly string[], port = 0): Promise<PocketmqServer> {
    const server = await PocketmqServer.start(args, port)
    started.push(server)
    return server
  }

  const brokerAt = (name: string, namesrvs: string): Promise<PocketmqServer> =>
    start(['--role', 'broker', '--broker-name', name, '--namesrv', namesrvs])

  async function asking<T>(address: string, ask: (admin: MqAdmin) => Promise<T>): Promise<T> {
    const admin = await MqAdmin.connect({ namesrv: address })
    try {
      return await ask(admin)
    } finally {
      await admin.close()
    }
  }

  /** What one name server by itself knows. */
  const brokersAt = (address: string): Promise<string[]> =>
    asking(address, async (admin) => {
      const list = await admin.cluster.list().catch(() => [])
      return list.map(({ brokerName }) => brokerName).sort()
    })

  const resize = (brokerAddr: string, queues: number): Promise<unknown> =>
    asking(real.namesrv, (admin) =>
      admin.topics.update(topicConfig(topic, { readQueueNums: queues, writeQueueNums: queues }), {
        brokerAddr,
      }),
    )

  /** Sends messages and waits until they are consumed. @returns where they were stored: `broker queue` */
  async function goesRound(): Promise<Set<string>> {
    const bodies = Array.from({ length: 48 }, () => `m${sent++}`)
    const rows = await producer.send(bodies.map((body) => ({ topic, body })))
    for (const { sendStatus } of rows) assert.equal(sendStatus, 'SEND_OK')
    await eventually(
      () => bodies.filter((body) => !consumer.bodies.includes(body)),
      (missing) => missing.length === 0,
    )
    return new Set(rows.map(({ brokerName, queueId }) => `${brokerName} ${queueId}`))
  }

  before(async () => {
    namesrv = await start(['--role', 'namesrv'])
    // as often as it can be asked to
    const brokerConf = { brokerName: 'broker-r', registerNameServerPeriod: 10_000 }
    real = await RealCluster.start({ alsoAt: namesrv.namesrv, brokerConf })
    ours = await brokerAt('broker-p', `${real.namesrv};${namesrv.namesrv}`)
    // A broker of RocketMQ's registers first where it is connected already, a period later everywhere
    // (NettyRemotingClient.getAvailableNameSrvList).
    await eventually(
      () => brokersAt(namesrv.namesrv),
      ({ length }) => length === 2,
    )
    await resize(real.broker, 2)
    await resize(ours.broker, 2)
    const options = { namesrv: `${real.namesrv};${namesrv.namesrv}`, instance: 'several', pollNamesrvMs }
    producer = await client.producer('producer', { ...options, group: 'SeveralP' })
    consumer = await client.consumer('consumer', { ...options, group: 'SeveralG', topic, kind: 'push' })
  })
  after(async () => {
    await client.kill()
    for (const server of started.reverse()) await server.stop()
    await real.stop()
  })

  it('is known to each name server by itself', async () => {
    for (const address of [real.namesrv, namesrv.namesrv])
      assert.deepEqual(await brokersAt(address), ['broker-p', 'broker-r'])
    const used = await goesRound()
    assert.deepEqual([...used].sort(), ['broker-p 0', 'broker-p 1', 'broker-r 0', 'broker-r 1'])
  })

  it('has clients use queues that are added to either broker', async () => {
    await resize(real.broker, 4)
    await resize(ours.broker, 4)
    const changed = performance.now()
    const used = await eventually(goesRound, (places) => places.size === 8)
    const ms = performance.now() - changed
    assert.ok(used.has('broker-p 3') && used.has('broker-r 3'))
    console.log(`      sent to and consumed from after ${ms.toFixed(0)} ms`)
    assert.ok(ms < pollNamesrvMs + rebalanceMs + 10_000, `${ms} ms`)
  })

  it('has clients use a broker that joins, and goes on without it', async () => {
    const joins = await brokerAt('broker-q', `${real.namesrv};${namesrv.namesrv}`)
    await resize(joins.broker, 2)
    const changed = performance.now()
    await eventually(goesRound, (places) => places.has('broker-q 1'))
    const ms = performance.now() - changed
    console.log(`      sent to and consumed from after ${ms.toFixed(0)} ms`)
    assert.ok(ms < pollNamesrvMs + rebalanceMs + 10_000, `${ms} ms`)
    await joins.stop()
    for (const address of [real.namesrv, namesrv.namesrv])
      assert.deepEqual(await brokersAt(address), ['broker-p', 'broker-r'])
    // what a producer sends meanwhile goes to the others
    assert.deepEqual(
      [...(await goesRound())].filter((place) => place.startsWith('broker-q')),
      [],
    )
  })

  it('is whole again at a name server that was started anew: it keeps nothing, and brokers tell it', async () => {
    await namesrv.stop()
    await goesRound()
    assert.deepEqual(await brokersAt(real.namesrv), ['broker-p', 'broker-r'])
    namesrv = await start(['--role', 'namesrv'], Number(namesrv.namesrv.split(':')[1]))
    await eventually(
      () => brokersAt(namesrv.namesrv),
      (brokers) => brokers.join() === 'broker-p,broker-r',
    )
  })

  it('serves the clients that run when all name servers are gone', async () => {
    await namesrv.stop()
    await real.killNamesrv()
    const until = performance.now() + Math.max(3000, 2 * pollNamesrvMs)
    const used = new Set<string>()
    while (performance.now() < until) for (const place of await goesRound()) used.add(place)
    assert.equal(used.size, 8)
  })
})

/**
 * A consumer of RocketMQ's uses queues that are added while it runs as soon as it has heard of them, though
 * it shares queues out for itself only every ten minutes here. With FULL=1 it asks for routes and sends
 * heartbeats every 30 s, as it does by default, else every second.
 */
import assert from 'node:assert/strict'
import { MqAdmin, Producer } from '../../src/core/index.ts'
import { topicConfig } from '../core/broker/test-broker.ts'
import { count } from '../fault/tier.ts'
import { ClientProcess } from './clients/client-process.ts'
import { PocketmqServer } from './pocketmq.ts'

const pollNamesrvMs = count('POLL_NAMESRV_MS', 1000, 30_000)
const neverByItself = '-Drocketmq.client.rebalance.waitInterval=600000'
const topic = 'Grows'

describe('queues that are added while a consumer runs', function () {
  this.timeout(60_000 + 2 * pollNamesrvMs)
  const client = new ClientProcess('Java 5.5.0', [neverByItself])
  const started: PocketmqServer[] = []

  after(async () => {
    await client.kill()
    for (const server of started.reverse()) await server.stop()
  })

  async function start(...args: string[]): Promise<PocketmqServer> {
    const server = await PocketmqServer.start(args)
    started.push(server)
    return server
  }

  async function resize(namesrv: string, brokerAddr: string, queues: number): Promise<void> {
    const admin = await MqAdmin.connect({ namesrv })
    const config = topicConfig(topic, { readQueueNums: queues, writeQueueNums: queues })
    await admin.topics.update(config, { brokerAddr })
    await admin.close()
  }

  async function send(namesrv: string, queueId: number): Promise<void> {
    const producer = new Producer({ namesrv })
    await producer.send({ topic, body: `to ${queueId}` }, { brokerName: 'broker-a', queueId })
    await producer.close()
  }

  const layouts: Readonly<Record<string, () => Promise<{ namesrv: string; broker: string }>>> = {
    'name server and broker in one': () => start(),
    'a broker with a name server elsewhere': async () => {
      const { namesrv } = await start('--role', 'namesrv')
      const { namesrv: broker } = await start('--role', 'broker', '--namesrv', namesrv)
      return { namesrv, broker }
    },
  }
  for (const [layout, startAll] of Object.entries(layouts)) {
    for (const broadcast of [false, true]) {
      it(`${layout}, ${broadcast ? 'broadcasting' : 'clustering'}`, async () => {
        const { namesrv, broker } = await startAll()
        await resize(namesrv, broker, 2)
        const name = `${layout} ${broadcast}`
        const options = { namesrv, instance: name, group: 'g', topic, kind: 'push', pollNamesrvMs, broadcast }
        const consumer = await client.consumer(name, { ...options, kind: 'push' })
        await send(namesrv, 0)
        await consumer.receives(1)
        await resize(namesrv, broker, 4)
        const changed = performance.now()
        await send(namesrv, 3)
        await consumer.receives(2)
        const ms = performance.now() - changed
        console.log(`      consumed from after ${ms.toFixed(0)} ms`)
        assert.deepEqual(consumer.bodies, ['to 0', 'to 3'])
        assert.ok(ms < pollNamesrvMs + 8000, `${ms} ms`)
        await consumer.stop()
      })
    }
  }
})

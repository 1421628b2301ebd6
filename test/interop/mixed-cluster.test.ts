import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { Consumer, MqAdmin, Producer } from '../../src/core/index.ts'
import { JavaDriver } from './java-driver.ts'
import { mqadmin } from './mqadmin.ts'
import { PocketmqServer } from './pocketmq.ts'
import { RealCluster } from './real-cluster.ts'

/** One cluster of a broker of RocketMQ's, broker-r, and one of ours, broker-p, at a name server. */
interface Mixed {
  readonly namesrv: string
  readonly real: RealCluster
  readonly ours: PocketmqServer
  stop(): Promise<void>
}

const realBroker = { brokerConf: { brokerName: 'broker-r', enabledAppendPropCRC: 'true' } }
const ourBroker = (namesrv: string): string[] => [
  '--role',
  'broker',
  '--broker-name',
  'broker-p',
  '--namesrv',
  namesrv,
]

async function atTheirs(): Promise<Mixed> {
  const real = await RealCluster.start(realBroker)
  const ours = await PocketmqServer.start(ourBroker(real.namesrv))
  const stop = async (): Promise<void> => {
    await ours.stop()
    await real.stop()
  }
  return { namesrv: real.namesrv, real, ours, stop }
}

async function atOurs(): Promise<Mixed> {
  const { namesrv, stop: stopNamesrv } = await startNamesrv()
  const real = await RealCluster.start({ ...realBroker, namesrv })
  const ours = await PocketmqServer.start(ourBroker(namesrv))
  const stop = async (): Promise<void> => {
    await ours.stop()
    await real.stop()
    await stopNamesrv()
  }
  return { namesrv, real, ours, stop }
}

async function startNamesrv(): Promise<{ namesrv: string; stop: () => Promise<void> }> {
  const server = await PocketmqServer.start(['--role', 'namesrv'])
  return { namesrv: server.namesrv, stop: () => server.stop() }
}

for (const [where, start] of Object.entries({ "RocketMQ's": atTheirs, ours: atOurs })) {
  describe(`brokers of both kinds at a name server of ${where}`, () => {
    const topic = 'Mixed'
    let mixed: Mixed

    before(async () => {
      mixed = await start()
    })
    after(() => mixed.stop())

    it('are one cluster to mqadmin 5.5.0, which makes a topic on both', async () => {
      const { namesrv, real, ours } = mixed
      const list = await mqadmin(['clusterList', '-n', namesrv])
      assert.equal(list.stderr, '')
      assert.match(list.stdout, new RegExp(`DefaultCluster +broker-r +0 +${real.broker}`))
      assert.match(list.stdout, new RegExp(`DefaultCluster +broker-p +0 +${ours.broker}`))
      const update = ['updateTopic', '-n', namesrv, '-c', 'DefaultCluster', '-t', topic, '-r', '2', '-w', '2']
      assert.equal((await mqadmin(update)).stderr, '')
      const route = await mqadmin(['topicRoute', '-n', namesrv, '-t', topic])
      for (const name of ['broker-r', 'broker-p'])
        assert.match(route.stdout, new RegExp(`"brokerName":"${name}"`))
    })

    it('share what the Java client sends, and give it all back', async () => {
      const driver = new JavaDriver(mixed.namesrv, 'json')
      const messages = Array.from({ length: 16 }, (_, i) => ({ body: `m${i}` }))
      const sent = await driver.send(topic, messages)
      assert.deepEqual([...new Set(sent.map((row) => row.brokerName))].sort(), ['broker-p', 'broker-r'])
      const pulled = await driver.pull(topic)
      const bodies = pulled.map((row) => Buffer.from(row.bodyBase64, 'base64').toString())
      assert.deepEqual(bodies.sort(), messages.map(({ body }) => body).sort())
    })

    it('serve our producer and consumer beside each other', async () => {
      const { namesrv } = mixed
      const producer = new Producer({ namesrv })
      const got = new Set<string>()
      const options = { namesrv, group: 'MixedG', topic, from: 'first' as const }
      const consumer = new Consumer(
        options,
        (message) => void got.add(`${message.brokerName} ${message.body.toString()}`),
      )
      await consumer.start()
      const sent = new Set<string>()
      for (let i = 0; i < 16; i++) {
        const { brokerName } = await producer.send({ topic, body: `n${i}` })
        sent.add(`${brokerName} n${i}`)
      }
      const all = (): boolean => [...sent].every((each) => got.has(each))
      for (let i = 0; i < 400 && !all(); i++) await delay(50)
      await consumer.close()
      await producer.close()
      assert.ok(all(), `${got.size} messages came`)
      assert.equal(new Set([...sent].map((each) => each.split(' ')[0])).size, 2)
    })

    it('are known with a topic as soon as a send has made it', async () => {
      const producer = new Producer({ namesrv: mixed.namesrv })
      const queue = { brokerName: 'broker-p' }
      await producer.send({ topic: 'MadeBySend', body: 'x' }, queue)
      await producer.close()
      const admin = await MqAdmin.connect({ namesrv: mixed.namesrv })
      let names: readonly string[] = []
      for (let i = 0; i < 100 && !names.includes('MadeBySend'); i++) {
        names = await admin.topics.list()
        await delay(50)
      }
      assert.ok(names.includes('MadeBySend'))
      await admin.close()
    })

    it('go at once when they end, and one that is killed with its connection', async () => {
      const admin = await MqAdmin.connect({ namesrv: mixed.namesrv })
      const brokers = async (): Promise<string[]> => {
        const list = await admin.cluster.list().catch(() => [])
        return [...new Set(list.map(({ brokerName }) => brokerName))].sort()
      }
      await mixed.ours.stop()
      assert.deepEqual(await brokers(), ['broker-r'])
      if (where === 'ours') {
        await mixed.real.stop()
        for (let i = 0; i < 100 && (await brokers()).length > 0; i++) await delay(50)
        assert.deepEqual(await brokers(), [])
      }
      await admin.close()
    })
  })
}

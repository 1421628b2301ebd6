/** 50,000 topics with FULL=1: what travels when a broker registers, and what a name server makes of it. */
import assert from 'node:assert/strict'
import { MqAdmin, serve } from '../../src/core/index.ts'
import { count } from '../fault/tier.ts'
import { temporaryFolder } from '../core/temporary-folder.ts'
import { PocketmqServer } from './pocketmq.ts'
import { RealCluster } from './real-cluster.ts'

const topics = count('TOPICS', 5000, 50_000)
const within = 60_000

const namesOf = (broker: string): string[] =>
  Array.from({ length: topics }, (_, i) => `${broker}-topic-with-a-name-of-some-length-${i}`)

/** Asks until each has a route to the broker. @returns ms since `from` */
async function routable(namesrv: string, names: readonly string[], broker: string, from: number) {
  const admin = await MqAdmin.connect({ namesrv, timeoutMs: within })
  try {
    for (;;) {
      const known = new Set(await admin.topics.list())
      if (names.every((name) => known.has(name))) break
      assert.ok(performance.now() - from < within, `${known.size} topics after ${within} ms`)
    }
    const asked = 500
    for (let i = 0; i < names.length; i += asked) {
      const routes = await Promise.all(names.slice(i, i + asked).map((name) => admin.topics.route(name)))
      for (const { brokerDatas, queueDatas } of routes) {
        assert.deepEqual([brokerDatas.length, brokerDatas[0]!.brokerName], [1, broker])
        assert.equal(queueDatas[0]!.writeQueueNums, 8)
      }
    }
    return performance.now() - from
  } finally {
    await admin.close()
  }
}

describe(`${topics} topics`, () => {
  const folder = temporaryFolder()

  it('of a real broker at our name server, and of ours at a real one: each has a route within 60 s', async () => {
    const namesrv = await PocketmqServer.start(['--role', 'namesrv'])
    const theirs = namesOf('broker-r')
    const started = performance.now()
    const real = await RealCluster.start({
      alsoAt: namesrv.namesrv,
      topics: theirs,
      brokerConf: { brokerName: 'broker-r' },
    })
    const atOurs = await routable(namesrv.namesrv, theirs, 'broker-r', started)

    const ours = namesOf('broker-p')
    const options = { role: 'broker', port: 0, store: folder.path, brokerName: 'broker-p' } as const
    await (await serve({ ...options, topics: ours.map((name) => ({ name, queues: 8 })) })).close()
    const again = performance.now()
    const served = await serve({ ...options, namesrv: [real.namesrv, namesrv.namesrv] })
    const atTheirs = await routable(real.namesrv, ours, 'broker-p', again)
    const both = await routable(namesrv.namesrv, ours, 'broker-p', again)
    console.log(
      `      their broker, started, at our name server: ${atOurs.toFixed(0)} ms; our broker at theirs: ` +
        `${atTheirs.toFixed(0)} ms, at ours as well: ${both.toFixed(0)} ms`,
    )
    await served.close()
    await real.stop()
    await namesrv.stop()
    for (const ms of [atOurs, atTheirs]) assert.ok(ms < within, `${ms} ms`)
  })
})

import { PocketmqServer } from './pocketmq.ts'
import { RealCluster } from './real-cluster.ts'

/** What a suite runs against: the same expectations hold for both, so each proves the other's. */
export interface Target {
  /** `host:port` of the name server. */
  readonly namesrv: string
  /** `host:port` of the broker. */
  readonly broker: string
  stop(): Promise<void>
}

let cluster: Promise<Target> | null = null
let server: Promise<Target> | null = null

/** One of each a test run, started by the first test that asks. Tests use topics of their own. */
export const targets = {
  // With the checksum property that our records carry, so that sizes and properties are the same.
  'real RocketMQ 5.5.0': () =>
    (cluster ??= RealCluster.start({ brokerConf: { enabledAppendPropCRC: 'true' } })),
  'pocketmq serve': () => (server ??= PocketmqServer.start()),
} satisfies Record<string, () => Promise<Target>>

const attempted = new Set<string>()

/** Loaded by .mocharc.cjs. */
export const mochaHooks = {
  afterEach(this: Mocha.Context): void {
    const title = this.currentTest!.fullTitle()
    if (attempted.has(title)) console.log(`      at the second attempt: ${title}`)
    attempted.add(title)
  },
  async afterAll(): Promise<void> {
    for (const starting of [cluster, server]) {
      // a failed start has failed its tests and cleaned up already
      const started = await starting?.catch(() => null)
      await started?.stop()
    }
  },
}

import { RealCluster } from './real-cluster.ts'

let shared: Promise<RealCluster> | null = null

/** The one real cluster of a test run, started by the first test that asks. Tests use topics of their own. */
export function sharedCluster(): Promise<RealCluster> {
  shared ??= RealCluster.start()
  return shared
}

/** Loaded by .mocharc.cjs. */
export const mochaHooks = {
  async afterAll(): Promise<void> {
    const cluster = await shared?.catch(() => null) // a failed start has failed its tests and cleaned up already
    await cluster?.stop()
  },
}

import { MqAdmin, Producer, serve } from '../../../src/core/index.ts'
import { RealCluster } from '../real-cluster.ts'
import { eventually, type Cluster } from './world.ts'

export interface RunningCluster extends Cluster {
  stop(): Promise<void>
}

/** Retries begin at level 3. */
const messageDelayLevel = '1s 2s 1s 1s 1s'
const transactionCheckMs = 1000
const patienceMs = 60_000
/** Dozens of clients start beside each other: what waits is not to be refused, as after 200 ms. */
export const withPatience = {
  waitTimeMillsInSendQueue: patienceMs,
  waitTimeMillsInTransactionQueue: patienceMs,
  waitTimeMillsInAdminBrokerQueue: patienceMs,
}
const segmentSize = 1024 * 1024
const fillSize = 256 * 1024

/** @param ages small segments, of which two are kept: what is `aged` is gone */
export async function startOurs(ages = false): Promise<RunningCluster> {
  const served = await serve({
    port: 0,
    messageDelayLevel,
    transactionCheckMs,
    ...(ages && { segmentSize, retention: { sizeMax: 2 * segmentSize } }),
  })
  const { namesrv } = served
  const admin = await MqAdmin.connect({ namesrv })
  return running(namesrv, admin, () => served.close())
}

/** @param ages as of startOurs: who keeps nothing drops half messages, too, when they are first looked at */
export async function startReal(ages = false): Promise<RunningCluster> {
  const cluster = await RealCluster.start({
    brokerConf: {
      recallMessageEnable: 'true',
      enablePropertyFilter: 'true',
      messageDelayLevel,
      transactionCheckInterval: transactionCheckMs,
      // it counts those as well for which no producer was there, and one is for a while
      transactionCheckMax: 1000,
      // what is no longer in the last segment may go when it is asked to
      ...(ages && { mappedFileSizeCommitLog: segmentSize, fileReservedTime: 0, cleanResourceInterval: 1000 }),
      ...withPatience,
    },
  })
  const { namesrv } = cluster
  const admin = await MqAdmin.connect({ namesrv, timeoutMs: patienceMs })
  return running(namesrv, admin, () => cluster.stop())
}

function running(namesrv: string, admin: MqAdmin, stop: () => Promise<void>): RunningCluster {
  return {
    namesrv,
    admin,
    age: (topic, queues) => age(namesrv, admin, topic, queues),
    async stop() {
      await admin.close()
      await stop()
    },
  }
}

/** Has a message in each queue expire. */
async function age(namesrv: string, admin: MqAdmin, topic: string, queues: number): Promise<void> {
  const producer = new Producer({ namesrv })
  const body = Buffer.alloc(fillSize, 'x')
  for (let queueId = 0; queueId < queues; queueId++)
    await producer.send({ topic, body: 'gone' }, { brokerName: 'broker-a', queueId })
  for (let sent = 0; sent < 3 * segmentSize; sent += fillSize) await producer.send({ topic: 'Fill', body })
  await producer.close()
  const [queue] = await admin.messages.queues(topic)
  await eventually(
    async () => {
      await admin.brokers.deleteExpiredCommitLog({ clusterName: 'DefaultCluster' })
      return admin.messages.minOffset(queue!)
    },
    (minOffset) => minOffset > 0,
  )
}

import { delayLevelsDefault } from '../model/delay-level.ts'
import { limits } from '../model/limits.ts'
import { masterId } from '../model/route.ts'
import type { Broker } from './broker.ts'

/** GET_BROKER_CONFIG: RocketMQ's names, for what is so here, by whatever way it was set. */
export function brokerProperties(broker: Broker): Record<string, string> {
  const { store, settings } = broker
  return {
    ...settings.all,
    brokerClusterName: store.clusterName,
    brokerId: String(masterId),
    brokerName: store.brokerName,
    brokerRole: 'ASYNC_MASTER',
    defaultTopicQueueNums: '8',
    deleteWhen: '',
    enablePropertyFilter: 'true',
    longPollingEnable: 'true',
    mappedFileSizeCommitLog: String(store.segmentSize),
    maxMessageSize: String(limits.bodySizeMax),
    messageDelayLevel: delayLevelsDefault,
    recallMessageEnable: 'true',
    slaveReadEnable: 'false',
    timerWheelEnable: 'true',
    traceOn: 'true',
    useTLS: 'false',
  }
}

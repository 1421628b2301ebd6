import { MqError } from '../../errors.ts'
import type { HaStatus } from '../../model/ha.ts'
import type { BrokerStatsData, ConsumeQueue } from '../../model/stats.ts'
import type { CallOf } from '../../remoting/requests/index.ts'
import type { Handlers } from '../../remoting/handlers.ts'
import type { Broker } from '../broker.ts'
import { brokerProperties } from '../broker-properties.ts'
import { putCounts } from '../counters.ts'

/** The broker's own half of AdminBrokerProcessor: 25, 26, 306, 315, 321, 329, 907, 908, 2003. */
export function brokerOwnHandlers(broker: Broker): Handlers {
  return {
    UPDATE_BROKER_CONFIG(_context, { body }, reply) {
      broker.settings.update(body)
      reply({})
    },
    GET_BROKER_CONFIG(_context, _call, reply) {
      const version = JSON.stringify({ counter: 0, stateVersion: 0, timestamp: broker.stats.startedAt })
      reply({ header: { version }, body: brokerProperties(broker) })
    },
    CLEAN_EXPIRED_CONSUMEQUEUE(_context, _call, reply) {
      // an index goes with the segment that it is of: nothing is ever left
      reply({})
    },
    DELETE_EXPIRED_COMMITLOG(_context, _call, reply) {
      broker.store.expire(broker.store.retention)
      reply({})
    },
    GET_BROKER_HA_STATUS(_context, _call, reply) {
      reply({ body: haStatus(broker) })
    },
    RESET_MASTER_FLUSH_OFFSET(_context, _call, reply) {
      reply({})
    },
    GET_COLD_DATA_FLOW_CTR_INFO(_context, _call, reply) {
      // ColdDataCgCtrService's tables, with nobody in them
      reply({ body: Buffer.from('{"runtimeTable":{},"configTable":{},"globalAcc":0}') })
    },
    VIEW_BROKER_STATS_DATA(_context, { header: { statsName, statsKey } }, reply) {
      const data = counted(broker, statsName, statsKey)
      if (data === null) throw new MqError('MQ_FAILED', `The stats <${statsName}> <${statsKey}> not exist`)
      reply({ body: data })
    },
    QUERY_CONSUME_QUEUE(_context, { header }, reply) {
      reply({ body: consumeQueue(broker, header) })
    },
  }
}

/** A master without slaves. */
function haStatus(broker: Broker): HaStatus {
  const client = { masterAddr: '', transferredByteInSecond: 0, maxOffset: 0 }
  return {
    master: true,
    masterCommitLogMaxOffset: broker.store.commitLogMaxOffset,
    inSyncSlaveNums: 0,
    slaves: [],
    client: { ...client, lastReadTimestamp: 0, lastWriteTimestamp: 0, masterFlushOffset: 0 },
  }
}

function counted(broker: Broker, name: string, key: string): BrokerStatsData | null {
  if (name === 'TOPIC_PUT_NUMS') return putCounts(broker, key)
  return name === 'GROUP_GET_NUMS' ? broker.gets.of(key) : null
}

/** As JSON they take half a frame. A RocketMQ broker ends where a file of the queue does. */
const entriesMax = 65_536

function consumeQueue(broker: Broker, header: CallOf<'QUERY_CONSUME_QUEUE'>['header']): ConsumeQueue {
  const { topic, queueId, index, count, consumerGroup: group } = header
  const config = broker.topics.get(topic)
  if (config === null || queueId < 0 || queueId >= Math.max(config.readQueueNums, config.writeQueueNums))
    throw new MqError('MQ_FAILED', `${queueId}@${topic} is not exist!`)
  const { minOffset, endOffset } = broker.store.extent(topic, queueId)
  const subscription = group === undefined ? null : broker.clients.subscription(group, topic)
  const offline = group !== undefined && subscription === null
  return {
    subscription,
    filterData: offline ? `${group}@${topic} is not online!` : null,
    maxQueueIndex: endOffset,
    minQueueIndex: minOffset,
    entries: broker.store
      .entries(topic, queueId, Math.max(minOffset, index), Math.max(0, Math.min(count, entriesMax)))
      .map(({ physicalOffset, size, tagsCode }) => ({
        ...{ physicOffset: physicalOffset, physicSize: size, tagsCode },
        ...{ extendDataJson: null, bitMap: null, eval: false, msg: null },
      })),
  }
}

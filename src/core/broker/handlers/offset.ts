import { MqError } from '../../errors.ts'
import { groupNameFault } from '../../model/names.ts'
import type { Handlers } from '../../remoting/handlers.ts'
import type { Broker } from '../broker.ts'
import { consumeStats } from '../consume-stats.ts'

/** ConsumerManageProcessor and the offset half of AdminBrokerProcessor: 14, 15, 29, 30, 31, 208. */
export function offsetHandlers(broker: Broker): Handlers {
  return {
    QUERY_CONSUMER_OFFSET(_context, { header }, reply) {
      const { topic, consumerGroup, queueId } = header
      const known = broker.offsets.get(topic, consumerGroup, queueId)
      if (known !== null) {
        reply({ header: { offset: known } })
        return
      }
      // A young queue, with everything it ever had; RocketMQ looks for its first message, so an empty one is
      // none.
      const { minOffset, endOffset } = broker.store.extent(topic, queueId)
      if (header.setZeroIfNotFound !== false && minOffset === 0 && endOffset > 0) {
        reply({ header: { offset: 0 } })
        return
      }
      throw new MqError('MQ_NOT_FOUND', 'Not found, V3_0_6_SNAPSHOT maybe this group consumer boot first')
    },
    UPDATE_CONSUMER_OFFSET(_context, { header }, reply) {
      if (broker.groups.get(header.consumerGroup) === null)
        throw new MqError('MQ_GROUP_NOT_EXIST', `Group ${header.consumerGroup} not exist!`)
      if (broker.topics.get(header.topic) === null)
        throw new MqError('MQ_TOPIC_NOT_EXIST', `Topic ${header.topic} not exist!`)
      broker.offsets.set(header.topic, header.consumerGroup, header.queueId, header.commitOffset)
      reply({})
    },
    SEARCH_OFFSET_BY_TIMESTAMP(_context, { header }, reply) {
      const upper = header.boundaryType?.toLowerCase() === 'upper'
      reply({
        header: { offset: broker.offsetByTime(header.topic, header.queueId, header.timestamp, upper) },
      })
    },
    GET_MAX_OFFSET(_context, { header }, reply) {
      reply({ header: { offset: broker.store.extent(header.topic, header.queueId).endOffset } })
    },
    GET_MIN_OFFSET(_context, { header }, reply) {
      reply({ header: { offset: broker.store.extent(header.topic, header.queueId).minOffset } })
    },
    GET_CONSUME_STATS(_context, { header }, reply) {
      const fault = groupNameFault(header.consumerGroup)
      if (fault !== null) throw new MqError('MQ_GROUP_NOT_EXIST', fault)
      const listed = header.topicList?.split(';').filter((topic) => topic !== '') ?? []
      const named = header.topic === undefined || header.topic === '' ? listed : [header.topic]
      const topics = named.length > 0 ? named : broker.offsets.topicsOf(header.consumerGroup)
      reply({ body: consumeStats(broker, header.consumerGroup, topics) })
    },
  }
}

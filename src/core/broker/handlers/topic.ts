import { MqError } from '../../errors.ts'
import type { QueueStats } from '../../model/stats.ts'
import type { Handlers } from '../../remoting/handlers.ts'
import type { Broker } from '../broker.ts'
import { cleanUnusedTopics, deleteTopic } from '../topic-deletion.ts'

/** The topic half of AdminBrokerProcessor: 17, 18, 21, 202, 215, 300, 305, 316, 351. */
export function topicHandlers(broker: Broker): Handlers {
  return {
    UPDATE_AND_CREATE_TOPIC(_context, { header }, reply) {
      broker.topics.update({
        topicName: header.topic,
        readQueueNums: header.readQueueNums,
        writeQueueNums: header.writeQueueNums,
        perm: header.perm,
        topicFilterType: header.topicFilterType === 'MULTI_TAG' ? 'MULTI_TAG' : 'SINGLE_TAG',
        topicSysFlag: header.topicSysFlag ?? 0,
        order: header.order,
        attributes: parseAttributes(header.attributes ?? ''),
      })
      reply({})
    },
    UPDATE_AND_CREATE_TOPIC_LIST(_context, { body }, reply) {
      broker.topics.updateAll(body)
      reply({})
    },
    GET_ALL_TOPIC_CONFIG(_context, _call, reply) {
      const topics = broker.topics.all()
      const dataVersion = broker.topics.dataVersion()
      reply({ header: { totalTopicNum: topics.length }, body: { dataVersion, topics } })
    },
    GET_TOPIC_CONFIG(_context, { header }, reply) {
      const config = broker.topics.get(header.topic)
      if (config === null)
        throw new MqError('MQ_TOPIC_NOT_EXIST', `No topic in this broker. topic: ${header.topic}`)
      reply({ body: config })
    },
    GET_TOPIC_STATS_INFO(_context, { header }, reply) {
      const config = broker.topics.get(header.topic)
      if (config === null) throw new MqError('MQ_TOPIC_NOT_EXIST', `topic[${header.topic}] not exist`)
      const count = Math.max(config.readQueueNums, config.writeQueueNums)
      const queues = Array.from({ length: count }, (_, queueId) => queueStats(broker, header.topic, queueId))
      reply({ body: { topicPutTps: 0, queues } })
    },
    DELETE_TOPIC_IN_BROKER(_context, { header }, reply) {
      deleteTopic(broker, header.topic)
      reply({})
    },
    GET_SYSTEM_TOPIC_LIST_FROM_BROKER(_context, _call, reply) {
      const names = broker.topics.all().map(({ topicName }) => topicName)
      // TopicValidator's set has those named after cluster and broker as well
      const own = [broker.clusterName, broker.brokerName]
      reply({ body: names.filter((name) => broker.topics.isSystem(name) || own.includes(name)) })
    },
    CLEAN_UNUSED_TOPIC(_context, _call, reply) {
      cleanUnusedTopics(broker)
      reply({})
    },
    QUERY_TOPIC_CONSUME_BY_WHO(_context, { header }, reply) {
      const groups = new Set([
        ...broker.clients.groupsOf(header.topic),
        ...broker.offsets.groupsOf(header.topic),
      ])
      reply({ body: [...groups] })
    },
  }
}

function queueStats(broker: Broker, topic: string, queueId: number): QueueStats {
  const { minOffset, endOffset } = broker.store.extent(topic, queueId)
  return {
    ...{ topic, brokerName: broker.brokerName, queueId, minOffset, maxOffset: endOffset },
    lastUpdateTimestamp: endOffset === 0 ? 0 : (broker.storeTimestamp(topic, queueId, endOffset - 1) ?? 0),
  }
}

/** `+key=value,-key`: AttributeParser.parseToMap. */
function parseAttributes(text: string): Record<string, string> {
  const attributes = Object.create(null) as Record<string, string>
  for (const part of text.split(',')) {
    if (part === '') continue
    const split = part.indexOf('=')
    if (split === -1) attributes[part] = ''
    else attributes[part.slice(0, split)] = part.slice(split + 1)
  }
  return attributes
}

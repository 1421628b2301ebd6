import { MqError } from '../../errors.ts'
import type { Handlers } from '../../remoting/handlers.ts'
import type { Broker } from '../broker.ts'
import { parseFilter } from '../filter/parse-filter.ts'
import { runtimeInfo } from '../runtime-info.ts'

/** ClientManageProcessor and what tools ask about clients: 28, 34, 35, 38, 46, 203, 204, 328. */
export function clientHandlers(broker: Broker): Handlers {
  return {
    HEART_BEAT({ channel, language, version }, { body }, reply) {
      const connection = { clientId: body.clientId, clientAddr: channel.remoteAddress, language, version }
      for (const { groupName } of body.consumers) {
        broker.groups.getOrCreate(groupName)
        broker.topics.createRetryTopic(groupName)
      }
      const sendAgain = broker.clients.heartbeat(channel, connection, body)
      reply({ header: { IS_SUPPORT_HEART_BEAT_V2: 'true', IS_SUB_CHANGE: String(sendAgain) } })
    },
    UNREGISTER_CLIENT({ channel }, { header }, reply) {
      broker.clients.leave(channel, header.producerGroup ?? null, header.consumerGroup ?? null)
      reply({})
    },
    GET_CONSUMER_LIST_BY_GROUP(_context, { header }, reply) {
      const group = broker.clients.consumerGroup(header.consumerGroup)
      if (group === null)
        throw new MqError('MQ_FAILED', `no consumer for this group, ${header.consumerGroup}`)
      reply({ body: group.connections.map((each) => each.clientId) })
    },
    CHECK_CLIENT_CONFIG(_context, { body: { subscription } }, reply) {
      // the tags of a TAG subscription are the client's own to check
      if (subscription !== null && subscription.expressionType !== 'TAG')
        parseFilter(subscription.expressionType, subscription.subString)
      reply({})
    },
    GET_CONSUMER_CONNECTION_LIST(_context, { header }, reply) {
      const group = broker.clients.consumerGroup(header.consumerGroup)
      if (group === null) throw notOnline(header.consumerGroup)
      reply({ body: group })
    },
    GET_PRODUCER_CONNECTION_LIST(_context, { header }, reply) {
      const producers = broker.clients.producers(header.producerGroup)
      if (producers.length === 0)
        throw new MqError('MQ_FAILED', `the producer group[${header.producerGroup}] not exist`)
      reply({ body: producers })
    },
    GET_ALL_PRODUCER_INFO(_context, _call, reply) {
      reply({ body: broker.clients.allProducers() })
    },
    GET_BROKER_RUNTIME_INFO(_context, _call, reply) {
      reply({ body: runtimeInfo(broker) })
    },
  }
}

function notOnline(group: string): MqError {
  return new MqError('MQ_CONSUMER_NOT_ONLINE', `the consumer group[${group}] not online`)
}

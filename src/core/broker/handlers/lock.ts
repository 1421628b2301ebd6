import type { Handlers } from '../../remoting/handlers.ts'
import type { Broker } from '../broker.ts'

/** AdminBrokerProcessor.lockBatchMQ and unlockBatchMQ: 41, 42. */
export function lockHandlers(broker: Broker): Handlers {
  return {
    LOCK_BATCH_MQ(_context, { body: { consumerGroup, clientId, queues } }, reply) {
      const locked = queues.filter(({ topic, queueId }) =>
        broker.queueLocks.lock(consumerGroup, topic, queueId, clientId),
      )
      reply({ body: locked })
    },
    UNLOCK_BATCH_MQ(_context, { body: { consumerGroup, clientId, queues } }, reply) {
      for (const { topic, queueId } of queues)
        broker.queueLocks.unlock(consumerGroup, topic, queueId, clientId)
      reply({})
    },
  }
}

import type { Handlers } from '../../remoting/handlers.ts'
import type { Broker } from '../broker.ts'

/** QueryAssignmentProcessor: 400, 401. */
export function assignmentHandlers(broker: Broker): Handlers {
  return {
    QUERY_ASSIGNMENT(_context, { body }, reply) {
      const queues = broker.assignments.queuesOf(body)
      const mode = broker.assignments.mode(body)
      reply({ body: queues === null ? null : queues.map((queue) => ({ queue, mode })) })
    },
    SET_MESSAGE_REQUEST_MODE(_context, { body }, reply) {
      broker.groups.getOrCreate(body.consumerGroup)
      broker.assignments.setMode(body.topic, body.consumerGroup, body.mode, body.popShareQueueNum)
      reply({})
    },
  }
}

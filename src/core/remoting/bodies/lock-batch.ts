import type { MessageQueue } from '../../model/queue.ts'
import { json, type JsonObject } from './codecs.ts'

/** What a client wants locked or unlocked; LockBatchRequestBody. */
export interface LockBatch {
  readonly consumerGroup: string
  readonly clientId: string
  readonly queues: readonly MessageQueue[]
}

export const lockBatch = json<LockBatch>(
  'LockBatchRequestBody: queues a client of a group wants for itself, or gives up',
  (body) => ({
    consumerGroup: body.text('consumerGroup'),
    clientId: body.text('clientId'),
    queues: queuesOf(body, 'mqSet'),
  }),
  ({ consumerGroup, clientId, queues }) => ({
    clientId,
    consumerGroup,
    mqSet: queues,
    onlyThisBroker: false,
  }),
)

export const lockedQueues = json<readonly MessageQueue[]>(
  'LockBatchResponseBody: those it got',
  (body) => queuesOf(body, 'lockOKMQSet'),
  (queues) => ({ lockOKMQSet: queues }),
)

function queuesOf(body: JsonObject, name: string): MessageQueue[] {
  return body.objects(name).map((queue) => ({
    topic: queue.text('topic'),
    brokerName: queue.text('brokerName'),
    queueId: queue.number('queueId'),
  }))
}

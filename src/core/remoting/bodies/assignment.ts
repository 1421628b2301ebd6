import type { MessageQueue } from '../../model/queue.ts'
import { json } from './codecs.ts'

/** QueryAssignmentRequestBody */
export interface AssignmentQuery {
  readonly topic: string
  readonly consumerGroup: string
  readonly clientId: string
  /** CLUSTERING or BROADCASTING. */
  readonly messageModel: string
  readonly strategyName: string
}

export const assignmentQuery = json<AssignmentQuery>(
  'QueryAssignmentRequestBody: who asks for its queues of a topic',
  (body) => ({
    topic: body.text('topic'),
    consumerGroup: body.text('consumerGroup'),
    clientId: body.text('clientId'),
    messageModel: body.text('messageModel', 'CLUSTERING'),
    strategyName: body.text('strategyName', 'AVG'),
  }),
)

/** MessageQueueAssignment */
export interface Assignment {
  readonly queue: MessageQueue
  /** PULL or POP. */
  readonly mode: string
}

export const assignments = json<readonly Assignment[] | null>(
  'QueryAssignmentResponseBody: its queues; none at all: it keeps those it has',
  (body) =>
    body.has('messageQueueAssignments')
      ? body.objects('messageQueueAssignments').map((each) => {
          const queue = each.object('messageQueue')
          return {
            queue: {
              topic: queue.text('topic'),
              brokerName: queue.text('brokerName'),
              queueId: queue.number('queueId'),
            },
            mode: each.text('mode', 'PULL'),
          }
        })
      : null,
  (all) =>
    all === null
      ? {}
      : { messageQueueAssignments: all.map(({ queue, mode }) => ({ messageQueue: queue, mode })) },
)

/** SetMessageRequestModeRequestBody */
export interface RequestModeChange {
  readonly topic: string
  readonly consumerGroup: string
  readonly mode: string
  readonly popShareQueueNum: number
}

export const requestModeChange = json<RequestModeChange>(
  'SetMessageRequestModeRequestBody: how a group consumes a topic',
  (body) => ({
    topic: body.text('topic'),
    consumerGroup: body.text('consumerGroup'),
    mode: body.text('mode', 'PULL'),
    popShareQueueNum: body.number('popShareQueueNum'),
  }),
)

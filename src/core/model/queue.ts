/** A queue of a topic on one broker; RocketMQ's MessageQueue. */
export interface MessageQueue {
  readonly topic: string
  readonly brokerName: string
  readonly queueId: number
}

/** RocketMQ's order of queues: topic, broker name, queue id. Rebalance and tables depend on it. */
export function compareQueues(a: MessageQueue, b: MessageQueue): number {
  return compareText(a.topic, b.topic) || compareText(a.brokerName, b.brokerName) || a.queueId - b.queueId
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/**
 * The queues of one consumer of several, each with an equal part of neighbours, the first with one more where
 * it does not divide; AllocateMessageQueueAveragely.
 */
export function allocateAveragely<Q>(queues: readonly Q[], index: number, consumers: number): Q[] {
  const rest = queues.length % consumers
  const each = Math.floor(queues.length / consumers)
  const first = index * each + Math.min(index, rest)
  return queues.slice(first, first + each + (index < rest ? 1 : 0))
}

/** Tells queues apart in a map. */
export function queueKey({ topic, brokerName, queueId }: MessageQueue): string {
  return `${topic}\n${brokerName}\n${queueId}`
}

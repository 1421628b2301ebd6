import type { DispatchedRecord } from './index-rows.ts'

/** Where each queue ended so far in a walk of the log: 60 ns a record, against 1.5 µs for asking the index. */
export class QueueEnds {
  readonly #endBefore: (topic: string, queueId: number) => number
  readonly #ends = new Map<string, Map<number, number>>()

  /** @param endBefore what the index knew of a queue when the walk began */
  constructor(endBefore: (topic: string, queueId: number) => number) {
    this.#endBefore = endBefore
  }

  /** Takes a record in; true when its queue had been further already. */
  fallsBack({ topic, queueId, queueOffset }: DispatchedRecord): boolean {
    let queues = this.#ends.get(topic)
    if (queues === undefined) this.#ends.set(topic, (queues = new Map<number, number>()))
    const end = queues.get(queueId) ?? this.#endBefore(topic, queueId)
    queues.set(queueId, queueOffset + 1)
    return queueOffset < end
  }
}

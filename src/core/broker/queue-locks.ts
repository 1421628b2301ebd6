import type { Clock } from '../lib/clock.ts'

/** RebalanceLockManager, `rocketmq.broker.rebalance.lockMaxLiveTime`: three renewals missed. */
const lockMs = 60_000

/**
 * Which client of a group may consume a queue in order; RebalanceLockManager. Lives in memory: clients lock
 * anew every 20 s.
 */
export class QueueLocks {
  readonly #clock: Clock
  readonly #locks = new Map<string, { readonly clientId: string; readonly renewedAt: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** True when the queue is the client's for a minute from now on: it was free, its own, or given up. */
  lock(group: string, topic: string, queueId: number, clientId: string): boolean {
    const name = nameOf(group, topic, queueId)
    const now = this.#clock.now()
    const held = this.#locks.get(name)
    if (held !== undefined && held.clientId !== clientId && now - held.renewedAt <= lockMs) return false
    this.#locks.set(name, { clientId, renewedAt: now })
    return true
  }

  /** Whether any client of the group consumes in order. */
  holds(group: string): boolean {
    const since = this.#clock.now() - lockMs
    for (const [name, { renewedAt }] of this.#locks)
      if (renewedAt >= since && name.startsWith(`${group} `)) return true
    return false
  }

  /** Nothing happens to another client's lock. */
  unlock(group: string, topic: string, queueId: number, clientId: string): void {
    const name = nameOf(group, topic, queueId)
    if (this.#locks.get(name)?.clientId === clientId) this.#locks.delete(name)
  }
}

/** No name has a blank. */
function nameOf(group: string, topic: string, queueId: number): string {
  return `${group} ${topic} ${queueId}`
}

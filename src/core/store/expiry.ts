import type { Clock } from '../lib/clock.ts'
import type { CommitLog } from './commit-log.ts'
import { expiredSegments, type Retention } from './retention.ts'
import type { QueueFloors, Tombstones } from './state-tables.ts'
import type { StoreIndex } from './store-index.ts'

/** How often a long-lived writer looks for expired segments; RocketMQ's cleanResourceInterval is 10 s. */
const intervalMs = 60_000

export interface ExpiryParts {
  readonly log: CommitLog
  readonly index: StoreIndex
  readonly floors: QueueFloors
  readonly tombstones: Tombstones
  readonly clock: Clock
  /** Log offset from which on nothing may go: a message waits there that was not delivered yet. */
  readonly neededFrom: () => number
}

/** Removes the segments that a retention lets go, with their indexes; under the lock. */
export class Expiry {
  readonly #parts: ExpiryParts
  #segmentsSeen = 0
  #lookedAt = 0

  constructor(parts: ExpiryParts) {
    this.#parts = parts
  }

  /** @returns first offsets of the segments that are gone, the oldest first, never the active one */
  apply(retention: Retention): number[] {
    const { log, index, floors, tombstones, clock } = this.#parts
    const sealed = log.segments.map(({ base }) => ({ base, lastStoreTime: index.lastStoreTimeOf(base) }))
    const neededFrom = this.#parts.neededFrom()
    const expired = expiredSegments(sealed, log.segmentSize, retention, clock.now()).filter(
      (base) => base + log.segmentSize <= neededFrom,
    )
    for (const base of expired) {
      floors.raise(index.extentsOf(base))
      // the log first: an index without its segment is dropped at the next look, a segment without index is
      // rebuilt
      log.remove(base)
      index.dropSegment(base)
    }
    if (expired.length > 0) tombstones.dropBelow(log.minOffset)
    return expired
  }

  /**
   * In a folder nothing runs that could look at the clock: a new segment is the occasion. A server looks
   * every minute as well.
   */
  whenDue(retention: () => Retention): void {
    const { length } = this.#parts.log.segments
    const now = this.#parts.clock.now()
    if (length === this.#segmentsSeen && Math.abs(now - this.#lookedAt) < intervalMs) return
    this.#segmentsSeen = length
    this.#lookedAt = now
    this.apply(retention())
  }

  /** The same by a timer, where nobody could be told: what cannot go now stays for another minute. */
  ifPossible(retention: () => Retention): void {
    try {
      this.whenDue(retention)
    } catch {
      // whoever asks for it is told why
    }
  }
}

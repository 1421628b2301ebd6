import type { MessageStore } from '../store/message-store.ts'
import type { QueueEntry } from '../store/index-db.ts'
import type { Statement } from '../store/sqlite.ts'

/** Records read in one go. */
const readMax = 1000

/**
 * How far the queue 0 of a topic, in which messages wait, has been taken into rows of state.db. Kept with the
 * rows, in one transaction: what a crash leaves behind is taken in again, and nothing twice.
 */
export class WaitingProgress {
  readonly #store: MessageStore
  readonly #topic: string
  readonly #select: Statement<[string], { next_offset: number }>
  readonly #set: Statement<[string, number]>

  constructor(store: MessageStore, topic: string) {
    this.#store = store
    this.#topic = topic
    this.#select = store.state.db.prepare('SELECT next_offset FROM waiting_progress WHERE topic = ?')
    this.#set = store.state.db.prepare(
      'INSERT INTO waiting_progress VALUES (?, ?) ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset',
    )
  }

  /** The first queue offset that was not taken in; null: none was yet. */
  next(): number | null {
    return this.#select.get(this.#topic)?.next_offset ?? null
  }

  /** True when there is more to take in. */
  isBehind(): boolean {
    return this.#store.extent(this.#topic, 0).endOffset > (this.next() ?? 0)
  }

  /** Within a transaction: gives each record that was stored since the last time to `take`. */
  advance(from: number, take: (record: Buffer, entry: QueueEntry) => void): void {
    let next = Math.max(from, this.next() ?? 0, this.#store.extent(this.#topic, 0).minOffset)
    for (;;) {
      const entries = this.#store.entries(this.#topic, 0, next, readMax)
      if (entries.length === 0) break
      this.#store.records(this.#topic, 0, entries).forEach((record, i) => {
        if (record !== null) take(record, entries[i]!)
      })
      next = entries.at(-1)!.queueOffset + 1
    }
    this.#set.run(this.#topic, next)
  }
}

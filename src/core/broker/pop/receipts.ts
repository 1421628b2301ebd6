import type { Statement } from '../../store/sqlite.ts'
import type { StateDb } from '../../store/state-db.ts'

/** A message that was handed out and not acknowledged. */
export interface Receipt {
  readonly queueOffset: number
  /** Of its last delivery, epoch ms: names that delivery. */
  readonly popTime: number
  /** Epoch ms; from then on it is delivered again. */
  readonly invisibleUntil: number
  readonly deliveries: number
}

/** A group's place in a queue. */
export interface PopQueue {
  readonly topic: string
  readonly group: string
  readonly queueId: number
}

const columns =
  'queue_offset AS queueOffset, pop_time AS popTime, invisible_until AS invisibleUntil, deliveries'
const ofQueue = 'topic = ? AND group_name = ? AND queue_id = ?'
type QueueKey = [string, string, number]

const key = ({ topic, group, queueId }: PopQueue): QueueKey => [topic, group, queueId]

/**
 * The rows behind POP: what is out, and where each queue goes on. Callers hold a transaction of state.db: a
 * worker of another process must not be handed the same message.
 */
export class Receipts {
  readonly #next: Statement<QueueKey, { nextOffset: number; reported: number }>
  readonly #setNext: Statement<[...QueueKey, number, number]>
  readonly #one: Statement<[...QueueKey, number], Receipt>
  readonly #due: Statement<[...QueueKey, number, number], Receipt>
  readonly #put: Statement<[...QueueKey, number, number, number, number]>
  readonly #remove: Statement<[...QueueKey, number]>
  readonly #removeBelow: Statement<[...QueueKey, number]>
  readonly #lowest: Statement<QueueKey, { lowest: number | null }>
  readonly #nextDue: Statement<[string, string], { at: number | null }>
  readonly #offset: Statement<QueueKey, { next_offset: number }>
  readonly #setOffset: Statement<[...QueueKey, number]>

  constructor({ db }: StateDb) {
    this.#next = db.prepare(`SELECT next_offset AS nextOffset, reported FROM pop_queue WHERE ${ofQueue}`)
    this.#setNext = db.prepare(
      `INSERT INTO pop_queue VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset, reported = excluded.reported`,
    )
    this.#one = db.prepare(`SELECT ${columns} FROM pop_receipt WHERE ${ofQueue} AND queue_offset = ?`)
    this.#due = db.prepare(
      `SELECT ${columns} FROM pop_receipt WHERE ${ofQueue} AND invisible_until <= ? ORDER BY queue_offset LIMIT ?`,
    )
    this.#put = db.prepare(
      `INSERT INTO pop_receipt VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET pop_time = excluded.pop_time, invisible_until = excluded.invisible_until,
         deliveries = excluded.deliveries`,
    )
    this.#remove = db.prepare(`DELETE FROM pop_receipt WHERE ${ofQueue} AND queue_offset = ?`)
    this.#removeBelow = db.prepare(`DELETE FROM pop_receipt WHERE ${ofQueue} AND queue_offset < ?`)
    this.#lowest = db.prepare(`SELECT min(queue_offset) AS lowest FROM pop_receipt WHERE ${ofQueue}`)
    this.#nextDue = db.prepare(
      'SELECT min(invisible_until) AS at FROM pop_receipt WHERE topic = ? AND group_name = ?',
    )
    this.#offset = db.prepare(`SELECT next_offset FROM consumer_offset WHERE ${ofQueue}`)
    this.#setOffset = db.prepare(
      `INSERT INTO consumer_offset VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset`,
    )
  }

  /** The first offset that was never handed out; null: the group never consumed the queue. */
  next(queue: PopQueue): number | null {
    const known = this.#next.get(...key(queue))?.nextOffset
    return known ?? this.#offset.get(...key(queue))?.next_offset ?? null
  }

  /**
   * The first offset that was never handed out, within the queue. An offset that is not the one we reported
   * was moved by someone (resetOffset, a rebuild): the queue goes on there, and what was out is void.
   */
  nextOffset(queue: PopQueue, first: number, minOffset: number): number {
    const known = this.#next.get(...key(queue))
    const offset = this.#offset.get(...key(queue))?.next_offset ?? null
    let next = known?.nextOffset ?? offset ?? first
    if (known !== undefined && offset !== known.reported) {
      this.#removeBelow.run(...key(queue), Number.MAX_SAFE_INTEGER)
      next = offset ?? first
    }
    if (next < minOffset) next = minOffset
    this.#removeBelow.run(...key(queue), minOffset)
    return next
  }

  /** Keeps where the queue goes on, and reports the lowest offset that is not acknowledged as the group's. */
  report(queue: PopQueue, nextOffset: number): void {
    const reported = this.lowest(queue) ?? nextOffset
    this.#setNext.run(...key(queue), nextOffset, reported)
    this.#setOffset.run(...key(queue), reported)
  }

  /** After an acknowledgement: the queue goes on where it did. */
  reportAgain(queue: PopQueue): void {
    const known = this.#next.get(...key(queue))
    const offset = this.#offset.get(...key(queue))?.next_offset
    // moved by someone meanwhile: the next pop sees to it
    if (known !== undefined && known.reported === offset) this.report(queue, known.nextOffset)
  }

  get(queue: PopQueue, queueOffset: number): Receipt | null {
    return this.#one.get(...key(queue), queueOffset) ?? null
  }

  /** Those whose invisible time is over, in order. */
  due(queue: PopQueue, now: number, max: number): Receipt[] {
    return this.#due.all(...key(queue), now, max)
  }

  put(queue: PopQueue, { queueOffset, popTime, invisibleUntil, deliveries }: Receipt): void {
    this.#put.run(...key(queue), queueOffset, popTime, invisibleUntil, deliveries)
  }

  remove(queue: PopQueue, queueOffset: number): void {
    this.#remove.run(...key(queue), queueOffset)
  }

  /** The first offset that is not acknowledged; null: nothing is out. */
  lowest(queue: PopQueue): number | null {
    return this.#lowest.get(...key(queue))?.lowest ?? null
  }

  /** When the next invisible time of a group is over, epoch ms; null: nothing is out. */
  nextDueAt(topic: string, group: string): number | null {
    return this.#nextDue.get(topic, group)?.at ?? null
  }
}

import { deliverTime } from '../../model/delay-level.ts'
import { parseProperties, Property, propertyReader, uniqueKeyOf } from '../../model/properties.ts'
import { readRecord, storeTimestampOf } from '../../model/record.ts'
import {
  deliveredTimersKey,
  recallKey,
  timerPrecisionMs,
  wheelTopic,
  type DeliveredTimers,
} from '../../model/timer.ts'
import type { MessageStore } from '../../store/message-store.ts'
import type { Statement } from '../../store/sqlite.ts'
import { WaitingProgress } from '../waiting-progress.ts'
import { deliverAtOf } from './deferral.ts'

/** A message that waits for its time, by its place in the wheel topic. */
export interface Timer {
  readonly dueAt: number
  readonly queueOffset: number
}

const outOf = propertyReader(Property.timerOutMs)
const realTopicOf = propertyReader(Property.realTopic)
const deleteKeyOf = propertyReader(Property.timerDeleteKey)

/**
 * Messages that wait for an exact time, in the order they are due: rows of state.db over the records of the
 * wheel topic, put there up to a queue offset that is kept with them. A message leaves when it is delivered,
 * or when a delete marker names it.
 */
export class Timers {
  readonly #store: MessageStore
  readonly #progress: WaitingProgress
  /** In a folder that was taken over. */
  readonly #elsewhere: DeliveredTimers
  readonly #add: Statement<[number, number, string]>
  readonly #removeKey: Statement<[number, number, string]>
  readonly #remove: Statement<[number, number]>
  readonly #due: Statement<[number, number], Timer>
  readonly #first: Statement<[], { due_at: number | null }>
  readonly #lowest: Statement<[], { lowest: number | null }>

  constructor(store: MessageStore) {
    this.#store = store
    const { db } = store.state
    this.#progress = new WaitingProgress(store, wheelTopic)
    const elsewhere = store.state.meta(deliveredTimersKey)
    this.#elsewhere =
      elsewhere === null ? { slotEnd: 0, offsetEnd: 0 } : (JSON.parse(elsewhere) as DeliveredTimers)
    this.#add = db.prepare('INSERT OR IGNORE INTO timer VALUES (?, ?, ?)')
    this.#removeKey = db.prepare('DELETE FROM timer WHERE due_at BETWEEN ? AND ? AND recall_key = ?')
    this.#remove = db.prepare('DELETE FROM timer WHERE due_at = ? AND queue_offset = ?')
    this.#due = db.prepare(
      `SELECT due_at AS dueAt, queue_offset AS queueOffset FROM timer WHERE due_at <= ?
       ORDER BY due_at, queue_offset LIMIT ?`,
    )
    this.#first = db.prepare('SELECT min(due_at) AS due_at FROM timer')
    this.#lowest = db.prepare('SELECT min(queue_offset) AS lowest FROM timer')
  }

  /** Takes in what was stored since the last time. */
  load(): void {
    if (!this.#progress.isBehind()) return
    this.#store.state.quickly(() =>
      this.#progress.advance(0, (record, { queueOffset }) => this.#take(record, queueOffset)),
    )
  }

  #take(record: Buffer, queueOffset: number): void {
    const stored = readRecord(record, 0)
    const properties = stored.properties.toString('utf8')
    const slot = Number(outOf(properties) ?? NaN)
    if (!Number.isSafeInteger(slot)) return
    const { slotEnd: readTo, offsetEnd } = this.#elsewhere
    if (slot < readTo && queueOffset < offsetEnd) return
    const slotEnd = slot + timerPrecisionMs
    const marked = deleteKeyOf(properties)
    if (marked !== null) {
      this.#removeKey.run(slot, slotEnd, marked)
      return
    }
    const exact = deliverAtOf(parseProperties(properties), stored.storeTimestamp)
    const dueAt = exact !== null && exact >= slot && exact <= slotEnd ? exact : slotEnd
    this.#add.run(dueAt, queueOffset, recallKey(realTopicOf(properties) ?? '', uniqueKeyOf(properties) ?? ''))
  }

  due(now: number, max: number): Timer[] {
    return this.#due.all(now, max)
  }

  /** Within a transaction. */
  remove({ dueAt, queueOffset }: Timer): void {
    this.#remove.run(dueAt, queueOffset)
  }

  /** When the next one of those taken in is due, epoch ms. */
  nextDueAt(): number | null {
    return this.#first.get()?.due_at ?? null
  }

  /** The first queue offset that still matters. */
  lowestOffset(): number {
    const next = this.#progress.next() ?? 0
    return Math.min(next, this.#lowest.get()?.lowest ?? next)
  }
}

/**
 * When a message of a level is due, epoch ms. One that was stored later than it is now waits no longer: the
 * clock went back. ScheduleMessageService.correctDeliverTimestamp
 */
export function levelDueAt(record: Buffer, level: number, now: number, levelsMs: readonly number[]): number {
  const storedAt = storeTimestampOf(record, 0)
  return storedAt > now ? now : deliverTime(level, storedAt, levelsMs)
}

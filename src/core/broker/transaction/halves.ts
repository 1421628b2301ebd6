import { Property, propertyReader } from '../../model/properties.ts'
import { readRecord } from '../../model/record.ts'
import {
  checkAfterMs,
  decidedOffsets,
  halfTopic,
  opTopic,
  transactionGroup,
} from '../../model/transaction.ts'
import type { MessageStore } from '../../store/message-store.ts'
import type { Statement } from '../../store/sqlite.ts'
import type { Offsets } from '../offsets.ts'
import { WaitingProgress } from '../waiting-progress.ts'

/** A half message that is not decided. */
export interface Half {
  readonly queueOffset: number
  /** When it was stored, epoch ms. */
  readonly since: number
  /** Epoch ms: nobody is asked about it before. */
  readonly checkAfter: number
  /** How often a producer was asked. */
  readonly checks: number
  /** Those with one are decided together; null: it is decided alone. */
  readonly atomicId: string | null
}

const atomicIdOf = propertyReader(Property.atomicId)
const immunityOf = propertyReader(Property.checkImmunitySec)
const columns = 'queue_offset AS queueOffset, since, check_after AS checkAfter, checks, atomic_id AS atomicId'

/**
 * Which half messages are open: rows of state.db, derived from the half topic and the operations that say
 * which are decided. Nothing is noted beside the log but how often a producer was asked.
 */
export class Halves {
  readonly #store: MessageStore
  readonly #offsets: Offsets
  readonly #halves: WaitingProgress
  readonly #ops: WaitingProgress
  readonly #add: Statement<[number, number, number, string | null]>
  readonly #remove: Statement<[number]>
  readonly #one: Statement<[number], Half>
  readonly #alone: Statement<[], Half>
  readonly #ofAtomic: Statement<[string, number], Half>
  readonly #countOf: Statement<[string], { count: number }>
  readonly #older: Statement<[number, number], Half>
  readonly #first: Statement<[], { since: number | null; lowest: number | null }>
  readonly #asked: Statement<[number, number]>

  constructor(store: MessageStore, offsets: Offsets) {
    this.#store = store
    this.#offsets = offsets
    this.#halves = new WaitingProgress(store, halfTopic)
    this.#ops = new WaitingProgress(store, opTopic)
    const { db } = store.state
    this.#add = db.prepare('INSERT OR IGNORE INTO half VALUES (?, ?, ?, 0, ?)')
    this.#remove = db.prepare('DELETE FROM half WHERE queue_offset = ?')
    this.#one = db.prepare(`SELECT ${columns} FROM half WHERE queue_offset = ?`)
    this.#alone = db.prepare(`SELECT ${columns} FROM half WHERE atomic_id IS NULL ORDER BY queue_offset`)
    this.#ofAtomic = db.prepare(
      `SELECT ${columns} FROM half WHERE atomic_id = ? ORDER BY queue_offset LIMIT ?`,
    )
    this.#countOf = db.prepare('SELECT count(*) AS count FROM half WHERE atomic_id = ?')
    this.#older = db.prepare(`SELECT ${columns} FROM half WHERE since <= ? ORDER BY queue_offset LIMIT ?`)
    this.#first = db.prepare('SELECT min(since) AS since, min(queue_offset) AS lowest FROM half')
    this.#asked = db.prepare('UPDATE half SET checks = ? WHERE queue_offset = ?')
  }

  /** Takes in what was stored since the last time. */
  load(): void {
    if (!this.#halves.isBehind() && !this.#ops.isBehind()) return
    // of another broker's folder: below, everything is decided
    const [half, op] = [halfTopic, opTopic].map((topic) => this.#offsets.get(topic, transactionGroup, 0) ?? 0)
    this.#store.state.quickly(() => {
      this.#halves.advance(half!, (bytes, { queueOffset }) => {
        const { storeTimestamp, bornTimestamp, properties: section } = readRecord(bytes, 0)
        const properties = section.toString('utf8')
        const immunity = Number(immunityOf(properties) ?? NaN)
        const afterMs = immunity > 0 ? immunity * 1000 : checkAfterMs
        this.#add.run(queueOffset, storeTimestamp, bornTimestamp + afterMs, atomicIdOf(properties))
      })
      this.#ops.advance(op!, (bytes) => {
        for (const queueOffset of decidedOffsets(readRecord(bytes, 0).body)) this.#remove.run(queueOffset)
      })
    })
  }

  /** Null: it is decided, or never was one. */
  get(queueOffset: number): Half | null {
    return this.#one.get(queueOffset) ?? null
  }

  /** Those that are decided one by one. */
  alone(): Half[] {
    return this.#alone.all()
  }

  /** The first ones of an atomic send. */
  ofAtomic(atomicId: string, max: number): Half[] {
    return this.#ofAtomic.all(atomicId, max)
  }

  countOf(atomicId: string): number {
    return this.#countOf.get(atomicId)!.count
  }

  storedBefore(time: number, max: number): Half[] {
    return this.#older.all(time, max)
  }

  /** When the oldest one was stored, epoch ms; null: none is open. */
  oldest(): number | null {
    return this.#first.get()?.since ?? null
  }

  /** The first queue offset that still matters. */
  lowestOffset(): number {
    const next = this.#halves.next() ?? 0
    return Math.min(next, this.#first.get()?.lowest ?? next)
  }

  /** One that cannot be read. @returns false */
  forget({ queueOffset }: Half): false {
    this.#store.state.quickly(() => this.#remove.run(queueOffset))
    return false
  }

  asked({ queueOffset, checks }: Half): void {
    this.#store.state.quickly(() => this.#asked.run(checks + 1, queueOffset))
  }

  /** The record of one; null when it cannot be read. */
  record({ queueOffset }: Pick<Half, 'queueOffset'>): Buffer | null {
    const [entry] = this.#store.entries(halfTopic, 0, queueOffset, 1)
    if (entry?.queueOffset !== queueOffset) return null
    return this.#store.records(halfTopic, 0, [entry])[0] ?? null
  }
}

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
}

const immunityOf = propertyReader(Property.checkImmunitySec)
const columns = 'queue_offset AS queueOffset, since, check_after AS checkAfter, checks'

/**
 * Which half messages are open: rows of state.db, derived from the half topic and the operations that say
 * which are decided. Nothing is noted beside the log but how often a producer was asked.
 */
export class Halves {
  readonly #store: MessageStore
  readonly #offsets: Offsets
  readonly #halves: WaitingProgress
  readonly #ops: WaitingProgress
  readonly #add: Statement<[number, number, number]>
  readonly #remove: Statement<[number]>
  readonly #one: Statement<[number], Half>
  readonly #all: Statement<[], Half>
  readonly #older: Statement<[number, number], Half>
  readonly #first: Statement<[], { since: number | null; lowest: number | null }>
  readonly #asked: Statement<[number, number]>

  constructor(store: MessageStore, offsets: Offsets) {
    this.#store = store
    this.#offsets = offsets
    this.#halves = new WaitingProgress(store, halfTopic)
    this.#ops = new WaitingProgress(store, opTopic)
    const { db } = store.state
    this.#add = db.prepare('INSERT OR IGNORE INTO half VALUES (?, ?, ?, 0)')
    this.#remove = db.prepare('DELETE FROM half WHERE queue_offset = ?')
    this.#one = db.prepare(`SELECT ${columns} FROM half WHERE queue_offset = ?`)
    this.#all = db.prepare(`SELECT ${columns} FROM half ORDER BY queue_offset`)
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
        const { storeTimestamp, bornTimestamp, properties } = readRecord(bytes, 0)
        const immunity = Number(immunityOf(properties.toString('utf8')) ?? NaN)
        const afterMs = immunity > 0 ? immunity * 1000 : checkAfterMs
        this.#add.run(queueOffset, storeTimestamp, bornTimestamp + afterMs)
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

  all(): Half[] {
    return this.#all.all()
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

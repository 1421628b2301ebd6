import type { QueueExtent } from './index-db.ts'
import { filterPartOf, mayHaveKey } from './key-filter.ts'
import { cannotOpen, isCorrupt, isSound, openDatabase, type Database, type Statement } from './sqlite.ts'

/** A file with another version is dropped and made again from the index files. */
const catalogVersion = 2

const schema = `
CREATE TABLE store(id TEXT NOT NULL);
CREATE TABLE sealed_segment(base INTEGER PRIMARY KEY, last_store_time INTEGER NOT NULL, filter_parts INTEGER NOT NULL);
CREATE TABLE sealed_queue(topic TEXT NOT NULL, queue_id INTEGER NOT NULL, base INTEGER NOT NULL,
  min_offset INTEGER NOT NULL, end_offset INTEGER NOT NULL, PRIMARY KEY (topic, queue_id, base)) WITHOUT ROWID;
CREATE TABLE key_filter(base INTEGER NOT NULL, part INTEGER NOT NULL, bits BLOB NOT NULL, PRIMARY KEY (base, part));
`

interface SealedColumns {
  base: number
  min_offset: number
  end_offset: number
}

/**
 * Which sealed segment holds which part of a queue: finds the index file to open. Derived from those files.
 */
export class Catalog {
  readonly #db: Database
  readonly #segments: Statement<[number], { base: number }>
  readonly #parts: Statement<[string, number, number, number], SealedColumns>
  readonly #holding: Statement<[string, number, number, number, number], SealedColumns>

  private constructor(db: Database) {
    this.#db = db
    this.#segments = this.#db.prepare('SELECT base FROM sealed_segment WHERE base < ? ORDER BY base')
    const parts =
      'SELECT base, min_offset, end_offset FROM sealed_queue WHERE topic = ? AND queue_id = ? AND base > ? AND base < ?'
    this.#parts = this.#db.prepare(`${parts} ORDER BY base`)
    this.#holding = this.#db.prepare(`${parts} AND end_offset > ? ORDER BY base LIMIT 1`)
  }

  /**
   * @param storeId a file of another store is none
   * @returns null when there is none that can be used: missing, damaged, of another version or another store
   */
  static open(path: string, storeId: string, mode: 'read' | 'create'): Catalog | null {
    let db: Database | null = null
    try {
      db = openDatabase(path, mode)
      const version = db.pragma('user_version', { simple: true }) as number
      if (version === 0 && mode === 'create') create(db, storeId)
      else if (version !== catalogVersion) throw notOurs
      const row = db.prepare('SELECT id FROM store').get() as { id: string } | undefined
      if (row?.id !== storeId) throw notOurs
      return new Catalog(db)
    } catch (error) {
      db?.close()
      if (error === notOurs || isCorrupt(error) || (mode === 'read' && cannotOpen(error))) return null
      throw error
    }
  }

  /**
   * A segment that may have any key until it has a filter.
   * @param lastStoreTime of its last record, epoch ms
   */
  add(base: number, lastStoreTime: number, extents: readonly QueueExtent[]): void {
    const insert = this.#db.prepare('INSERT OR REPLACE INTO sealed_queue VALUES (?, ?, ?, ?, ?)')
    this.#db
      .transaction(() => {
        this.#drop(base)
        this.#db.prepare('INSERT INTO sealed_segment VALUES (?, ?, 0)').run(base, lastStoreTime)
        for (const each of extents) insert.run(each.topic, each.queueId, base, each.minOffset, each.endOffset)
      })
      .immediate()
  }

  /**
   * Adds some of the parts of a segment's filter (key-filter.ts); it counts once all are there.
   * @param parts of which the first is number `from`
   * @param count of all
   */
  addFilter(base: number, parts: readonly Buffer[], from: number, count: number): void {
    const insert = this.#db.prepare('INSERT OR REPLACE INTO key_filter VALUES (?, ?, ?)')
    this.#db
      .transaction(() => {
        parts.forEach((bits, i) => insert.run(base, from + i, bits))
        if (from + parts.length < count) return
        this.#db.prepare('UPDATE sealed_segment SET filter_parts = ? WHERE base = ?').run(count, base)
      })
      .immediate()
  }

  /** Bases of the sealed segments before a segment that have no filter yet, ascending. */
  unfilteredBefore(base: number): number[] {
    const select = 'SELECT base FROM sealed_segment WHERE base < ? AND filter_parts = 0 ORDER BY base'
    return this.#db
      .prepare<[number], { base: number }>(select)
      .all(base)
      .map((row) => row.base)
  }

  /** Forgets the queues of a topic. */
  dropTopic(topic: string): void {
    this.#db.prepare('DELETE FROM sealed_queue WHERE topic = ?').run(topic)
  }

  /** What it holds of one segment, as `add` took it. */
  partsOf(base: number): QueueExtent[] {
    const rows = this.#db.prepare('SELECT * FROM sealed_queue WHERE base = ?').all(base) as (SealedColumns & {
      topic: string
      queue_id: number
    })[]
    return rows.map((row) => ({
      topic: row.topic,
      queueId: row.queue_id,
      minOffset: row.min_offset,
      endOffset: row.end_offset,
    }))
  }

  /** Forgets what a topic has in segments that begin at or before an offset. */
  dropBelow(topic: string, base: number): void {
    this.#db.prepare('DELETE FROM sealed_queue WHERE topic = ? AND base <= ?').run(topic, base)
  }

  /** Forgets what a queue has in one segment. */
  dropPart(topic: string, queueId: number, base: number): void {
    this.#db
      .prepare('DELETE FROM sealed_queue WHERE topic = ? AND queue_id = ? AND base = ?')
      .run(topic, queueId, base)
  }

  /** Forgets a segment that has expired, or that is about to be indexed anew. */
  dropSegment(base: number): void {
    this.#db.transaction(() => this.#drop(base)).immediate()
  }

  #drop(base: number): void {
    for (const table of ['sealed_queue', 'sealed_segment', 'key_filter'])
      this.#db.prepare(`DELETE FROM ${table} WHERE base = ?`).run(base)
  }

  /** Bases of the sealed segments before a segment that may have a key, ascending. */
  basesWithKey(hash: number, before: number): number[] {
    const segments = 'SELECT base, filter_parts AS parts FROM sealed_segment WHERE base < ? ORDER BY base'
    const part = this.#db.prepare<[number, number], { bits: Buffer }>(
      'SELECT bits FROM key_filter WHERE base = ? AND part = ?',
    )
    const mayHave = (base: number, parts: number): boolean =>
      parts === 0 || mayHaveKey(part.get(base, filterPartOf(hash, parts))?.bits, hash)
    return this.#db
      .prepare<[number], { base: number; parts: number }>(segments)
      .all(before)
      .filter(({ base, parts }) => mayHave(base, parts))
      .map(({ base }) => base)
  }

  /** The parts of a segment's key filter, in order. */
  filterOf(base: number): Buffer[] {
    const parts = this.#db.prepare<[number], { bits: Buffer }>(
      'SELECT bits FROM key_filter WHERE base = ? ORDER BY part',
    )
    return parts.all(base).map(({ bits }) => bits)
  }

  /** When the last record of a sealed segment was stored, epoch ms; null for one that is not sealed. */
  lastStoreTime(base: number): number | null {
    const row = this.#db
      .prepare('SELECT last_store_time AS time FROM sealed_segment WHERE base = ?')
      .get(base)
    return (row as { time: number } | undefined)?.time ?? null
  }

  /** Bases of the sealed segments before a segment, ascending. */
  basesBefore(base: number): number[] {
    return this.#segments.all(base).map((row) => row.base)
  }

  /** The extent of a queue over all sealed segments that begin between two offsets. */
  extent(topic: string, queueId: number, after: number, before: number): QueueExtent | null {
    const rows = this.#parts.all(topic, queueId, after, before)
    if (rows.length === 0) return null
    return { topic, queueId, minOffset: rows[0]!.min_offset, endOffset: rows.at(-1)!.end_offset }
  }

  /** Base of the first sealed segment between two offsets that holds a queue offset at or behind `from`. */
  segmentHolding(topic: string, queueId: number, from: number, after: number, before: number): number | null {
    return this.#holding.get(topic, queueId, after, before, from)?.base ?? null
  }

  isSound(): boolean {
    return isSound(this.#db)
  }

  close(): void {
    this.#db.close()
  }
}

const notOurs = new Error('a catalog of another version or another store')

function create(db: Database, storeId: string): void {
  db.transaction(() => {
    db.exec(schema)
    db.prepare('INSERT INTO store VALUES (?)').run(storeId)
    db.pragma(`user_version = ${catalogVersion}`)
  }).immediate()
}

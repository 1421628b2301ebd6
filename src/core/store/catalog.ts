import type { QueueExtent } from './index-db.ts'
import { filterPartOf, mayHaveKey } from './key-filter.ts'
import { rowChecksum } from './row-checksum.ts'
import { sealedQueueSchema, SealedQueues } from './sealed-queues.ts'
import {
  cannotOpen,
  corrupt,
  isCorrupt,
  isSound,
  openDatabase,
  type Database,
  type Statement,
} from './sqlite.ts'

/** A file with another version is dropped and made again from the index files. */
const catalogVersion = 3

const schema = `
CREATE TABLE store(id TEXT NOT NULL);
CREATE TABLE sealed_segment(base INTEGER PRIMARY KEY, last_store_time INTEGER NOT NULL, filter_parts INTEGER NOT NULL,
  checksum INTEGER NOT NULL);
${sealedQueueSchema}
CREATE TABLE key_filter(base INTEGER NOT NULL, part INTEGER NOT NULL, bits BLOB NOT NULL, PRIMARY KEY (base, part));
`

interface SegmentRow {
  readonly base: number
  /** Of its last record, epoch ms. */
  readonly lastStoreTime: number
  /** 0: it has no filter yet. */
  readonly filterParts: number
}

type SegmentColumns = [base: number, lastStoreTime: number, filterParts: number, checksum: number]

/**
 * Which sealed segment holds which part of a queue: finds the index file to open. Derived from those files.
 */
export class Catalog {
  readonly #db: Database
  readonly #queues: SealedQueues
  readonly #segments: Statement<[number], SegmentColumns>

  private constructor(db: Database) {
    this.#db = db
    this.#queues = new SealedQueues(db)
    this.#segments = db.prepare('SELECT * FROM sealed_segment WHERE base < ? ORDER BY base')
    this.#segments.raw()
  }

  /**
   * @param storeId a file of another store is none
   * @returns null when there is none that can be used: missing, damaged, of another version or another store
   */
  static open(path: string, storeId: string, mode: 'read' | 'create'): Catalog | null {
    let db: Database | null = null
    try {
      db = openDatabase(path, mode)
      // filters are written once, and one page of one is read: a cache would only hold them
      db.pragma('cache_size = -2048')
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
    this.#db
      .transaction(() => {
        this.#drop(base)
        this.#putSegment({ base, lastStoreTime, filterParts: 0 })
        this.#queues.add(base, extents)
      })
      .immediate()
  }

  #putSegment({ base, lastStoreTime, filterParts }: SegmentRow): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO sealed_segment VALUES (?, ?, ?, ?)')
      .run(base, lastStoreTime, filterParts, rowChecksum(base, lastStoreTime, filterParts))
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
        const segment = this.#segment(base)
        if (segment !== null) this.#putSegment({ ...segment, filterParts: count })
      })
      .immediate()
  }

  /** Sealed segments before a segment, ascending; that one is missing is seen by what the log has. */
  #segmentsBefore(base: number): SegmentRow[] {
    return this.#segments.all(base).map(segmentOf)
  }

  #segment(base: number): SegmentRow | null {
    const select = this.#db.prepare<[number], SegmentColumns>('SELECT * FROM sealed_segment WHERE base = ?')
    select.raw()
    const columns = select.get(base)
    return columns === undefined ? null : segmentOf(columns)
  }

  /** Bases of the sealed segments before a segment that have no filter yet, ascending. */
  unfilteredBefore(base: number): number[] {
    return this.#segmentsBefore(base)
      .filter(({ filterParts }) => filterParts === 0)
      .map((segment) => segment.base)
  }

  /** Forgets the queues of a topic. */
  dropTopic(topic: string): void {
    this.#db.transaction(() => this.#queues.dropTopic(topic)).immediate()
  }

  /** What it holds of one segment, as `add` took it. */
  partsOf(base: number): QueueExtent[] {
    return this.#queues.ofSegment(base)
  }

  /** Forgets what a topic has in segments that begin at or before an offset. */
  dropBelow(topic: string, base: number): void {
    this.#db.transaction(() => this.#queues.dropBelow(topic, base)).immediate()
  }

  /** Forgets what a queue has in one segment. */
  dropPart(topic: string, queueId: number, base: number): void {
    this.#db.transaction(() => this.#queues.dropPart(topic, queueId, base)).immediate()
  }

  /** Forgets a segment that has expired, or that is about to be indexed anew. */
  dropSegment(base: number): void {
    this.#db.transaction(() => this.#drop(base)).immediate()
  }

  #drop(base: number): void {
    this.#queues.dropSegment(base)
    for (const table of ['sealed_segment', 'key_filter'])
      this.#db.prepare(`DELETE FROM ${table} WHERE base = ?`).run(base)
  }

  /** Bases of the sealed segments before a segment that may have a key, ascending. */
  basesWithKey(hash: number, before: number): number[] {
    const select = this.#db.prepare<[number, number], { bits: Buffer }>(
      'SELECT bits FROM key_filter WHERE base = ? AND part = ?',
    )
    const mayHave = ({ base, filterParts }: SegmentRow): boolean => {
      if (filterParts === 0) return true
      const part = filterPartOf(hash, filterParts)
      return mayHaveKey(select.get(base, part)?.bits, base, part, hash)
    }
    return this.#segmentsBefore(before)
      .filter(mayHave)
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
    return this.#segment(base)?.lastStoreTime ?? null
  }

  /** Bases of the sealed segments before a segment, ascending. */
  basesBefore(base: number): number[] {
    return this.#segmentsBefore(base).map((segment) => segment.base)
  }

  /** The extent of a queue over all sealed segments that begin between two offsets. */
  extent(topic: string, queueId: number, after: number, before: number): QueueExtent | null {
    return this.#queues.extent(topic, queueId, after, before)
  }

  /** Base of the first sealed segment between two offsets that holds a queue offset at or behind `from`. */
  segmentHolding(topic: string, queueId: number, from: number, after: number, before: number): number | null {
    return this.#queues.segmentHolding(topic, queueId, from, after, before)
  }

  isSound(): boolean {
    return isSound(this.#db, () => {
      this.#segmentsBefore(Infinity)
      this.#queues.check()
    })
  }

  close(): void {
    this.#db.close()
  }
}

function segmentOf([base, lastStoreTime, filterParts, checksum]: SegmentColumns): SegmentRow {
  if (rowChecksum(base, lastStoreTime, filterParts) !== checksum) throw corrupt('a segment that is none')
  return { base, lastStoreTime, filterParts }
}

const notOurs = new Error('a catalog of another version or another store')

function create(db: Database, storeId: string): void {
  db.transaction(() => {
    db.exec(schema)
    db.prepare('INSERT INTO store VALUES (?)').run(storeId)
    db.pragma(`user_version = ${catalogVersion}`)
  }).immediate()
}

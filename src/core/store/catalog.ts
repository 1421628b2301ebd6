import type { QueueExtent } from './index-db.ts'
import { openDatabase, type Database, type Statement } from './sqlite.ts'

const catalogVersion = 1

const schema = `
CREATE TABLE sealed_segment(base INTEGER PRIMARY KEY, last_store_time INTEGER NOT NULL);
CREATE TABLE sealed_queue(topic TEXT NOT NULL, queue_id INTEGER NOT NULL, base INTEGER NOT NULL,
  min_offset INTEGER NOT NULL, end_offset INTEGER NOT NULL,
  PRIMARY KEY (topic, queue_id, base)) WITHOUT ROWID;
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
  readonly #parts: Statement<[string, number, number], SealedColumns>
  readonly #holding: Statement<[string, number, number, number], SealedColumns>
  readonly #queues: Statement<
    [number],
    { topic: string; queue_id: number; min_offset: number; end_offset: number }
  >

  constructor(path: string, mode: 'read' | 'create') {
    this.#db = openDatabase(path, mode)
    if (mode === 'create' && this.#db.pragma('user_version', { simple: true }) === 0) {
      this.#db
        .transaction(() => {
          this.#db.exec(schema)
          this.#db.pragma(`user_version = ${catalogVersion}`)
        })
        .immediate()
    }
    this.#segments = this.#db.prepare('SELECT base FROM sealed_segment WHERE base < ?')
    const parts =
      'SELECT base, min_offset, end_offset FROM sealed_queue WHERE topic = ? AND queue_id = ? AND base < ?'
    this.#parts = this.#db.prepare(`${parts} ORDER BY base`)
    this.#holding = this.#db.prepare(`${parts} AND end_offset > ? ORDER BY base LIMIT 1`)
    this.#queues = this.#db.prepare(
      `SELECT topic, queue_id, min(min_offset) AS min_offset, max(end_offset) AS end_offset
       FROM sealed_queue WHERE base < ? GROUP BY topic, queue_id`,
    )
  }

  /** @param lastStoreTime of its last record, epoch ms */
  add(base: number, lastStoreTime: number, extents: readonly QueueExtent[]): void {
    const insert = this.#db.prepare('INSERT OR REPLACE INTO sealed_queue VALUES (?, ?, ?, ?, ?)')
    this.#db
      .transaction(() => {
        this.#db.prepare('INSERT OR REPLACE INTO sealed_segment VALUES (?, ?)').run(base, lastStoreTime)
        for (const each of extents) insert.run(each.topic, each.queueId, base, each.minOffset, each.endOffset)
      })
      .immediate()
  }

  /** Forgets the queues of a topic. */
  dropTopic(topic: string): void {
    this.#db.prepare('DELETE FROM sealed_queue WHERE topic = ?').run(topic)
  }

  /** Forgets a queue from an offset on. The sealed files keep its rows: what stands here decides. */
  dropFrom(topic: string, queueId: number, from: number): void {
    this.#db
      .transaction(() => {
        const queue = 'WHERE topic = ? AND queue_id = ?'
        this.#db.prepare(`DELETE FROM sealed_queue ${queue} AND min_offset >= ?`).run(topic, queueId, from)
        this.#db
          .prepare(`UPDATE sealed_queue SET end_offset = ? ${queue} AND end_offset > ?`)
          .run(from, topic, queueId, from)
      })
      .immediate()
  }

  /** Forgets a segment that has expired, or that is about to be indexed anew. */
  dropSegment(base: number): void {
    this.#db
      .transaction(() => {
        this.#db.prepare('DELETE FROM sealed_queue WHERE base = ?').run(base)
        this.#db.prepare('DELETE FROM sealed_segment WHERE base = ?').run(base)
      })
      .immediate()
  }

  /** When the last record of a sealed segment was stored, epoch ms; null for one that is not sealed. */
  lastStoreTime(base: number): number | null {
    const row = this.#db
      .prepare('SELECT last_store_time AS time FROM sealed_segment WHERE base = ?')
      .get(base)
    return (row as { time: number } | undefined)?.time ?? null
  }

  /** Bases of the sealed segments before a segment. */
  basesBefore(base: number): Set<number> {
    return new Set(this.#segments.all(base).map((row) => row.base))
  }

  /** The extent of a queue over all sealed segments before `base`. */
  extent(topic: string, queueId: number, base: number): QueueExtent | null {
    const rows = this.#parts.all(topic, queueId, base)
    if (rows.length === 0) return null
    return { topic, queueId, minOffset: rows[0]!.min_offset, endOffset: rows.at(-1)!.end_offset }
  }

  /**
   * The first sealed segment before `base` that holds a queue offset at or behind `from`, and where the queue
   * ends in it.
   */
  segmentHolding(
    topic: string,
    queueId: number,
    from: number,
    base: number,
  ): { readonly base: number; readonly endOffset: number } | null {
    const row = this.#holding.get(topic, queueId, base, from)
    return row === undefined ? null : { base: row.base, endOffset: row.end_offset }
  }

  /** All queues with something in the sealed segments before `base`. */
  extents(base: number): QueueExtent[] {
    return this.#queues.all(base).map((row) => ({
      topic: row.topic,
      queueId: row.queue_id,
      minOffset: row.min_offset,
      endOffset: row.end_offset,
    }))
  }

  close(): void {
    this.#db.close()
  }
}

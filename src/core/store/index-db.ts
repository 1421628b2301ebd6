import { keyHash } from '../lib/hash.ts'
import type { IndexTail, QueueRows } from './index-rows.ts'
import { KeyIndex, keySchema } from './key-index.ts'
import { isBusy, openDatabase, type Database, type Statement } from './sqlite.ts'

/** A file with another version is dropped and made again from its segment. */
export const indexVersion = 1

const schema = `
CREATE TABLE progress(id INTEGER PRIMARY KEY CHECK (id = 1), indexed_to INTEGER NOT NULL,
  last_store_time INTEGER NOT NULL);
CREATE TABLE queue(id INTEGER PRIMARY KEY, topic TEXT NOT NULL, queue_id INTEGER NOT NULL,
  min_offset INTEGER NOT NULL, end_offset INTEGER NOT NULL, UNIQUE (topic, queue_id));
CREATE TABLE consume_queue(queue INTEGER NOT NULL, queue_offset INTEGER NOT NULL,
  physical_offset INTEGER NOT NULL, size INTEGER NOT NULL, tags_code INTEGER NOT NULL,
  PRIMARY KEY (queue, queue_offset)) WITHOUT ROWID;
${keySchema}`

/** Rows of one INSERT: 0.8 µs a row against 1.25 µs one by one (bench/store.ts). */
const insertedAtOnce = 32

function insertRows(count: number): string {
  return `INSERT OR REPLACE INTO consume_queue VALUES ${Array(count).fill('(?, ?, ?, ?, ?)').join(', ')}`
}

function rowValues(queue: number, rows: QueueRows, from: number, count: number): number[] {
  const values = new Array<number>(count * 5)
  for (let i = 0; i < count; i++) {
    const at = i * 5
    values[at] = queue
    values[at + 1] = rows.firstOffset + from + i
    values[at + 2] = rows.physicalOffsets[from + i]!
    values[at + 3] = rows.sizes[from + i]!
    values[at + 4] = rows.tagsCodes[from + i]!
  }
  return values
}

/**
 * Key entries are hashes of topic and key, as in RocketMQ's IndexService.buildKey; readers compare the text.
 */
export function topicKeyHash(topic: string, key: string): number {
  return keyHash(`${topic}#${key}`)
}

/** The extent of a queue within one segment. `endOffset` is behind the last one. */
export interface QueueExtent {
  readonly topic: string
  readonly queueId: number
  readonly minOffset: number
  readonly endOffset: number
}

export interface QueueEntry {
  readonly queueOffset: number
  readonly physicalOffset: number
  readonly size: number
  readonly tagsCode: number
}

interface QueueColumns {
  id: number
  topic: string
  queue_id: number
  min_offset: number
  end_offset: number
}

type EntryColumns = [queueOffset: number, physicalOffset: number, size: number, tagsCode: number]

/**
 * The index of one segment: derived, bounded, rebuilt by one scan of it. Rows and `indexed_to` commit
 * together.
 */
export class IndexDb {
  readonly base: number
  readonly keys: KeyIndex
  readonly #db: Database
  readonly #queueIds = new Map<string, number>()
  readonly #progress: Statement<[], { indexed_to: number; last_store_time: number }>
  readonly #queue: Statement<[string, number], QueueColumns>
  readonly #range: Statement<[number, number, number], EntryColumns>

  private constructor(db: Database, base: number, writable: boolean) {
    this.#db = db
    this.base = base
    this.keys = new KeyIndex(db, base, writable)
    this.#progress = db.prepare('SELECT indexed_to, last_store_time FROM progress')
    this.#queue = db.prepare('SELECT * FROM queue WHERE topic = ? AND queue_id = ?')
    this.#range = db.prepare<[number, number, number], EntryColumns>(
      `SELECT queue_offset, physical_offset, size, tags_code FROM consume_queue
       WHERE queue = ? AND queue_offset >= ? ORDER BY queue_offset LIMIT ?`,
    )
    // arrays: 0.75 µs a row against 1.05 µs for objects
    this.#range.raw()
  }

  /**
   * For the writer, who holds the lock. Makes the file when it is missing; null when it is of another
   * version.
   */
  static openWritable(path: string, base: number): IndexDb | null {
    const db = openDatabase(path, 'create')
    const version = db.pragma('user_version', { simple: true }) as number
    if (version !== 0 && version !== indexVersion) {
      db.close()
      return null
    }
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = NORMAL')
    db.pragma('cache_size = -16384')
    if (version === 0) {
      db.transaction(() => {
        db.exec(schema)
        db.prepare('INSERT INTO progress VALUES (1, ?, 0)').run(base)
        db.pragma(`user_version = ${indexVersion}`)
      }).immediate()
    }
    return new IndexDb(db, base, true)
  }

  /** Null when there is none, or none this version can read. */
  static openReadable(path: string, base: number): IndexDb | null {
    const db = openDatabase(path, 'read')
    if (db.pragma('user_version', { simple: true }) !== indexVersion) {
      db.close()
      return null
    }
    return new IndexDb(db, base, false)
  }

  /** Log offset up to which records are in here. */
  get indexedTo(): number {
    return this.#progress.get()!.indexed_to
  }

  /** Store time of the last record in here, epoch ms; 0: none. */
  get lastStoreTime(): number {
    return this.#progress.get()!.last_store_time
  }

  /**
   * One transaction: all entries of a tail, how far that is, and when its last record was stored (epoch ms).
   */
  add(tail: IndexTail, indexedTo: number, lastStoreTime: number): void {
    const one = this.#db.prepare<[number[]]>(insertRows(1))
    const many = tail.count < insertedAtOnce ? null : this.#db.prepare<[number[]]>(insertRows(insertedAtOnce))
    const extend = this.#db.prepare('UPDATE queue SET end_offset = ? WHERE id = ?')
    this.#db
      .transaction(() => {
        for (const [topic, queueId, stretches] of tail.queues()) {
          for (const rows of stretches) {
            const id = this.#queueIdOf(topic, queueId, rows.firstOffset)
            let i = 0
            for (; many !== null && i + insertedAtOnce <= rows.count; i += insertedAtOnce) {
              many.run(rowValues(id, rows, i, insertedAtOnce))
            }
            for (; i < rows.count; i++) one.run(rowValues(id, rows, i, 1))
            extend.run(rows.endOffset, id)
          }
        }
        this.keys.add(tail.keyHashes, tail.keyPhysicalOffsets)
        this.#db
          .prepare('UPDATE progress SET indexed_to = ?, last_store_time = ?')
          .run(indexedTo, lastStoreTime)
      })
      .immediate()
  }

  #queueIdOf(topic: string, queueId: number, firstOffset: number): number {
    const name = `${topic}/${queueId}`
    const known = this.#queueIds.get(name)
    if (known !== undefined) return known
    const row = this.#queue.get(topic, queueId)
    const id =
      row?.id ??
      Number(
        this.#db
          .prepare('INSERT INTO queue(topic, queue_id, min_offset, end_offset) VALUES (?, ?, ?, ?)')
          .run(topic, queueId, firstOffset, firstOffset).lastInsertRowid,
      )
    this.#queueIds.set(name, id)
    return id
  }

  /** Forgets the queues of a topic; keys stay and lead to records that are refused. */
  dropTopic(topic: string): void {
    this.#db
      .transaction(() => {
        this.#db
          .prepare('DELETE FROM consume_queue WHERE queue IN (SELECT id FROM queue WHERE topic = ?)')
          .run(topic)
        this.#db.prepare('DELETE FROM queue WHERE topic = ?').run(topic)
      })
      .immediate()
    this.#queueIds.clear()
  }

  /** Forgets a queue's rows from an offset on. */
  dropFrom(topic: string, queueId: number, from: number): void {
    const row = this.#queue.get(topic, queueId)
    if (row === undefined || row.end_offset <= from) return
    this.#db
      .transaction(() => {
        this.#db.prepare('DELETE FROM consume_queue WHERE queue = ? AND queue_offset >= ?').run(row.id, from)
        if (from <= row.min_offset) this.#db.prepare('DELETE FROM queue WHERE id = ?').run(row.id)
        else this.#db.prepare('UPDATE queue SET end_offset = ? WHERE id = ?').run(from, row.id)
      })
      .immediate()
    this.#queueIds.clear()
  }

  /** Ends writing: packs the keys, leaves WAL mode, so that the file stands alone. */
  seal(): void {
    this.#db.transaction(() => this.keys.packOpen()).immediate()
    try {
      this.#db.pragma('journal_mode = DELETE')
    } catch (error) {
      // a reader has it open: it stays readable in WAL mode, and its writer is gone for good
      if (!isBusy(error)) throw error
    }
  }

  extent(topic: string, queueId: number): QueueExtent | null {
    const row = this.#queue.get(topic, queueId)
    return row === undefined ? null : extentOf(row)
  }

  extents(): QueueExtent[] {
    return (this.#db.prepare('SELECT * FROM queue').all() as QueueColumns[]).map(extentOf)
  }

  /** Entries from `from` on, at most `max`. */
  range(topic: string, queueId: number, from: number, max: number): QueueEntry[] {
    const row = this.#queue.get(topic, queueId)
    if (row === undefined) return []
    return this.#range.all(row.id, from, max).map(([queueOffset, physicalOffset, size, tagsCode]) => ({
      queueOffset,
      physicalOffset,
      size,
      tagsCode,
    }))
  }

  close(): void {
    this.#db.close()
  }
}

function extentOf(row: QueueColumns): QueueExtent {
  return { topic: row.topic, queueId: row.queue_id, minOffset: row.min_offset, endOffset: row.end_offset }
}

import { ConsumeQueue, consumeQueueSchema } from './consume-queue.ts'
import type { IndexTail } from './index-rows.ts'
import { KeyIndex, keySchema } from './key-index.ts'
import {
  busyTimeoutMs,
  cannotOpen,
  corrupt,
  isBusy,
  isCorrupt,
  isSound,
  openDatabase,
  whileBusy,
  type Database,
  type Statement,
} from './sqlite.ts'
import { WriteAheadLog } from './write-ahead-log.ts'

/** A file with another version is dropped and made again from its segment. */
export const indexVersion = 3

const schema = `
CREATE TABLE progress(id INTEGER PRIMARY KEY CHECK (id = 1), store_id TEXT NOT NULL, indexed_to INTEGER NOT NULL,
  last_store_time INTEGER NOT NULL, open_keys INTEGER NOT NULL);
CREATE TABLE queue(id INTEGER PRIMARY KEY, topic TEXT NOT NULL, queue_id INTEGER NOT NULL,
  min_offset INTEGER NOT NULL, end_offset INTEGER NOT NULL, UNIQUE (topic, queue_id));
${consumeQueueSchema}${keySchema}`

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

interface ProgressColumns {
  store_id: string
  indexed_to: number
  last_store_time: number
  /** Keys that are in no full run yet. */
  open_keys: number
}

interface QueueColumns {
  id: number
  topic: string
  queue_id: number
  min_offset: number
  end_offset: number
}

/**
 * The index of one segment: derived, bounded, rebuilt by one scan of it. Rows and `indexed_to` commit
 * together.
 */
export class IndexDb {
  readonly base: number
  readonly keys: KeyIndex
  readonly #db: Database
  /** Null in a file that is not written to. */
  readonly #log: WriteAheadLog | null
  readonly #entries: ConsumeQueue
  readonly #queueIds = new Map<string, { readonly id: number; endOffset: number }>()
  readonly #progress: Statement<[], ProgressColumns>
  readonly #queue: Statement<[string, number], QueueColumns>

  private constructor(db: Database, base: number, log: WriteAheadLog | null) {
    this.#db = db
    this.#log = log
    this.base = base
    this.keys = new KeyIndex(db, base)
    this.#entries = new ConsumeQueue(db)
    this.#progress = db.prepare('SELECT * FROM progress')
    this.#queue = db.prepare('SELECT * FROM queue WHERE topic = ? AND queue_id = ?')
  }

  /**
   * @param storeId a file of another store is none
   * @param mode write: the active segment's, made when it is missing, under the lock; build: a new one that
   * nobody
   *   sees yet
   * @returns null when there is none that can be used: missing, damaged, of another version or another store
   */
  static open(path: string, base: number, storeId: string, mode: 'read' | 'write' | 'build'): IndexDb | null {
    let db: Database | null = null
    try {
      db = openDatabase(path, mode === 'read' ? 'read' : 'create')
      const version = db.pragma('user_version', { simple: true }) as number
      if (version === indexVersion || (version === 0 && mode !== 'read')) {
        const index = IndexDb.#prepared(db, base, storeId, mode, version === 0)
        if (index !== null) return index
      }
      db.close()
      return null
    } catch (error) {
      db?.close()
      if (isCorrupt(error) || (mode === 'read' && cannotOpen(error))) return null
      throw error
    }
  }

  static #prepared(
    db: Database,
    base: number,
    storeId: string,
    mode: 'read' | 'write' | 'build',
    empty: boolean,
  ): IndexDb | null {
    if (mode === 'write') {
      // a reader of a sealed file may be in its way: SQLite does not wait for that by itself
      whileBusy(busyTimeoutMs, () => db.pragma('journal_mode = WAL'))
      db.pragma('synchronous = NORMAL')
      db.pragma('cache_size = -16384')
    } else if (mode === 'build') {
      db.pragma('journal_mode = OFF')
      db.pragma('synchronous = OFF')
    }
    if (empty) {
      db.transaction(() => {
        db.exec(schema)
        db.prepare('INSERT INTO progress VALUES (1, ?, ?, 0, 0)').run(storeId, base)
        db.pragma(`user_version = ${indexVersion}`)
      }).immediate()
    }
    const index = new IndexDb(db, base, mode === 'write' ? new WriteAheadLog(db) : null)
    return index.#progress.get()?.store_id === storeId && index.indexedTo >= base ? index : null
  }

  /** Log offset up to which records are in here. */
  get indexedTo(): number {
    const to = this.#progress.get()?.indexed_to
    if (!Number.isSafeInteger(to)) throw corrupt('no progress')
    return to!
  }

  /** Store time of the last record in here, epoch ms; 0: none. */
  get lastStoreTime(): number {
    return this.#progress.get()?.last_store_time ?? 0
  }

  /** Another process may have dropped queues, or a transaction that made them was rolled back. */
  forget(): void {
    this.#queueIds.clear()
  }

  /**
   * One transaction: all entries of a tail, how far that is, and when its last record was stored (epoch ms).
   */
  add(tail: IndexTail, indexedTo: number, lastStoreTime: number): void {
    const extend = this.#db.prepare('UPDATE queue SET end_offset = ? WHERE id = ?')
    this.#db
      .transaction(() => {
        for (const [topic, queueId, stretches] of tail.queues()) {
          for (const rows of stretches) {
            const queue = this.#queueOf(topic, queueId, rows.firstOffset)
            // another broker's queue may begin again where it was: the later record counts
            if (rows.firstOffset < queue.endOffset)
              this.#entries.dropRange(queue.id, rows.firstOffset, rows.endOffset)
            this.#entries.add(queue.id, rows)
            queue.endOffset = rows.endOffset
            extend.run(rows.endOffset, queue.id)
          }
        }
        const openKeys = this.#progress.get()?.open_keys ?? 0
        const [hashes, offsets] = [tail.keyHashes, tail.keyPhysicalOffsets].map((each) =>
          each.subarray(0, tail.keyCount),
        )
        const openNow = this.keys.add(hashes!, offsets!, openKeys)
        this.#db
          .prepare('UPDATE progress SET indexed_to = ?, last_store_time = ?, open_keys = ?')
          .run(indexedTo, lastStoreTime, openNow)
      })
      .immediate()
  }

  #queueOf(topic: string, queueId: number, firstOffset: number): { readonly id: number; endOffset: number } {
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
    const queue = { id, endOffset: row?.end_offset ?? firstOffset }
    this.#queueIds.set(name, queue)
    return queue
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

  /**
   * Ends writing: packs the keys, says that the segment is covered up to its end, leaves WAL mode, so that
   * the file stands alone.
   */
  seal(segmentEnd: number): void {
    this.#db
      .transaction(() => {
        this.keys.packOpen()
        this.#db.prepare('UPDATE progress SET indexed_to = ?, open_keys = 0').run(segmentEnd)
      })
      .immediate()
    try {
      this.#db.pragma('journal_mode = DELETE')
    } catch (error) {
      // a reader has it open: it stays readable in WAL mode, and its writer is gone for good
      if (!isBusy(error)) throw error
    }
  }

  /** Drops what lies below a topic's tombstone: a crash may have come before, or rolled it back. */
  dropBelow(topic: string, tombstone: number): void {
    const queues = this.#db.prepare('SELECT * FROM queue WHERE topic = ?').all(topic) as QueueColumns[]
    if (!queues.some(({ id }) => this.#entries.hasBelow(id, tombstone))) return
    const extend = this.#db.prepare('UPDATE queue SET min_offset = ? WHERE id = ?')
    const remove = this.#db.prepare('DELETE FROM queue WHERE id = ?')
    this.#db
      .transaction(() => {
        for (const { id } of queues) {
          this.#entries.dropBelow(id, tombstone)
          const minOffset = this.#entries.minOffset(id)
          if (minOffset === null) remove.run(id)
          else extend.run(minOffset, id)
        }
      })
      .immediate()
    this.#queueIds.clear()
  }

  extent(topic: string, queueId: number): QueueExtent | null {
    const row = this.#queue.get(topic, queueId)
    return row === undefined ? null : extentOf(row)
  }

  extents(): QueueExtent[] {
    return (this.#db.prepare('SELECT * FROM queue').all() as QueueColumns[]).map(extentOf)
  }

  /**
   * The extent of what lies between two log offsets. A reader meets files that are ahead of what it has seen
   * of the
   * log, and, after a crash, some that still hold what a tombstone hides.
   */
  extentWithin(topic: string, queueId: number, from: number, to: number): QueueExtent | null {
    const row = this.#queue.get(topic, queueId)
    if (row === undefined) return null
    const last = this.#entries.lastBelow(row.id, to)
    if (last === null || last.physicalOffset < from) return null
    return { ...extentOf(row), endOffset: last.queueOffset + 1 }
  }

  /** Rows of a queue; what damage left out makes them fewer than its extent. */
  rowsOf(topic: string, queueId: number): number {
    const row = this.#queue.get(topic, queueId)
    if (row === undefined) return 0
    return this.#entries.count(row.id)
  }

  /** Entries from `from` on, at most `max`. */
  range(topic: string, queueId: number, from: number, max: number): QueueEntry[] {
    const row = this.#queue.get(topic, queueId)
    return row === undefined ? [] : this.#entries.range(row.id, from, max)
  }

  /** Once the lock is let go: what need not be done under it. */
  tidy(): void {
    this.#log?.tidy()
  }

  isSound(): boolean {
    return isSound(this.#db)
  }

  close(): void {
    this.#db.close()
  }
}

function extentOf(row: QueueColumns): QueueExtent {
  if (!Number.isSafeInteger(row.min_offset) || !(row.end_offset >= row.min_offset)) {
    throw corrupt('an extent that is none')
  }
  return { topic: row.topic, queueId: row.queue_id, minOffset: row.min_offset, endOffset: row.end_offset }
}

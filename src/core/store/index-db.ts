import { ConsumeQueue, consumeQueueSchema } from './consume-queue.ts'
import { IndexProgress, progressSchema, type Progress } from './index-progress.ts'
import type { IndexTail, QueueRows } from './index-rows.ts'
import { KeyIndex, keySchema } from './key-index.ts'
import { QueueTable, queueSchema, type QueueRow } from './queue-table.ts'
import {
  busyTimeoutMs,
  cannotOpen,
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
export const indexVersion = 5

const schema = progressSchema + queueSchema + consumeQueueSchema + keySchema

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

/**
 * The index of one segment: derived, bounded, rebuilt by one scan of it. Rows and `indexed_to` commit
 * together. SQLite has no checksums: each row has one, bound to the place it is kept under, and what is there
 * tells what else has to be; else a flipped bit would hide messages, and nobody would notice.
 */
export class IndexDb {
  readonly base: number
  readonly keys: KeyIndex
  readonly #db: Database
  /** Null in a file that is not written to. */
  readonly #log: WriteAheadLog | null
  readonly #entries: ConsumeQueue
  readonly #queues: QueueTable
  readonly #progress: IndexProgress
  readonly #begin: Statement
  readonly #commit: Statement
  /** As they are in the file that is written to. */
  readonly #known = new Map<string, QueueRow>()

  private constructor(db: Database, base: number, log: WriteAheadLog | null) {
    this.#db = db
    this.#log = log
    this.base = base
    this.#begin = db.prepare('BEGIN')
    this.#commit = db.prepare('COMMIT')
    this.#progress = new IndexProgress(db)
    this.keys = new KeyIndex(db, base, () => this.#progress.read().keys)
    this.#entries = new ConsumeQueue(db)
    this.#queues = new QueueTable(db)
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
        const keys = { total: 0, openKeys: 0, openRuns: 0, lastRun: 0 }
        new IndexProgress(db).save({ storeId, indexedTo: base, lastStoreTime: 0, keys })
        db.pragma(`user_version = ${indexVersion}`)
      }).immediate()
    }
    const index = new IndexDb(db, base, mode === 'write' ? new WriteAheadLog(db) : null)
    const progress = index.#progress.read()
    return progress.storeId === storeId && progress.indexedTo >= base ? index : null
  }

  /** Log offset up to which records are in here. */
  get indexedTo(): number {
    return this.#progress.read().indexedTo
  }

  /** Store time of the last record in here, epoch ms; 0: none. */
  get lastStoreTime(): number {
    return this.#progress.read().lastStoreTime
  }

  /** Another process may have dropped queues, or a transaction that made them was rolled back. */
  forget(): void {
    this.#known.clear()
    this.#queues.forget()
  }

  /**
   * One transaction: all entries of a tail, how far that is, and when its last record was stored (epoch ms).
   */
  add(tail: IndexTail, indexedTo: number, lastStoreTime: number): void {
    this.#change(() => {
      for (const [topic, queueId, stretches] of tail.queues())
        for (const rows of stretches) this.#addRows(topic, queueId, rows)
      const [hashes, offsets] = [tail.keyHashes, tail.keyPhysicalOffsets].map((each) =>
        each.subarray(0, tail.keyCount),
      )
      return { indexedTo, lastStoreTime, keys: this.keys.add(hashes!, offsets!) }
    })
  }

  /** One transaction, and what the file says of itself then. */
  #change(act: () => Partial<Progress>): void {
    const change = this.#db.transaction(() => {
      const changed = act()
      this.#queues.saveSums()
      this.#progress.save({ ...this.#progress.read(), ...changed })
    })
    try {
      change.immediate()
    } catch (error) {
      this.forget()
      throw error
    }
  }

  #addRows(topic: string, queueId: number, rows: QueueRows): void {
    const { firstOffset, endOffset } = rows
    const name = `${topic}/${queueId}`
    const queue =
      this.#known.get(name) ??
      this.#queues.find(topic, queueId) ??
      this.#queues.insert(topic, queueId, firstOffset)
    // another broker's queue may begin again where it was: the later record counts
    if (firstOffset < queue.endOffset) this.#entries.dropFrom(queue.id, firstOffset)
    this.#entries.add(queue, rows)
    const minOffset = Math.min(queue.minOffset, firstOffset)
    this.#known.set(name, this.#queues.update(queue, { minOffset, endOffset }))
  }

  /** Forgets the queues of a topic; keys stay and lead to records that are refused. */
  dropTopic(topic: string): void {
    const remove = this.#db.prepare('DELETE FROM consume_queue WHERE queue = ?')
    this.#change(() => {
      for (const queue of this.#queues.ofTopic(topic)) {
        remove.run(queue.id)
        this.#queues.remove(queue)
      }
      return {}
    })
    this.#known.clear()
  }

  /**
   * Ends writing: packs the keys, says that the segment is covered up to its end, leaves WAL mode, so that
   * the file stands alone.
   */
  seal(segmentEnd: number): void {
    this.#change(() => ({ indexedTo: segmentEnd, keys: this.keys.packOpen() }))
    try {
      this.#db.pragma('journal_mode = DELETE')
    } catch (error) {
      // a reader has it open: it stays readable in WAL mode, and its writer is gone for good
      if (!isBusy(error)) throw error
    }
  }

  /** Drops what lies below a topic's tombstone: a crash may have come before, or rolled it back. */
  dropBelow(topic: string, tombstone: number): void {
    const queues = this.#queues.ofTopic(topic)
    if (!queues.some((queue) => this.#entries.hasBelow(queue, tombstone))) return
    this.#change(() => {
      for (const queue of queues) {
        const minOffset = this.#entries.dropBelow(queue.id, tombstone)
        if (minOffset === null) this.#queues.remove(queue)
        else this.#queues.update(queue, { minOffset, endOffset: queue.endOffset })
      }
      return {}
    })
    this.#known.clear()
  }

  extent(topic: string, queueId: number): QueueExtent | null {
    const row = this.#snapshot(() => this.#queues.find(topic, queueId))
    return row === null ? null : extentOf(row)
  }

  extents(): QueueExtent[] {
    return this.#snapshot(() => this.#queues.all().map(extentOf))
  }

  /**
   * The extent of what lies between two log offsets. A reader meets files that are ahead of what it has seen
   * of the
   * log, and, after a crash, some that still hold what a tombstone hides.
   */
  extentWithin(topic: string, queueId: number, from: number, to: number): QueueExtent | null {
    return this.#snapshot(() => {
      const row = this.#queues.find(topic, queueId)
      if (row === null) return null
      const last = this.#entries.lastBelow(row, to)
      if (last === null || last.physicalOffset < from) return null
      return { ...extentOf(row), endOffset: last.queueOffset + 1 }
    })
  }

  /** Rows of a queue; what damage left out makes them fewer than its extent. */
  rowsOf(topic: string, queueId: number): number {
    const row = this.#queues.find(topic, queueId)
    return row === null ? 0 : this.#entries.count(row.id)
  }

  /** Entries from `from` on, at most `max`. */
  range(topic: string, queueId: number, from: number, max: number): QueueEntry[] {
    return this.#snapshot(() => {
      const row = this.#queues.find(topic, queueId)
      return row === null ? [] : this.#entries.range(row, from, max)
    })
  }

  /** Log offsets of messages that may have a key, in no order. */
  find(hash: number): number[] {
    return this.#snapshot(() => this.keys.find(hash))
  }

  /** What is read must be of one moment: another process may write to the file. */
  #snapshot<T>(act: () => T): T {
    if (this.#db.inTransaction) return act()
    this.#begin.run()
    try {
      return act()
    } finally {
      this.#end()
    }
  }

  /** SQLite itself ends a transaction in which it met an error of the disk. */
  #end(): void {
    if (this.#db.inTransaction) this.#commit.run()
  }

  /** Once the lock is let go: what need not be done under it. */
  tidy(): void {
    this.#log?.tidy()
  }

  isSound(): boolean {
    return isSound(this.#db, () => this.#snapshot(() => this.#readAll()))
  }

  /** Looks at every row, as those who look for one do. */
  #readAll(): void {
    for (const queue of this.#queues.all()) {
      this.#queues.checkName(queue)
      this.#entries.lastBelow(queue, -1)
    }
    this.keys.forEach(() => undefined)
  }

  close(): void {
    this.#db.close()
  }
}

function extentOf({ topic, queueId, minOffset, endOffset }: QueueRow): QueueExtent {
  return { topic, queueId, minOffset, endOffset }
}

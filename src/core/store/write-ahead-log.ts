import type { Database, Statement } from './sqlite.ts'

/**
 * Frames, of 4 KiB, in the log of one database. Whoever commits moves them to the database when there are so
 * many, which SQLite does by itself: two syncs and 4 MiB take 10 to 30 ms, and all who wait for the folder
 * wait for that.
 */
const framesMax = 4000
/**
 * `tidy` moves so many. Others write on meanwhile, and the log only begins anew where nothing is left in it:
 * when it has become long, `tidy` sees to it that the commit that finds it full has not much to do.
 */
const [manyLeft, longLog, someLeft] = [1000, 3000, 100]

interface Frames {
  readonly busy: number
  readonly log: number
  readonly checkpointed: number
}

/** The write-ahead log of a database that is written to under the folder's lock. */
export class WriteAheadLog {
  readonly #db: Database
  #look: Statement<[], Frames> | null = null

  constructor(db: Database) {
    this.#db = db
    db.pragma(`wal_autocheckpoint = ${framesMax}`)
  }

  /** For whoever has let the folder go: nobody waits for it. 6 µs when there is nothing to do. */
  tidy(): void {
    try {
      this.#look ??= this.#db.prepare('PRAGMA wal_checkpoint(NOOP)')
      const { log, checkpointed } = this.#look.get()!
      const left = log - checkpointed
      if (left >= manyLeft || (log >= longLog && left >= someLeft)) this.#db.pragma('wal_checkpoint(PASSIVE)')
    } catch {
      // the disk is full, or the file is damaged: whoever commits next is told, and loses nothing by it
    }
  }
}

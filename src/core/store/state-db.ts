import { MqError } from '../errors.ts'
import {
  busyTimeoutMs,
  cannotOpen,
  isCorrupt,
  openDatabase,
  whileBusy,
  type Database,
  type Statement,
} from './sqlite.ts'
import { WriteAheadLog } from './write-ahead-log.ts'

/** Raised when the tables change; a file with a higher one is refused. */
export const stateVersion = 5

/** A server looks so often, ms, whether others have changed something. */
const heldVersionMs = 10

/** A file of up to this many pages is checked whole when it is opened: 0.1 ms. */
const checkedPagesMax = 256

const schema = `
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE writer(
  id INTEGER PRIMARY KEY CHECK (id = 1), epoch INTEGER NOT NULL, boot_id TEXT NOT NULL, clean INTEGER NOT NULL,
  log_end INTEGER NOT NULL, synced_to INTEGER NOT NULL, indexed_to INTEGER NOT NULL, files_epoch INTEGER NOT NULL,
  next_due_at INTEGER);
INSERT INTO writer VALUES (1, 0, '', 1, 0, 0, 0, 0, NULL);
CREATE TABLE data_version(kind TEXT PRIMARY KEY, timestamp INTEGER NOT NULL, counter INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE topic(name TEXT PRIMARY KEY, config TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE subscription_group(name TEXT PRIMARY KEY, config TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE consumer_offset(
  topic TEXT NOT NULL, group_name TEXT NOT NULL, queue_id INTEGER NOT NULL, next_offset INTEGER NOT NULL,
  PRIMARY KEY (topic, group_name, queue_id)) WITHOUT ROWID;
CREATE TABLE delay_offset(level INTEGER PRIMARY KEY, next_offset INTEGER NOT NULL);
CREATE TABLE tombstone(topic TEXT PRIMARY KEY, physical_offset INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE queue_floor(topic TEXT NOT NULL, queue_id INTEGER NOT NULL, end_offset INTEGER NOT NULL,
  PRIMARY KEY (topic, queue_id)) WITHOUT ROWID;
CREATE TABLE damage(log_from INTEGER PRIMARY KEY, log_to INTEGER NOT NULL, why TEXT NOT NULL,
  found_at INTEGER NOT NULL);
CREATE TABLE kv_config(namespace TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (namespace, key)) WITHOUT ROWID;
`

/** What version 2 added: POP, see broker/pop. */
const popTables = `
CREATE TABLE pop_queue(
  topic TEXT NOT NULL, group_name TEXT NOT NULL, queue_id INTEGER NOT NULL, next_offset INTEGER NOT NULL,
  reported INTEGER NOT NULL, PRIMARY KEY (topic, group_name, queue_id)) WITHOUT ROWID;
CREATE TABLE pop_receipt(
  topic TEXT NOT NULL, group_name TEXT NOT NULL, queue_id INTEGER NOT NULL, queue_offset INTEGER NOT NULL,
  pop_time INTEGER NOT NULL, invisible_until INTEGER NOT NULL, deliveries INTEGER NOT NULL,
  PRIMARY KEY (topic, group_name, queue_id, queue_offset)) WITHOUT ROWID;
CREATE TABLE request_mode(topic TEXT NOT NULL, group_name TEXT NOT NULL, mode TEXT NOT NULL,
  PRIMARY KEY (topic, group_name)) WITHOUT ROWID;
`

/** What version 3 added: what waits for a time (broker/timer), or for a decision (broker/transaction). */
const waitingTables = `
CREATE TABLE timer(due_at INTEGER NOT NULL, queue_offset INTEGER NOT NULL, recall_key TEXT NOT NULL,
  PRIMARY KEY (due_at, queue_offset)) WITHOUT ROWID;
CREATE TABLE waiting_progress(topic TEXT PRIMARY KEY, next_offset INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE half(
  queue_offset INTEGER PRIMARY KEY, since INTEGER NOT NULL, check_after INTEGER NOT NULL, checks INTEGER NOT NULL);
ALTER TABLE request_mode ADD COLUMN share_queues INTEGER NOT NULL DEFAULT -1;
`

/** What version 4 added: what a broker was told while it ran. */
const settingTable = `
CREATE TABLE setting(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
`

/** What version 5 added: half messages that are decided together, see broker/transaction/atomic-sends. */
const atomicTables = `
ALTER TABLE half ADD COLUMN atomic_id TEXT;
CREATE INDEX half_atomic ON half(atomic_id, queue_offset) WHERE atomic_id IS NOT NULL;
CREATE TABLE decided(atomic_id TEXT PRIMARY KEY, commits INTEGER NOT NULL) WITHOUT ROWID;
`

/** How a state of each version becomes one of the next. */
const migrations = [schema, popTables, waitingTables, settingTable, atomicTables]

/** The hand-over between writers; see src/core/README.md. Offsets are the commit log's. */
export interface WriterRow {
  readonly epoch: number
  readonly bootId: string
  /** False: a writer is at work, or died at it. */
  readonly clean: boolean
  readonly logEnd: number
  readonly syncedTo: number
  readonly indexedTo: number
  /** Raised when segments or index files were replaced: what others hold open of them is another file. */
  readonly filesEpoch: number
  /** When something that waits is due, epoch ms: not later than that. Null: nothing waits. */
  readonly nextDueAt: number | null
}

interface WriterColumns {
  epoch: number
  boot_id: string
  clean: number
  log_end: number
  synced_to: number
  indexed_to: number
  files_epoch: number
  next_due_at: number | null
}

/**
 * `state.db`: what is true and not in the log. Configuration is committed FULL; the writer row and offsets
 * NORMAL, since a roll-back of those only repeats work.
 */
export class StateDb {
  readonly db: Database
  readonly #log: WriteAheadLog
  readonly #selectWriter: Statement<[], WriterColumns>
  readonly #updateWriter: Statement<[number, string, number, number, number, number, number, number | null]>
  readonly #selectChanges: Statement<[], { data_version: number }>
  readonly #selectVersion: Statement<[string], { timestamp: number; counter: number }>
  readonly #raiseVersion: Statement<[string, number]>
  readonly #selectMeta: Statement<[string], { value: string }>
  readonly #selectSetting: Statement<[string], { value: string }>
  #refusal: MqError | null = null
  #versionInRun: number | null = null
  /** Of a server: when the version was asked for, performance.now(); null: it is none. */
  #askedAt: number | null = null

  /**
   * @param path `:memory:` for one that is gone when it is closed
   * @param mode create: an empty file is given its tables; open: there is a state to lose, an empty file is a
   * lost one
   * @throws MQ_STORE_VERSION, MQ_STORE_CORRUPT, MQ_STORE_UNWRITABLE
   */
  constructor(path: string, mode: 'open' | 'create') {
    this.db = openDatabase(path, 'create')
    try {
      this.#migrate(path, mode)
      this.#check(path)
      this.#log = new WriteAheadLog(this.db)
      // 1 µs; as a pragma it would be prepared each time
      this.#selectChanges = this.db.prepare('PRAGMA data_version')
      this.#selectWriter = this.db.prepare('SELECT * FROM writer')
      this.#updateWriter = this.db.prepare(
        `UPDATE writer SET epoch = ?, boot_id = ?, clean = ?, log_end = ?, synced_to = ?, indexed_to = ?,
           files_epoch = ?, next_due_at = ?`,
      )
      this.#selectVersion = this.db.prepare('SELECT timestamp, counter FROM data_version WHERE kind = ?')
      this.#raiseVersion = this.db.prepare(
        `INSERT INTO data_version VALUES (?, ?, 1)
         ON CONFLICT DO UPDATE SET timestamp = excluded.timestamp, counter = counter + 1`,
      )
      this.#selectMeta = this.db.prepare('SELECT value FROM meta WHERE key = ?')
      this.#selectSetting = this.db.prepare('SELECT value FROM setting WHERE name = ?')
    } catch (error) {
      this.db.close()
      if (cannotOpen(error)) {
        throw new MqError('MQ_STORE_UNWRITABLE', `${path} cannot be opened: ${(error as Error).message}`, {
          cause: error,
        })
      }
      if (!isCorrupt(error)) throw error
      throw corruptState(path, (error as Error).message, error)
    }
  }

  #migrate(path: string, mode: 'open' | 'create'): void {
    whileBusy(busyTimeoutMs, () => {
      const version = this.db.pragma('user_version', { simple: true }) as number
      if (version > stateVersion) {
        throw new MqError(
          'MQ_STORE_VERSION',
          `${path} has version ${version}, this pocketmq knows ${stateVersion}`,
        )
      }
      if (version === stateVersion) return
      if (version === 0 && mode === 'open') throw corruptState(path, 'it is empty')
      this.db.pragma('journal_mode = WAL')
      this.db
        .transaction(() => {
          // another process may have been first
          const before = this.db.pragma('user_version', { simple: true }) as number
          for (const migration of migrations.slice(before)) this.db.exec(migration)
          this.db.pragma(`user_version = ${stateVersion}`)
        })
        .immediate()
    })
  }

  /** A larger file shows its damage when the damaged page is met. */
  #check(path: string): void {
    if ((this.db.pragma('page_count', { simple: true }) as number) > checkedPagesMax) return
    const found = this.db.pragma('quick_check(1)', { simple: true }) as string
    if (found !== 'ok') throw corruptState(path, found)
  }

  /** A FULL transaction: durable when it returns. */
  durably<T>(act: () => T): T {
    this.db.pragma('synchronous = FULL')
    return this.#transaction(act)
  }

  /** A NORMAL transaction: safe from the death of the process, not of the machine. */
  quickly<T>(act: () => T): T {
    this.db.pragma('synchronous = NORMAL')
    return this.#transaction(act)
  }

  /** From now on whatever would change it throws `refusal`. */
  refuseChanges(refusal: MqError): void {
    this.#refusal = refusal
    this.db.pragma('query_only = ON')
  }

  #transaction<T>(act: () => T): T {
    if (this.#refusal !== null) throw this.#refusal
    const transaction = this.db.transaction(act)
    return whileBusy(busyTimeoutMs, () => transaction.immediate())
  }

  writer(): WriterRow {
    const row = this.#selectWriter.get()!
    return {
      epoch: row.epoch,
      bootId: row.boot_id,
      clean: row.clean === 1,
      logEnd: row.log_end,
      syncedTo: row.synced_to,
      indexedTo: row.indexed_to,
      filesEpoch: row.files_epoch,
      nextDueAt: row.next_due_at,
    }
  }

  setWriter(row: WriterRow): void {
    this.quickly(() =>
      this.#updateWriter.run(
        row.epoch,
        row.bootId,
        row.clean ? 1 : 0,
        row.logEnd,
        row.syncedTo,
        row.indexedTo,
        row.filesEpoch,
        row.nextDueAt,
      ),
    )
  }

  /** Changes when another connection has committed; PRAGMA data_version. */
  version(): number {
    return this.#selectChanges.get()!.data_version
  }

  /**
   * Whoever opened this holds the folder until it is closed. Others hardly ever commit: who had it open
   * before, and changes what needs no lock.
   */
  hold(): void {
    this.#askedAt = -Infinity
  }

  /** The same, asked once in a run of the event loop: it takes some microseconds, and a message fewer. */
  versionInRun(): number {
    if (this.#askedAt !== null) return this.#versionLately(this.#askedAt)
    if (this.#versionInRun === null) {
      this.#versionInRun = this.version()
      queueMicrotask(() => (this.#versionInRun = null))
    }
    return this.#versionInRun
  }

  #versionLately(askedAt: number): number {
    const now = performance.now()
    if (now - askedAt >= heldVersionMs) {
      this.#askedAt = now
      this.#versionInRun = this.version()
    }
    return this.#versionInRun!
  }

  /** RocketMQ's DataVersion of a table: name servers compare it. */
  dataVersion(kind: string): { readonly timestamp: number; readonly counter: number } {
    return this.#selectVersion.get(kind) ?? { timestamp: 0, counter: 0 }
  }

  raiseDataVersion(kind: string, now: number): void {
    this.#raiseVersion.run(kind, now)
  }

  meta(key: string): string | null {
    return this.#selectMeta.get(key)?.value ?? null
  }

  /** What a broker was told while it ran; null: nothing. */
  setting(name: string): string | null {
    return this.#selectSetting.get(name)?.value ?? null
  }

  setSettings(values: Readonly<Record<string, string>>): void {
    const upsert = this.db.prepare(
      'INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    )
    this.durably(() => {
      for (const [name, value] of Object.entries(values)) upsert.run(name, value)
    })
  }

  /** Sets it once: what a folder was created with stays. */
  initMeta(values: Readonly<Record<string, string>>): void {
    const insert = this.db.prepare('INSERT OR IGNORE INTO meta VALUES (?, ?)')
    for (const [key, value] of Object.entries(values)) insert.run(key, value)
  }

  setMeta(key: string, value: string): void {
    const upsert = 'INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value'
    this.durably(() => this.db.prepare(upsert).run(key, value))
  }

  /** Once the lock is let go: what need not be done under it. */
  tidy(): void {
    this.#log.tidy()
  }

  close(): void {
    this.db.close()
  }
}

function corruptState(path: string, why: string, cause?: unknown): MqError {
  return new MqError('MQ_STORE_CORRUPT', `${path} is damaged: ${why}`, {
    hint: 'topics, groups and offsets are in it: put it back from a backup; nothing was changed',
    cause,
  })
}

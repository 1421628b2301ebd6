import { createRequire } from 'node:module'
import type BetterSqlite3 from 'better-sqlite3'
import { MqError } from '../errors.ts'

export type Database = BetterSqlite3.Database
export type Statement<P extends unknown[] = unknown[], R = unknown> = BetterSqlite3.Statement<P, R>

const load = createRequire(import.meta.url)
let Sqlite: typeof BetterSqlite3 | null = null

/** How long a short transaction, or a recovery of the write-ahead log, of another process may take. */
export const busyTimeoutMs = 5000

/**
 * Opens a SQLite file. The native library is loaded here, at first use: commands against a cluster never need
 * it.
 * @param timeoutMs how long SQLite itself waits for a lock
 * @throws MQ_STORE_UNWRITABLE when it is missing or may not be opened
 */
export function openDatabase(path: string, mode: 'read' | 'create', timeoutMs = busyTimeoutMs): Database {
  Sqlite ??= load('better-sqlite3') as typeof BetterSqlite3
  try {
    return new Sqlite(path, { timeout: timeoutMs, readonly: mode === 'read', fileMustExist: mode === 'read' })
  } catch (error) {
    throw new MqError('MQ_STORE_UNWRITABLE', `${path} cannot be opened: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

function sqliteCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

export function isBusy(error: unknown): boolean {
  return sqliteCode(error).startsWith('SQLITE_BUSY')
}

/** The file is damaged, or no database at all. SQLITE_ERROR: its tables are not those of our statements. */
export function isCorrupt(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB|ERROR$|FORMAT|IOERR_SHORT_READ|IOERR_CORRUPTFS|MISMATCH|RANGE)/.test(
    sqliteCode(error),
  )
}

/** The file went away, or is not allowed to be read: who can do without it does. */
export function cannotOpen(error: unknown): boolean {
  const code = sqliteCode(error instanceof MqError ? error.cause : error)
  return code.startsWith('SQLITE_CANTOPEN') || code.startsWith('SQLITE_READONLY')
}

/** What a damaged file is thrown as that SQLite itself takes for sound. */
export function corrupt(message: string): Error {
  return Object.assign(new Error(message), { code: 'SQLITE_CORRUPT' })
}

/**
 * Looks at every page: for a file that is under suspicion.
 * @param readAll reads every row, and throws what `isCorrupt` says is damage
 */
export function isSound(db: Database, readAll: () => void): boolean {
  try {
    if (db.pragma('quick_check(1)', { simple: true }) !== 'ok') return false
  } catch {
    return false
  }
  try {
    readAll()
    return true
  } catch (error) {
    if (!isCorrupt(error)) throw error
    return false
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4))

/** Blocks the thread. Only for waits on another process that are over in milliseconds. */
export function sleepSync(ms: number): void {
  Atomics.wait(pause, 0, 0, ms)
}

/** Runs again while another connection holds the database, where SQLite does not wait by itself. */
export function whileBusy<T>(timeoutMs: number, act: () => T): T {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    try {
      return act()
    } catch (error) {
      if (!isBusy(error) || Date.now() >= deadline) throw error
      sleepSync(1)
    }
  }
}

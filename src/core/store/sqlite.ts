import { createRequire } from 'node:module'
import type BetterSqlite3 from 'better-sqlite3'
import { MqError } from '../errors.ts'

export type Database = BetterSqlite3.Database
export type Statement<P extends unknown[] = unknown[], R = unknown> = BetterSqlite3.Statement<P, R>

const load = createRequire(import.meta.url)

/**
 * Opens a SQLite file. The native library is loaded here, at first use: commands against a cluster never need
 * it.
 */
export function openDatabase(path: string, mode: 'read' | 'create'): Database {
  const Sqlite = load('better-sqlite3') as typeof BetterSqlite3
  try {
    // timeout 0: who waits, and how, is decided by the caller (lock.ts)
    return new Sqlite(path, { timeout: 0, readonly: mode === 'read', fileMustExist: mode === 'read' })
  } catch (error) {
    throw new MqError('MQ_STORE_UNWRITABLE', `${path} cannot be opened: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

export function isBusy(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' && code.startsWith('SQLITE_BUSY')
}

const pause = new Int32Array(new SharedArrayBuffer(4))

/** Blocks the thread. Only for waits on another process that are over in milliseconds. */
export function sleepSync(ms: number): void {
  Atomics.wait(pause, 0, 0, ms)
}

/** Runs again while another connection holds the database, up to `timeoutMs`. */
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

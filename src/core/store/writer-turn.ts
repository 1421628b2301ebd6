import { bootId } from '../lib/boot-id.ts'
import { MqError } from '../errors.ts'
import type { AppendBatch } from './append-batch.ts'
import type { CommitLog } from './commit-log.ts'
import type { StoreLock } from './lock.ts'
import { walkLog } from './log-walk.ts'
import type { StateDb, WriterRow } from './state-db.ts'
import { clampOffsets, type Tombstones } from './state-tables.ts'
import type { StoreIndex } from './store-index.ts'

export interface WriterTurnParts {
  readonly folder: string
  readonly lock: StoreLock
  readonly lockTimeoutMs: number
  readonly state: StateDb
  readonly log: CommitLog
  readonly index: StoreIndex
  readonly batch: AppendBatch
  readonly tombstones: Tombstones
}

/**
 * The hand-over between writers. Whoever takes the lock reads the writer row: clean and of this boot, the log
 * ends where it says; else the last writer died, and everything behind the last sync is looked at before a
 * byte is written.
 */
export class WriterTurn {
  readonly #parts: WriterTurnParts
  /** Of our last turn; no row has it before the first one. */
  #epoch = -1
  /** Log offset up to which everything is on the disk. */
  syncedTo = 0
  /** A write failed: the next turn begins with a recovery. */
  torn = false

  constructor(parts: WriterTurnParts) {
    this.#parts = parts
  }

  /** Takes the lock, if it is not held, and takes over. @returns true when a turn began @throws MQ_STORE_* */
  begin(): boolean {
    const { lock, lockTimeoutMs } = this.#parts
    if (lock.held && !this.torn) return false
    if (!lock.held) lock.acquire(lockTimeoutMs)
    try {
      this.#take()
      return true
    } catch (error) {
      lock.release()
      throw error
    }
  }

  #take(): void {
    const { state, index, log } = this.#parts
    const row = state.writer()
    const orderly = row.clean && row.bootId === bootId() && !this.torn
    if (!orderly) this.#recover(row)
    else if (this.#epoch !== row.epoch) this.#takeOver(row.logEnd)
    else index.resume()
    this.syncedTo = log.end
    this.#epoch = row.epoch + 1
    this.torn = false
    this.save(false)
  }

  #takeOver(logEnd: number): void {
    const { folder, log, index, batch } = this.#parts
    log.refresh()
    if (log.inspect(logEnd, 1024).seen.frame === 'message') {
      throw new MqError('MQ_STORE_FOREIGN', `the log of ${folder} goes on behind what pocketmq wrote`)
    }
    log.resumeAt(logEnd)
    batch.forgetOffsets()
    index.attach(logEnd)
  }

  #recover(row: WriterRow): void {
    const { state, log, index, tombstones } = this.#parts
    log.refresh()
    const from = Math.max(row.syncedTo, log.minOffset)
    const end = walkLog(log, from, row.syncedTo, { record: ignore, damage: ignore })
    log.truncateTo(end)
    index.dropBehind(end)
    this.#takeOver(end)
    tombstones.clamp(end)
    clampOffsets(state, (topic, queueId) => index.extent(topic, queueId).endOffset)
  }

  /** Lets the lock go; `orderly`: the next writer may trust the row. */
  end(orderly: boolean): void {
    if (orderly) this.save(true)
    this.#parts.index.detach()
    this.#parts.lock.release()
  }

  save(clean: boolean): void {
    const { state, log, index } = this.#parts
    state.setWriter({
      epoch: this.#epoch,
      bootId: bootId(),
      clean,
      logEnd: log.writtenTo,
      syncedTo: this.syncedTo,
      indexedTo: index.flushedTo,
    })
  }
}

function ignore(): void {
  // a walk from the last sync on meets no record twice, and no damage
}

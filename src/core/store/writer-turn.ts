import { join } from 'node:path'
import { bootId } from '../lib/boot-id.ts'
import { MqError } from '../errors.ts'
import type { AppendBatch } from './append-batch.ts'
import type { CommitLog } from './commit-log.ts'
import type { FileSystem } from './file-system.ts'
import { liveBroker } from './live-broker.ts'
import type { StoreLock } from './lock.ts'
import { refuseForeignBehind, walkLog } from './log-walk.ts'
import type { StateDb, WriterRow } from './state-db.ts'
import { clampOffsets, type Tombstones } from './state-tables.ts'
import type { StoreIndex } from './store-index.ts'

export interface WriterTurnParts {
  readonly folder: string
  readonly fs: FileSystem
  readonly lock: StoreLock
  readonly lockTimeoutMs: number
  readonly state: StateDb
  readonly log: CommitLog
  readonly index: StoreIndex
  readonly batch: AppendBatch
  readonly tombstones: Tombstones
  readonly endOffset: (topic: string, queueId: number) => number
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
  /** The files that we hold open are those of this epoch. */
  #filesEpoch = -1
  #replacedSeen = 0
  /** Log offset up to which everything is on the disk. */
  syncedTo = 0
  /** WriterRow's. */
  nextDueAt: number | null = null
  /** When this turn's lock was taken; performance.now(). */
  beganAt = 0
  /** A write failed: the next turn begins with a recovery. */
  torn = false

  constructor(parts: WriterTurnParts) {
    this.#parts = parts
  }

  /** The lock is held. */
  get held(): boolean {
    return this.#parts.lock.held
  }

  /** Another process waits for its turn. */
  get awaited(): boolean {
    return this.#parts.lock.awaited
  }

  /** Takes the lock, if it is not held, and takes over. @returns true when a turn began @throws MQ_STORE_* */
  begin(): boolean {
    const { lock, lockTimeoutMs, index } = this.#parts
    if (lock.held && !this.torn) return false
    if (!lock.held) lock.acquire(lockTimeoutMs)
    this.beganAt = performance.now()
    try {
      this.#take()
      return true
    } catch (error) {
      // nothing that was read on the way counts
      this.#epoch = this.#filesEpoch = -1
      index.detach()
      lock.release()
      throw error
    }
  }

  /** Reader and writer: what another process has replaced is opened anew. */
  notice(row: WriterRow): void {
    // whoever did not finish may have stored what is due before
    this.nextDueAt = row.clean && row.bootId === bootId() ? row.nextDueAt : 0
    if (row.filesEpoch === this.#filesEpoch) return
    this.#filesEpoch = row.filesEpoch
    this.#parts.log.reopen()
    this.#parts.index.reopen()
  }

  /** A broker makes its `lock` when it starts, and leaves it behind. */
  #refuseBroker(): void {
    const { folder, fs } = this.#parts
    if (fs.fileSize(join(folder, 'lock')) === null) return
    const live = liveBroker(fs, folder)
    if (live === null) return
    throw new MqError('MQ_STORE_IN_USE', `${folder}: ${live}`, { hint: 'stop the broker first' })
  }

  #take(): void {
    const { state, index, log, batch, tombstones } = this.#parts
    this.#refuseBroker()
    tombstones.look()
    const row = state.writer()
    this.notice(row)
    this.#replacedSeen = index.replaced
    if (!row.clean || row.bootId !== bootId() || this.torn) {
      this.#recover(row)
      this.nextDueAt = this.syncedTo === 0 ? null : 0
    } else if (this.#epoch !== row.epoch) {
      // where others only wrote on in the segments we know, there is nothing new to look for
      if (log.segmentEnd(row.logEnd) === null) log.refresh()
      this.#takeOver(row.logEnd)
      if (row.syncedTo < row.logEnd) log.datasyncFrom(row.syncedTo)
      this.syncedTo = row.logEnd
      // an index was lost: what its files knew of damaged records is not in the log
      if (index.replaced !== this.#replacedSeen) {
        index.dropBelow(tombstones.all())
        this.clampOffsets()
      }
    } else {
      this.#refuseContinued(row.logEnd)
      index.resume()
    }
    batch.notBefore(index.lastStoreTime)
    this.#epoch = row.epoch + 1
    this.torn = false
    this.save(false)
  }

  /** Nobody but a broker that ran on the folder can have written behind an end that is known. */
  #refuseContinued(logEnd: number): void {
    const { log } = this.#parts
    // the segment may be full, and theirs the next one
    if (log.segmentEnd(logEnd) === null) log.refresh()
    const { seen } = log.inspect(logEnd, 8)
    if (seen.frame === 'zeros') return
    const full = seen.frame === 'blank' && logEnd + seen.size === log.segmentEnd(logEnd)
    if (full || log.inspect(logEnd, 1024).seen.frame === 'message') throw log.foreignAt(logEnd)
    log.refuseForeign(logEnd)
  }

  #takeOver(logEnd: number): void {
    const { log, index, batch } = this.#parts
    this.#refuseContinued(logEnd)
    log.resumeAt(logEnd)
    batch.forgetOffsets()
    index.attach(logEnd)
  }

  #recover(row: WriterRow): void {
    const { log, index, tombstones } = this.#parts
    log.refresh()
    log.check(row.syncedTo)
    const from = Math.max(row.syncedTo, log.minOffset)
    const end = walkLog(log, from, row.syncedTo, { record: ignore, damage: ignore })
    refuseForeignBehind(log, end)
    log.truncateTo(end)
    // the last writer may have died before it synced what is kept
    log.datasyncFrom(from)
    this.syncedTo = end
    // others may hold open what was removed here
    this.#filesEpoch++
    index.check(end)
    this.#takeOver(end)
    index.dropBelow(tombstones.all())
    tombstones.clamp(end)
    this.clampOffsets()
  }

  /** Offsets of groups that ran ahead of what is there now. */
  clampOffsets(): void {
    const { state, endOffset } = this.#parts
    clampOffsets(state, endOffset)
  }

  /**
   * Lets the lock go; `orderly`: the next writer may trust the row. @throws MQ_STORE_UNWRITABLE, after it did
   */
  end(orderly: boolean): void {
    const { index, lock } = this.#parts
    try {
      if (orderly) this.save(true)
      else this.torn = true
    } catch (error) {
      this.torn = true
      throw error
    } finally {
      index.detach()
      lock.release()
    }
  }

  /** What need not be done while others wait for the folder. */
  tidy(): void {
    this.#parts.index.tidy()
    this.#parts.state.tidy()
  }

  /** Something that is staged is due at this time, epoch ms. */
  expectDue(at: number): void {
    this.nextDueAt = Math.min(at, this.nextDueAt ?? Infinity)
  }

  save(clean: boolean): void {
    const { state, log, index } = this.#parts
    if (index.replaced !== this.#replacedSeen) this.#filesEpoch++
    this.#replacedSeen = index.replaced
    state.setWriter({
      epoch: this.#epoch,
      bootId: bootId(),
      clean,
      logEnd: log.writtenTo,
      syncedTo: this.syncedTo,
      indexedTo: index.flushedTo,
      filesEpoch: this.#filesEpoch,
      nextDueAt: this.nextDueAt,
    })
  }

  close(): void {
    this.#parts.lock.close()
  }
}

function ignore(): void {
  // a walk from the last sync on meets no record twice, and no damage
}

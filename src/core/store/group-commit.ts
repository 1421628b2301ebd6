import { MqError } from '../errors.ts'
import type { AppendBatch } from './append-batch.ts'
import type { CommitLog } from './commit-log.ts'
import type { DispatchedRecord } from './index-rows.ts'
import type { StagedRecords } from './staged-records.ts'
import { unwritable } from './store-error.ts'
import type { StoreIndex } from './store-index.ts'
import type { WriterTurn } from './writer-turn.ts'

/** Staged bytes that are committed without waiting for the end of the tick. */
const batchSizeMax = 4 * 1024 * 1024
/**
 * For so long, ms, from the lock on, a turn takes over and stages what one tick brings while others wait;
 * writing, syncing and indexing that takes twice as long (bench/lock.ts). Whether they do takes some
 * microseconds to find out.
 */
const awaitedTurnMs = 1
/**
 * A turn of at least so many messages stays open while more come, up to so many messages and ms: pipes and
 * files bring 64 KiB at a time, and a turn costs as much as hundreds of messages. It ends when nothing has
 * come for so many ms.
 */
const bulk = { messagesMin: 64, messagesMax: 2048, turnMs: 50, idleMs: 0.5 }
/**
 * Index entries of messages kept in memory at most: enough to fill a run of keys, which is then packed
 * without ever being rows. Whoever opens the folder meanwhile walks that much of the log.
 */
const unflushedMax = 32_768
/** A server puts what came for a thousand queues into a thousand rows: not with every sync; ms. */
const heldFlushMs = 2000
/** A turn of fewer messages leaves nothing unflushed: others open the folder as often as that. */
const smallTurn = 2048

/** @param error why it will never be on the disk */
export type WhenSynced = (error: MqError | null) => void

export interface GroupCommitParts {
  /** See StoreOptions. */
  readonly writer: 'turn' | 'hold'
  /** True: what is acknowledged is on the disk. */
  readonly syncs: boolean
  readonly log: CommitLog
  readonly index: StoreIndex
  readonly batch: AppendBatch
  readonly turn: WriterTurn
  /** Takes a turn when there is none. @throws MQ_STORE_* */
  readonly begin: () => void
  /** Of a server: a record can be read from now on. */
  readonly dispatched: (record: DispatchedRecord) => void
}

/**
 * Everything that changes the log goes through a turn of the writer: what comes within one turn of the event
 * loop is staged together, written with one write, indexed, then acknowledged; what needs the folder alone
 * waits until nothing is staged.
 */
export class GroupCommit {
  readonly #parts: GroupCommitParts
  #scheduled: NodeJS.Immediate | null = null
  /** What was staged when the batch was last seen to grow, and when; performance.now(). */
  #grown = { to: 0, at: 0 }
  /** When it was last asked who waits; performance.now(). */
  #lookedAt = 0
  #syncing = false
  /** What `syncLater` was asked for while a sync was under way that others wait for. */
  #syncNext: (() => void) | null = null
  /** What runs holds the folder for itself: a commit does not let it go. */
  #exclusive = false
  readonly #unsynced: { readonly upTo: number; readonly act: WhenSynced }[] = []
  /** When a server last put its tail into the index; performance.now(). */
  #flushedAt = -Infinity
  /** Something was written since the folder was opened. */
  #wrote = false

  constructor(parts: GroupCommitParts) {
    this.#parts = parts
  }

  /** Why nothing can be written any more; null: it can. */
  get broken(): MqError | null {
    return this.#parts.log.syncFailed
  }

  /** @param add puts records into the batch @throws MQ_STORE_*, MQ_MESSAGE_ILLEGAL */
  stage(add: () => void): void {
    const { log, batch, turn, begin } = this.#parts
    if (this.broken !== null) throw this.broken
    try {
      begin()
      add()
    } catch (error) {
      const reason = unwritable(error)
      // refused before anything was staged: what others have staged goes on
      if (reason.code !== 'MQ_MESSAGE_ILLEGAL') this.#failStaged(reason)
      else if (batch.count === 0) this.#endTurn(log.writtenTo === turn.syncedTo)
      throw reason
    }
    if (log.end - log.writtenTo >= batchSizeMax || this.#isTimeToYield()) this.commit()
    else this.#scheduled ??= setImmediate(() => this.#commitUnlessMore())
  }

  #commitUnlessMore(): void {
    if (this.#mayBringMore()) this.#scheduled = setImmediate(() => this.#commitUnlessMore())
    else this.commit()
  }

  #mayBringMore(): boolean {
    const { writer, batch, turn } = this.#parts
    if (writer === 'hold' || batch.count < bulk.messagesMin || batch.count >= bulk.messagesMax) return false
    const now = performance.now()
    if (this.#grown.to !== batch.count) {
      this.#grown = { to: batch.count, at: now }
      return now - turn.beganAt < bulk.turnMs
    }
    return now - this.#grown.at < bulk.idleMs
  }

  /** A sender of a million messages must not keep a command waiting that sends one. */
  #isTimeToYield(): boolean {
    const { writer, batch, turn } = this.#parts
    if (writer === 'hold' || (batch.count & 15) !== 0) return false
    const now = performance.now()
    if (now - Math.max(turn.beganAt, this.#lookedAt) < awaitedTurnMs) return false
    this.#lookedAt = now
    return turn.awaited
  }

  /** The log is not what the staged records count on. */
  #failStaged(reason: MqError): void {
    const { batch, turn } = this.#parts
    const staged = batch.take()
    batch.forgetOffsets()
    if (turn.held) turn.torn = true
    this.#endTurn(false)
    this.#acknowledge(staged, reason)
  }

  /**
   * Writes what is staged, makes it as safe as promised, then acknowledges. Ack-after-what is decided here
   * only.
   */
  commit(): void {
    if (this.#scheduled !== null) clearImmediate(this.#scheduled)
    this.#scheduled = null
    const { batch: staging } = this.#parts
    if (staging.count === 0) return
    // a sync has failed since it was staged
    if (this.broken !== null) return this.#failStaged(this.broken)
    const batch = staging.take()
    let error = this.#writeBatch(batch)
    if (error === null && this.#syncsApart) {
      this.#unsynced.push({
        upTo: this.#parts.log.writtenTo,
        act: (reason) => this.#acknowledge(batch, reason),
      })
      return this.#syncSoon()
    }
    // in a folder the next writer must be able to trust the row before anyone hears of the records
    error = this.#endTurn(error === null) ?? error
    this.#acknowledge(batch, error)
    this.#tidyOnceLetGo()
  }

  /** A server goes on while its disk writes: what comes meanwhile is covered by the next sync. */
  get #syncsApart(): boolean {
    const { writer, syncs } = this.#parts
    return syncs && writer === 'hold' && !this.#exclusive
  }

  #acknowledge(records: StagedRecords, error: MqError | null): void {
    const { writer, batch, dispatched } = this.#parts
    records.acknowledge(error)
    // the answers to those who sent go out before those to the ones who wait
    if (error === null && writer === 'hold') {
      for (let i = 0; i < records.count; i++) {
        const record = records.dispatched(i)
        if (record !== null) dispatched(record)
      }
    }
    batch.giveBack(records)
  }

  /** In 'turn': lets the lock go, whatever happens. @returns why the next writer cannot trust the row */
  #endTurn(orderly: boolean): MqError | null {
    const { writer, turn } = this.#parts
    if (writer === 'hold' || !turn.held || this.#exclusive) return null
    try {
      turn.end(orderly)
      return null
    } catch (error) {
      return unwritable(error)
    }
  }

  #writeBatch(batch: StagedRecords): MqError | null {
    const { writer, syncs, log, index, turn } = this.#parts
    this.#wrote = true
    try {
      log.write()
      if (syncs && !this.#syncsApart) this.#sync()
      index.addAll(batch)
      const small = writer === 'turn' && batch.count < smallTurn
      if (small || index.unflushed >= unflushedMax) index.flush()
      return null
    } catch (error) {
      turn.torn = true
      this.#parts.batch.forgetOffsets()
      return unwritable(error)
    }
  }

  #sync(): void {
    const { log, turn } = this.#parts
    log.datasync()
    turn.syncedTo = log.writtenTo
  }

  /**
   * In 'hold': flushes log and index, called by a timer.
   * @param first done before, while no sync is under way that may need what it removes
   */
  syncLater(first: () => void): void {
    const { log, index, turn } = this.#parts
    if (!turn.held || this.broken !== null || turn.torn) return
    // one at a time: a later sync says nothing of what an earlier one has not finished
    if (this.#syncing) {
      this.#syncNext = first
      return
    }
    first()
    if (log.writtenTo === turn.syncedTo && index.unflushed === 0) return
    this.#startSync(() => this.#flushIndex())
  }

  /** Syncs what is written, and what is written meanwhile after that. */
  #syncSoon(): void {
    const { held } = this.#parts.turn
    if (held && this.broken === null && !this.#syncing) this.#startSync(() => undefined)
  }

  #startSync(then: () => void): void {
    const { log, turn } = this.#parts
    const upTo = log.writtenTo
    this.#syncing = true
    log.datasyncLater((error) => {
      this.#syncing = false
      if (error === null && turn.held && !turn.torn) {
        turn.syncedTo = Math.max(turn.syncedTo, upTo)
        then()
      }
      // on the disk they are, even if a later write has failed
      this.#tellSynced(upTo)
      const next = this.#syncNext
      this.#syncNext = null
      if (next !== null) this.syncLater(next)
      if (this.#unsynced.length > 0 && log.writtenTo > upTo) this.#syncSoon()
    })
  }

  #flushIndex(): void {
    const { index, turn } = this.#parts
    const now = performance.now()
    try {
      if (now - this.#flushedAt >= heldFlushMs) {
        index.flush()
        this.#flushedAt = now
      }
      turn.save(false)
    } catch {
      // what could not be saved is found again: the next batch begins with a recovery
      turn.torn = true
      return
    }
    this.#tidy()
  }

  /** A server, or what runs exclusively, tidies up when it is done. */
  #tidyOnceLetGo(): void {
    if (!this.#parts.turn.held) this.#tidy()
  }

  /**
   * What need not be done while others wait for the folder. Most of it is the filter of a full segment's
   * keys: half a second to read them, and then a turn of some milliseconds for each part.
   */
  #tidy(): void {
    const { index, turn, begin } = this.#parts
    turn.tidy()
    if (turn.torn) return
    try {
      while (index.makeFilter()) {
        for (let more = true; more;) {
          begin()
          try {
            more = index.keepFilter()
          } finally {
            this.#endTurn(!turn.torn)
          }
        }
      }
    } catch {
      // a segment without one is found by whoever writes to the folder next; nothing is wrong meanwhile
    }
  }

  #tellSynced(syncedTo: number): void {
    const { broken } = this
    while (this.#unsynced.length > 0 && (broken !== null || this.#unsynced[0]!.upTo <= syncedTo))
      this.#unsynced.shift()!.act(broken)
  }

  /** Calls back when everything that is written by now is on the disk, which it may be already. */
  whenSynced(act: WhenSynced): void {
    this.#unsynced.push({ upTo: this.#parts.log.writtenTo, act })
    this.#tellSynced(this.#parts.turn.syncedTo)
    if (this.#unsynced.length > 0) this.#syncSoon()
  }

  /** Runs under the lock with nothing staged; what it stages and commits is safe then. @throws MQ_STORE_* */
  exclusively<T>(act: () => T): T {
    let result: T
    try {
      this.#enter()
      this.#exclusive = true
      result = act()
      this.commit()
    } catch (error) {
      this.#leave(false)
      throw unwritable(error)
    }
    const error = this.#leave(true)
    if (error !== null) throw error
    this.#tidyOnceLetGo()
    return result
  }

  /** The same in steps. Left before its end, the next turn begins with a recovery. */
  *exclusiveSteps<T>(act: () => Generator<T, void>): Generator<T, void> {
    let orderly = false
    this.#enter()
    try {
      yield* act()
      orderly = true
    } finally {
      this.#leave(orderly)
    }
    this.#tidyOnceLetGo()
  }

  #enter(): void {
    if (this.broken !== null) throw this.broken
    this.commit()
    this.#parts.begin()
    this.#wrote = true
  }

  #leave(orderly: boolean): MqError | null {
    const { turn } = this.#parts
    this.#exclusive = false
    if (!orderly && turn.held) turn.torn = true
    return this.#endTurn(orderly)
  }

  /** Commits what is staged, and leaves nothing to do for whoever opens the folder next. */
  finish(): void {
    this.commit()
    const { writer, index, turn, begin } = this.#parts
    if (this.broken !== null || turn.torn) return
    if (!turn.held) {
      if (index.unflushed === 0 || !this.#wrote) return
      try {
        begin()
      } catch {
        // what is not in the index yet is found by whoever opens the folder next
        return
      }
    }
    this.#sync()
    this.#tellSynced(turn.syncedTo)
    index.flush()
    if (writer === 'hold') this.#tidy()
    turn.save(true)
  }
}

import { join } from 'node:path'
import { bootId } from '../lib/boot-id.ts'
import type { Clock } from '../lib/clock.ts'
import { MqError } from '../errors.ts'
import {
  AppendBatch,
  type AppendDone,
  type AppendRequest,
  type AppendResult,
  type Staged,
} from './append-batch.ts'
import { CommitLog } from './commit-log.ts'
import type { FileSystem } from './file-system.ts'
import { isOurs } from './format-file.ts'
import type { QueueEntry, QueueExtent } from './index-db.ts'
import { IndexFiles } from './index-files.ts'
import type { DispatchedRecord } from './index-rows.ts'
import { StoreLock } from './lock.ts'
import type { Damage } from './log-walk.ts'
import { recordsOf } from './record-reader.ts'
import { defaultRetention, expiredSegments, type Retention } from './retention.ts'
import type { StateDb } from './state-db.ts'
import { QueueFloors, recordDamage, Tombstones } from './state-tables.ts'
import { openFolder, storeExists } from './store-folder.ts'
import { unwritable } from './store-error.ts'
import { StoreIndex } from './store-index.ts'
import { WriterTurn } from './writer-turn.ts'

export interface StoreOptions {
  /** Root of the store: commitlog/, pocketmq/ and the rest lie in it. */
  readonly folder: string
  readonly fs: FileSystem
  readonly clock: Clock
  /** Bytes of a commit-log segment, fixed when the folder is created. */
  readonly segmentSize?: number
  /** What a folder is created with, and keeps. */
  readonly brokerName?: string
  readonly clusterName?: string
  /**
   * 'turn': the lock is taken for each batch and let go, every batch is synced before it is acknowledged.
   * 'hold': the lock is held for life, a batch is acknowledged once written, `syncLater` is called by a
   * timer.
   */
  readonly writer: 'turn' | 'hold'
  /** In 'hold', 'sync': a batch is acknowledged once synced; RocketMQ's SYNC_FLUSH. Default 'async'. */
  readonly flush?: 'sync' | 'async'
  /** How long to wait for another writer. */
  readonly lockTimeoutMs?: number
  /** Applied by itself, when a segment is full and by a server every minute. Default 72 h. */
  readonly retention?: Retention
}

/** Staged bytes that are committed without waiting for the end of the tick. */
const batchSizeMax = 4 * 1024 * 1024
/**
 * Index entries of messages kept in memory at most: enough to fill a run of keys, which is then packed
 * without ever being rows. Whoever opens the folder meanwhile walks that much of the log.
 */
const unflushedMax = 32_768
/** How often a long-lived writer looks for expired segments; RocketMQ's cleanResourceInterval is 10 s. */
const expiryIntervalMs = 60_000
/** A turn of fewer messages leaves nothing unflushed: others open the folder as often as that. */
const smallTurn = 2048

/**
 * Files of a folder: log, index, state, lock. Knows records and queues, nothing of topics' configuration or
 * clients.
 */
export class Store {
  readonly state: StateDb
  readonly brokerName: string
  readonly clusterName: string
  /** Called for each record that can be read from now on, before it is acknowledged. */
  onDispatched: (record: DispatchedRecord) => void = ignore
  /** Called once for each damaged part of the log that is passed over. */
  onDamage: (damage: Damage) => void = ignore
  readonly #options: StoreOptions
  readonly #log: CommitLog
  readonly #index: StoreIndex
  readonly #lock: StoreLock
  readonly #batch: AppendBatch
  readonly #turn: WriterTurn
  readonly #tombstones: Tombstones
  readonly #floors: QueueFloors
  #scheduled: NodeJS.Immediate | null = null
  #syncing = false
  #seenState = -1
  #wrote = false
  #expiry = { segments: 0, lookedAt: 0 }
  readonly #damageTold = new Set<number>()

  /** True when a store has been created in the folder. */
  static exists(fs: FileSystem, folder: string): boolean {
    return storeExists(fs, folder)
  }

  /**
   * Opens a folder, creating what is missing. @throws MQ_STORE_UNWRITABLE, MQ_STORE_FOREIGN,
   * MQ_STORE_VERSION, MQ_STORE_CORRUPT
   */
  constructor(options: StoreOptions) {
    const { folder, fs, clock } = options
    this.#options = options
    const own = join(folder, 'pocketmq')
    const { state, format } = openFolder(options)
    this.state = state
    try {
      const storeId = state.meta('storeId')!
      this.brokerName = state.meta('brokerName')!
      this.clusterName = state.meta('clusterName')!
      const segmentSize = Number(state.meta('segmentSize'))
      this.#log = new CommitLog(fs, join(folder, 'commitlog'), segmentSize, (at) => isOurs(format.ours, at))
      this.#floors = new QueueFloors(state)
      const files = new IndexFiles(fs, own, storeId)
      const onDamage = (damage: Damage): void => this.#damaged(damage)
      const tombstones = (this.#tombstones = new Tombstones(state))
      const onDeleted = (topic: string, gone: number): void => tombstones.set(topic, gone)
      this.#index = new StoreIndex(files, this.#log, (topic) => tombstones.of(topic), onDamage, onDeleted)
      this.#log.check(state.writer().syncedTo)
    } catch (error) {
      state.close()
      throw unwritable(error)
    }
    const endOffset = (topic: string, queueId: number): number => this.extent(topic, queueId).endOffset
    this.#batch = new AppendBatch(this.#log, clock, endOffset)
    this.#lock = openLock(own, state)
    this.#turn = new WriterTurn({
      folder,
      lock: this.#lock,
      lockTimeoutMs: options.lockTimeoutMs ?? 5000,
      state: this.state,
      log: this.#log,
      index: this.#index,
      batch: this.#batch,
      tombstones: this.#tombstones,
      endOffset,
    })
    try {
      if (options.writer === 'hold') this.#beginTurn()
      else this.refresh()
    } catch (error) {
      this.#letGo()
      throw unwritable(error)
    }
  }

  /** Sees what other processes have written since the last call. Cheap when they have not. */
  refresh(): void {
    if (this.#lock.held) return
    const version = this.state.version()
    if (version === this.#seenState) return
    this.#seenState = version
    const row = this.state.writer()
    this.#turn.notice(row)
    this.#log.refresh()
    const sameBoot = row.bootId === bootId()
    this.#index.refresh(row.clean && sameBoot ? row.logEnd : row.syncedTo, sameBoot)
  }

  get segmentSize(): number {
    return this.#log.segmentSize
  }

  get commitLogMinOffset(): number {
    return this.#log.minOffset
  }

  /** Behind the last record that can be read. */
  get commitLogMaxOffset(): number {
    return this.#index.coveredTo
  }

  /** Of the file system the log is on, in bytes. */
  diskUsage(): { readonly total: number; readonly used: number } {
    return this.#options.fs.diskUsage(this.#options.folder)
  }

  extent(topic: string, queueId: number): QueueExtent {
    const extent = this.#index.extent(topic, queueId)
    if (extent !== null) return extent
    const floor = this.#floors.of(topic, queueId)
    return { topic, queueId, minOffset: floor, endOffset: floor }
  }

  /** All queues that hold something. */
  extents(): QueueExtent[] {
    return this.#index.extents()
  }

  entries(topic: string, queueId: number, from: number, max: number): QueueEntry[] {
    return this.#index.range(topic, queueId, from, max)
  }

  /** Log offsets of messages that may have a key, newest first; the caller compares the text. */
  find(topic: string, key: string): number[] {
    const tombstone = this.#tombstones.of(topic)
    return this.#index.find(topic, key).filter((offset) => offset >= tombstone)
  }

  /** The bytes of a record, verified; null where there is none, or a damaged one. */
  record(physicalOffset: number, sizeHint = 1024): Buffer | null {
    if (physicalOffset < this.#log.minOffset || physicalOffset >= this.#index.coveredTo) return null
    const { seen, source } = this.#log.inspect(physicalOffset, sizeHint)
    return seen.frame === 'message' ? source.subarray(0, seen.size) : null
  }

  /** The records of a queue's entries in ascending order, verified: null for a damaged one. */
  records(topic: string, queueId: number, entries: readonly QueueEntry[]): (Buffer | null)[] {
    return recordsOf(this.#log, this.#index, topic, queueId, entries)
  }

  /**
   * Stages a record. The batch of a tick is written with one write, then indexed, then acknowledged.
   * @throws MQ_STORE_IN_USE, MQ_STORE_UNWRITABLE, MQ_STORE_FOREIGN when it cannot even begin
   */
  append(request: AppendRequest, done: AppendDone): void {
    this.#stage(() => this.#batch.add(request, done))
  }

  /** Several records, one behind the other in one segment. @throws as `append` */
  appendBatch(
    requests: readonly AppendRequest[],
    done: (error: MqError | null, results: readonly AppendResult[] | null) => void,
  ): void {
    this.#stage(() => this.#batch.addAll(requests, done))
  }

  #stage(add: () => void): void {
    if (this.broken !== null) throw this.broken
    try {
      this.#beginTurn()
      add()
    } catch (error) {
      const reason = unwritable(error)
      // refused before anything was staged: what others have staged goes on
      if (reason.code !== 'MQ_MESSAGE_ILLEGAL') this.#failStaged(reason)
      else if (this.#batch.count === 0) this.#endTurn(this.#log.writtenTo === this.#turn.syncedTo)
      throw reason
    }
    if (this.#log.end - this.#log.writtenTo >= batchSizeMax) this.commit()
    else this.#scheduled ??= setImmediate(() => this.commit())
  }

  /** The log is not what the staged records count on. */
  #failStaged(reason: MqError): void {
    const staged = this.#batch.take()
    this.#batch.forgetOffsets()
    if (this.#lock.held) this.#turn.torn = true
    this.#endTurn(false)
    for (const { done } of staged) done(reason, null)
  }

  /**
   * Writes what is staged, makes it as safe as promised, then acknowledges. Ack-after-what is decided here
   * only.
   */
  commit(): void {
    if (this.#scheduled !== null) clearImmediate(this.#scheduled)
    this.#scheduled = null
    if (this.#batch.count === 0) return
    const batch = this.#batch.take()
    let error = this.#writeBatch(batch)
    // in a folder the next writer must be able to trust the row before anyone hears of the records
    error = this.#endTurn(error === null) ?? error
    if (error === null && this.#options.writer === 'hold')
      for (const { dispatch } of batch) if (dispatch !== null) this.onDispatched(dispatch)
    for (const { done, result } of batch) {
      if (error === null) done(null, result)
      else done(error, null)
    }
  }

  /** In 'turn': lets the lock go, whatever happens. @returns why the next writer cannot trust the row */
  #endTurn(orderly: boolean): MqError | null {
    if (this.#options.writer === 'hold' || !this.#lock.held) return null
    try {
      this.#turn.end(orderly)
      return null
    } catch (error) {
      return unwritable(error)
    }
  }

  #writeBatch(batch: readonly Staged[]): MqError | null {
    this.#wrote = true
    try {
      this.#log.write()
      if (this.#options.writer === 'turn' || this.#options.flush === 'sync') this.#sync()
      for (const { dispatch, result, size, storeTimestamp } of batch) {
        if (dispatch !== null) this.#index.add(dispatch)
        else this.#index.pass(result.physicalOffset, size, storeTimestamp)
      }
      const small = this.#options.writer === 'turn' && batch.length < smallTurn
      if (small || this.#index.unflushed >= unflushedMax) this.#index.flush()
      return null
    } catch (error) {
      this.#turn.torn = true
      this.#batch.forgetOffsets()
      return unwritable(error)
    }
  }

  #sync(): void {
    this.#log.datasync()
    this.#turn.syncedTo = this.#log.writtenTo
  }

  /** In 'hold': flushes log and index, called by a timer. */
  syncLater(): void {
    // one at a time: a later sync says nothing of what an earlier one has not finished
    if (!this.#lock.held || this.broken !== null || this.#syncing || this.#turn.torn) return
    this.#expireWhenDue()
    const upTo = this.#log.writtenTo
    if (upTo === this.#turn.syncedTo && this.#index.unflushed === 0) return
    this.#syncing = true
    this.#log.datasyncLater((error) => {
      this.#syncing = false
      if (error === null && this.#lock.held && !this.#turn.torn) this.#synced(upTo)
    })
  }

  #synced(upTo: number): void {
    try {
      this.#turn.syncedTo = Math.max(this.#turn.syncedTo, upTo)
      this.#index.flush()
      this.#turn.save(false)
    } catch {
      // what could not be saved is found again: the next batch begins with a recovery
      this.#turn.torn = true
    }
  }

  /** Why nothing can be written any more; null: it can. */
  get broken(): MqError | null {
    return this.#log.syncFailed
  }

  /**
   * Forgets everything a topic holds: its queues begin at 0 again, and no rebuild brings the old messages
   * back.
   * @throws as `append`
   */
  deleteTopic(topic: string): void {
    this.#exclusively(() => {
      this.#tombstones.set(topic, this.#log.end)
      this.#index.dropTopic(topic)
      this.#batch.forgetOffsets()
    })
  }

  /**
   * Removes segments that a retention lets go, the oldest first, never the active one.
   * @returns their first offsets
   * @throws as `append`
   */
  expire(retention: Retention): number[] {
    return this.#exclusively(() => this.#expire(retention))
  }

  #expire(retention: Retention): number[] {
    const { clock } = this.#options
    const sealed = this.#log.segments.map(({ base }) => ({
      base,
      lastStoreTime: this.#index.lastStoreTimeOf(base),
    }))
    const expired = expiredSegments(sealed, this.#log.segmentSize, retention, clock.now())
    for (const base of expired) {
      this.#floors.raise(this.#index.extentsOf(base))
      // the log first: an index without its segment is dropped at the next look, a segment without index is
      // rebuilt
      this.#log.remove(base)
      this.#index.dropSegment(base)
    }
    if (expired.length > 0) this.#tombstones.dropBelow(this.#log.minOffset)
    return expired
  }

  /**
   * Makes all indexes again from the log, in steps under the lock; yields the log offset it has come to. Left
   * before its end, whoever opens the folder next walks the rest. @throws as `append`
   */
  *rebuild(): Generator<number, void> {
    let orderly = false
    this.#enter()
    try {
      this.#index.dropAll()
      this.#batch.forgetOffsets()
      yield* this.#index.attachSteps(this.#log.end)
      this.#turn.clampOffsets()
      orderly = true
    } finally {
      if (!orderly) this.#turn.torn = true
      this.#endTurn(orderly)
    }
  }

  /** Runs under the lock with nothing staged. */
  #exclusively<T>(act: () => T): T {
    let result: T
    try {
      this.#enter()
      result = act()
    } catch (error) {
      if (this.#lock.held) this.#turn.torn = true
      this.#endTurn(false)
      throw unwritable(error)
    }
    const error = this.#endTurn(true)
    if (error !== null) throw error
    return result
  }

  #enter(): void {
    if (this.broken !== null) throw this.broken
    this.commit()
    this.#beginTurn()
    this.#wrote = true
  }

  #beginTurn(): void {
    try {
      if (this.#turn.begin()) this.#expireWhenDue()
    } catch (error) {
      this.#readOn()
      throw error
    }
  }

  /** A turn could not begin, and may have let files go on its way: what can be read is read on. */
  #readOn(): void {
    this.#seenState = -1
    try {
      this.refresh()
    } catch {
      // the reason why the turn could not begin is the one to tell
    }
  }

  /**
   * In a folder nothing runs that could look at the clock: a new segment is the occasion. A server looks
   * every minute as well.
   */
  #expireWhenDue(): void {
    const { length } = this.#log.segments
    const now = this.#options.clock.now()
    if (length === this.#expiry.segments && Math.abs(now - this.#expiry.lookedAt) < expiryIntervalMs) return
    this.#expiry = { segments: length, lookedAt: now }
    this.#expire(this.#options.retention ?? defaultRetention)
  }

  #damaged(damage: Damage): void {
    if (this.#damageTold.has(damage.from)) return
    this.#damageTold.add(damage.from)
    if (this.#lock.held) recordDamage(this.state, damage, this.#options.clock.now())
    this.onDamage(damage)
  }

  /** Commits and syncs what is staged and lets the folder go. */
  close(): void {
    try {
      this.commit()
      this.#leaveOrderly()
    } finally {
      this.#letGo()
    }
  }

  #leaveOrderly(): void {
    if (this.broken !== null || this.#turn.torn) return
    if (!this.#lock.held) {
      if (this.#index.unflushed === 0 || !this.#wrote) return
      try {
        this.#beginTurn()
      } catch {
        // what is not in the index yet is found by whoever opens the folder next
        return
      }
    }
    this.#sync()
    this.#index.flush()
    this.#turn.save(true)
  }

  #letGo(): void {
    this.#lock.close()
    this.#index.close()
    this.#log.close()
    this.state.close()
  }
}

function openLock(own: string, state: StateDb): StoreLock {
  try {
    return new StoreLock(own)
  } catch (error) {
    state.close()
    throw error
  }
}

function ignore(): void {
  // nobody asked
}

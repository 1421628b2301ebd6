import { join } from 'node:path'
import { bootId } from '../lib/boot-id.ts'
import type { Clock } from '../lib/clock.ts'
import { MqError } from '../errors.ts'
import {
  AppendBatch,
  type AppendAllDone,
  type AppendDone,
  type AppendRequest,
  type AppendRun,
  type AppendRunDone,
} from './append-batch.ts'
import { CommitLog } from './commit-log.ts'
import { Expiry } from './expiry.ts'
import type { FileSystem } from './file-system.ts'
import { isOurs } from './format-file.ts'
import { GroupCommit, type WhenSynced } from './group-commit.ts'
import type { QueueEntry, QueueExtent } from './index-db.ts'
import { IndexFiles } from './index-files.ts'
import type { DispatchedRecord } from './index-rows.ts'
import { StoreLock } from './lock.ts'
import type { Damage } from './log-walk.ts'
import { joinedRecordsOf, recordsOf, type JoinedRecords } from './record-reader.ts'
import { retentionOf, type Retention } from './retention.ts'
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
  /** Applied by itself, when a segment is full and by a server every minute. Default: as the folder says. */
  readonly retention?: Retention
}

/**
 * Files of a folder: log, index, state, lock. Knows records and queues, nothing of topics' configuration or
 * clients.
 */
export class Store {
  readonly state: StateDb
  readonly brokerName: string
  readonly clusterName: string
  /** Called for each record that can be read from now on, once it is acknowledged. */
  onDispatched: (record: DispatchedRecord) => void = ignore
  /** Log offset from which on records are still needed, whatever their age. */
  neededFrom: () => number = () => Infinity
  /** Called once for each damaged part of the log that is passed over. */
  onDamage: (damage: Damage) => void = ignore
  readonly #options: StoreOptions
  readonly #log: CommitLog
  readonly #index: StoreIndex
  readonly #batch: AppendBatch
  readonly #turn: WriterTurn
  readonly #writing: GroupCommit
  readonly #expiry: Expiry
  readonly #tombstones: Tombstones
  readonly #floors: QueueFloors
  #seenState = -1
  #retention: Retention
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
    this.#retention = options.retention ?? {}
    const own = join(folder, 'pocketmq')
    const { state, format } = openFolder(options)
    this.state = state
    try {
      const storeId = state.meta('storeId')!
      this.brokerName = state.meta('brokerName')!
      this.clusterName = state.meta('clusterName')!
      const segmentSize = Number(state.meta('segmentSize'))
      // before the segments are listed: others add some meanwhile, and sync what is not in the list
      const { syncedTo } = state.writer()
      this.#log = new CommitLog(fs, join(folder, 'commitlog'), segmentSize, (at) => isOurs(format.ours, at))
      this.#floors = new QueueFloors(state)
      const files = new IndexFiles(fs, own, storeId)
      const onDamage = (damage: Damage): void => this.#damaged(damage)
      const tombstones = (this.#tombstones = new Tombstones(state))
      const onDeleted = (topic: string, gone: number): void => tombstones.set(topic, gone)
      this.#index = new StoreIndex(files, this.#log, (topic) => tombstones.of(topic), onDamage, onDeleted)
      this.#log.check(syncedTo)
    } catch (error) {
      state.close()
      throw unwritable(error)
    }
    const endOffset = (topic: string, queueId: number): number => this.extent(topic, queueId).endOffset
    this.#batch = new AppendBatch(this.#log, clock, endOffset)
    this.#turn = new WriterTurn({
      folder,
      fs,
      lock: openLock(own, state),
      lockTimeoutMs: options.lockTimeoutMs ?? 5000,
      state: this.state,
      log: this.#log,
      index: this.#index,
      batch: this.#batch,
      tombstones: this.#tombstones,
      endOffset,
    })
    this.#expiry = new Expiry({
      log: this.#log,
      index: this.#index,
      floors: this.#floors,
      tombstones: this.#tombstones,
      clock,
      neededFrom: () => this.neededFrom(),
    })
    this.#writing = new GroupCommit({
      writer: options.writer,
      syncs: options.writer === 'turn' || options.flush === 'sync',
      log: this.#log,
      index: this.#index,
      batch: this.#batch,
      turn: this.#turn,
      begin: () => this.#beginTurn(),
      dispatched: (record) => this.onDispatched(record),
    })
    try {
      if (options.writer === 'hold') {
        this.#beginTurn()
        state.hold()
      } else this.refresh()
    } catch (error) {
      this.#letGo()
      throw unwritable(error)
    }
  }

  /** Sees what other processes have written since the last call. Cheap when they have not. */
  refresh(): void {
    if (this.#turn.held) return
    const version = this.state.version()
    if (version === this.#seenState) return
    this.#seenState = version
    this.#tombstones.look()
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

  /** The sound ones of `records` as one buffer. */
  joinedRecords(topic: string, queueId: number, entries: readonly QueueEntry[]): JoinedRecords {
    return joinedRecordsOf(this.#log, this.#index, topic, queueId, entries)
  }

  /**
   * Stages a record. The batch of a tick is written with one write, then indexed, then acknowledged.
   * @throws MQ_STORE_IN_USE, MQ_STORE_UNWRITABLE, MQ_STORE_FOREIGN when it cannot even begin
   */
  append(request: AppendRequest, done: AppendDone): void {
    this.#writing.stage(() => {
      this.#batch.add(request, done)
      if (request.dueAt !== undefined) this.#turn.expectDue(request.dueAt)
    })
  }

  /**
   * Several records in their order, and one call when all of them are acknowledged.
   * @throws as `append`, before anything is staged
   */
  appendAll(run: AppendRun, done: AppendRunDone): void {
    this.#writing.stage(() => this.#batch.addAll(run, done))
  }

  /** Several that lie one behind the other in one segment. @throws as `append` */
  appendBatch(requests: readonly AppendRequest[], done: AppendAllDone): void {
    this.#writing.stage(() => {
      this.#batch.addTogether(requests, done)
      for (const { dueAt } of requests) if (dueAt !== undefined) this.#turn.expectDue(dueAt)
    })
  }

  /** Writes what is staged and acknowledges it, without waiting for the end of the tick. */
  commit(): void {
    this.#writing.commit()
  }

  /** Runs under the lock; what it commits is indexed and, in a turn, synced at once. @throws as `append` */
  exclusively(act: () => void): void {
    this.#writing.exclusively(act)
  }

  /** Calls back when everything that is written by now is on the disk, which it may be already. */
  whenSynced(act: WhenSynced): void {
    this.#writing.whenSynced(act)
  }

  /** When something that was stored is due, epoch ms: not later than that. Null: nothing is. */
  get nextDueAt(): number | null {
    return this.#turn.nextDueAt
  }

  /** While a turn is held: what is due next, epoch ms; null: nothing. */
  settleDue(at: number | null): void {
    this.#turn.nextDueAt = at
  }

  /** In 'hold': flushes log and index, called by a timer. */
  syncLater(): void {
    this.#writing.syncLater(() => this.#expiry.ifPossible(() => this.retention))
  }

  /** As the folder says, unless whoever opened it said so, or says so now. */
  get retention(): Retention {
    return { ...retentionOf((name) => this.state.setting(name)), ...this.#retention }
  }

  set retention(retention: Retention) {
    this.#retention = retention
  }

  /** Why nothing can be written any more; null: it can. */
  get broken(): MqError | null {
    return this.#writing.broken
  }

  /**
   * Forgets everything a topic holds: its queues begin at 0 again, and no rebuild brings the old messages
   * back.
   * @throws as `append`
   */
  deleteTopic(topic: string): void {
    this.#writing.exclusively(() => {
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
    return this.#writing.exclusively(() => this.#expiry.apply(retention))
  }

  /**
   * Makes all indexes again from the log, in steps under the lock; yields the log offset it has come to. Left
   * before its end, whoever opens the folder next walks the rest. @throws as `append`
   */
  *rebuild(): Generator<number, void> {
    yield* this.#writing.exclusiveSteps(() => this.#rebuildSteps())
  }

  *#rebuildSteps(): Generator<number, void> {
    this.#index.dropAll()
    this.#batch.forgetOffsets()
    yield* this.#index.attachSteps(this.#log.end)
    this.#turn.clampOffsets()
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

  #expireWhenDue(): void {
    this.#expiry.whenDue(() => this.retention)
  }

  #damaged(damage: Damage): void {
    if (this.#damageTold.has(damage.from)) return
    this.#damageTold.add(damage.from)
    if (this.#turn.held) recordDamage(this.state, damage, this.#options.clock.now())
    this.onDamage(damage)
  }

  /** Commits and syncs what is staged and lets the folder go. */
  close(): void {
    try {
      this.#writing.finish()
    } finally {
      this.#letGo()
    }
  }

  #letGo(): void {
    this.#turn.close()
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

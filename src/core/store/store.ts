import { join } from 'node:path'
import { bootId } from '../lib/boot-id.ts'
import type { Clock } from '../lib/clock.ts'
import { crc32 } from '../lib/crc32.ts'
import { MqError } from '../errors.ts'
import type { HostBytes } from '../model/host.ts'
import { limits } from '../model/limits.ts'
import {
  draftSize,
  hostFlags,
  inspectRecord,
  recordVersion,
  writeDraft,
  type RecordDraft,
} from '../model/record.ts'
import { CommitLog } from './commit-log.ts'
import { dispatchOf } from './dispatcher.ts'
import type { FileSystem } from './file-system.ts'
import type { QueueEntry, QueueExtent } from './index-db.ts'
import type { DispatchedRecord } from './index-rows.ts'
import { StoreLock } from './lock.ts'
import { StateDb, type WriterRow } from './state-db.ts'
import { StoreIndex } from './store-index.ts'

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
   * 'hold': the lock is held for life, a batch is acknowledged once written, `syncLater` is called by a timer.
   */
  readonly writer: 'turn' | 'hold'
  /** How long to wait for another writer. */
  readonly lockTimeoutMs?: number
}

/** A message on its way into the log. */
export interface AppendRequest {
  readonly topic: string
  readonly queueId: number
  readonly flag: number
  /** Without the host bits, which follow from the hosts. */
  readonly sysFlag: number
  readonly bornTimestamp: number
  readonly bornHost: HostBytes
  readonly storeHost: HostBytes
  readonly reconsumeTimes: number
  readonly preparedTransactionOffset: number
  readonly body: Buffer
  /** The property section, without `__CRC32#`. */
  readonly properties: string
}

export interface AppendResult {
  readonly queueOffset: number
  readonly physicalOffset: number
}

/** Called once, after the batch is as safe as the store's `writer` promises. */
export type AppendDone = (error: MqError | null, result: AppendResult | null) => void

/** Its place is known only once the records before it are staged. */
type MutableDraft = { -readonly [K in keyof RecordDraft]: RecordDraft[K] }

interface Pending {
  readonly dispatch: DispatchedRecord | null
  readonly result: AppendResult
  readonly done: AppendDone
}

/** Staged bytes that are committed without waiting for the end of the tick. */
const batchSizeMax = 4 * 1024 * 1024
/**
 * Index entries of messages kept in memory at most: enough to fill a run of keys, which is then packed without
 * ever being rows. Whoever opens the folder meanwhile scans that much of the log.
 */
const unflushedMax = 32_768
/** A turn of fewer messages leaves nothing unflushed: others open the folder as often as that. */
const smallTurn = 2048

/** Records read with one call: at most this long, with at most that between two of them. */
const spanMax = 1024 * 1024
const spanGapMax = 4096

export const defaultBrokerName = 'broker-a'
export const defaultClusterName = 'DefaultCluster'

/** Files of a folder: log, index, state, lock. Knows records and queues, nothing of topics or clients. */
export class Store {
  readonly state: StateDb
  readonly brokerName: string
  readonly clusterName: string
  /** Called for each record that can be read from now on, before it is acknowledged. */
  onDispatched: (record: DispatchedRecord) => void = ignore
  readonly #options: StoreOptions
  readonly #log: CommitLog
  readonly #index: StoreIndex
  readonly #lock: StoreLock
  readonly #nextOffsets = new Map<string, number>()
  #pending: Pending[] = []
  #scheduled: NodeJS.Immediate | null = null
  /** Of our last turn; no row has it before the first one. */
  #epoch = -1
  #syncedTo = 0
  #lastStoreTimestamp = 0
  /** Most messages go to the topic of the one before. */
  #lastTopic = { name: '', bytes: Buffer.alloc(0) }
  /** A write failed: what follows begins with a recovery. */
  #torn = false
  /** A sync failed: nothing is acknowledged any more. */
  #broken: MqError | null = null
  #seenState = -1
  #wrote = false

  /** True when a store has been created in the folder. */
  static exists(fs: FileSystem, folder: string): boolean {
    return fs.fileSize(join(folder, 'pocketmq', 'state.db')) !== null
  }

  /** Opens a folder, creating what is missing. @throws MQ_STORE_UNWRITABLE, MQ_STORE_FOREIGN, MQ_STORE_VERSION */
  constructor(options: StoreOptions) {
    const { folder, fs } = options
    this.#options = options
    const own = join(folder, 'pocketmq')
    const logFolder = join(folder, 'commitlog')
    if (!Store.exists(fs, folder)) create(fs, folder)
    this.#lock = new StoreLock(own)
    this.state = new StateDb(join(own, 'state.db'), 'create')
    if (this.state.meta('segmentSize') === null) {
      this.state.durably(() =>
        this.state.initMeta({
          brokerName: options.brokerName ?? defaultBrokerName,
          clusterName: options.clusterName ?? defaultClusterName,
          segmentSize: String(options.segmentSize ?? limits.segmentSizeDefault),
        }),
      )
    }
    this.brokerName = this.state.meta('brokerName')!
    this.clusterName = this.state.meta('clusterName')!
    this.#log = new CommitLog(fs, logFolder, Number(this.state.meta('segmentSize')))
    this.#index = new StoreIndex(fs, own, this.#log)
    if (options.writer === 'hold') this.#beginTurn()
    else this.refresh()
  }

  /** Sees what other processes have written since the last call. Cheap when they have not. */
  refresh(): void {
    if (this.#lock.held) return
    const version = this.state.version()
    if (version === this.#seenState) return
    this.#seenState = version
    this.#log.refresh()
    this.#index.refresh()
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
    return this.#index.extent(topic, queueId)
  }

  entries(topic: string, queueId: number, from: number, max: number): QueueEntry[] {
    return this.#index.range(topic, queueId, from, max)
  }

  /** Log offsets of messages that may have a key, newest first. */
  find(topic: string, key: string): number[] {
    return this.#index.find(topic, key)
  }

  /** The bytes of a record, verified; null where there is none, or a damaged one. */
  record(physicalOffset: number, sizeHint = 1024): Buffer | null {
    if (physicalOffset < this.#log.minOffset || physicalOffset >= this.#index.coveredTo) return null
    const { seen, source } = this.#log.inspect(physicalOffset, sizeHint)
    return seen.frame === 'message' ? source.subarray(0, seen.size) : null
  }

  /**
   * The records of entries in ascending order, verified: null for a damaged one. Neighbours are read with one call:
   * 0.6 µs a record instead of 2.2 (bench/store.ts).
   */
  records(entries: readonly QueueEntry[]): (Buffer | null)[] {
    const records: (Buffer | null)[] = []
    for (let first = 0; first < entries.length;) {
      const last = this.#spanEnd(entries, first)
      const begin = entries[first]!.physicalOffset
      const span = this.#log.readSpan(begin, entries[last]!.physicalOffset + entries[last]!.size - begin)
      for (let i = first; i <= last; i++) {
        const { physicalOffset, size } = entries[i]!
        const at = physicalOffset - begin
        const seen = inspectRecord(span, at, physicalOffset)
        records.push(seen.frame === 'message' && seen.size === size ? span.subarray(at, at + size) : null)
      }
      first = last + 1
    }
    return records
  }

  /** Index of the last entry to read together with the one at `first`. */
  #spanEnd(entries: readonly QueueEntry[], first: number): number {
    const begin = entries[first]!.physicalOffset
    let last = first
    for (let end = begin + entries[first]!.size; last + 1 < entries.length; last++) {
      const { physicalOffset, size } = entries[last + 1]!
      const apart = physicalOffset < end || physicalOffset - end > spanGapMax
      if (apart || physicalOffset + size - begin > spanMax || !this.#log.sameSegment(begin, physicalOffset))
        break
      end = physicalOffset + size
    }
    return last
  }

  /**
   * Stages a record. The batch of a tick is written with one write, then indexed, then acknowledged.
   * @throws MQ_STORE_IN_USE, MQ_STORE_UNWRITABLE when it cannot even begin
   */
  append(request: AppendRequest, done: AppendDone): void {
    this.#appendAll([request], ({ dispatch, result }) => this.#pending.push({ dispatch, result, done }))
  }

  /** Several records, one behind the other in one segment. */
  appendBatch(
    requests: readonly AppendRequest[],
    done: (error: MqError | null, results: readonly AppendResult[] | null) => void,
  ): void {
    const results: AppendResult[] = []
    this.#appendAll(requests, (staged) => {
      results.push(staged.result)
      const last = results.length === requests.length
      this.#pending.push({
        ...staged,
        done: last ? (error) => done(error, error === null ? results : null) : ignore,
      })
    })
  }

  #appendAll(requests: readonly AppendRequest[], push: (staged: Omit<Pending, 'done'>) => void): void {
    if (this.#broken !== null) throw this.#broken
    this.#beginTurn()
    try {
      const drafts = requests.map((request) => this.#draftOf(request))
      this.#log.reserve(drafts.reduce((sum, draft) => sum + draftSize(draft), 0))
      for (let i = 0; i < drafts.length; i++) push(this.#stage(requests[i]!, drafts[i]!))
    } catch (error) {
      if (this.#pending.length === 0 && this.#options.writer === 'turn') this.#endTurn(true)
      throw error
    }
    if (this.#log.end - this.#log.writtenTo >= batchSizeMax) this.commit()
    else this.#scheduled ??= setImmediate(() => this.commit())
  }

  #draftOf(request: AppendRequest): MutableDraft {
    const { topic: name, properties: text, bornHost, storeHost, body } = request
    if (name !== this.#lastTopic.name) this.#lastTopic = { name, bytes: Buffer.from(name) }
    const properties = text === '' || text.endsWith('\u0002') ? text : text + '\u0002'
    const now = Math.max(this.#options.clock.now(), this.#lastStoreTimestamp)
    this.#lastStoreTimestamp = now
    return {
      version: recordVersion(this.#lastTopic.bytes.length),
      bodyCrc: crc32(body),
      queueId: request.queueId,
      flag: request.flag,
      queueOffset: 0,
      physicalOffset: 0,
      sysFlag: hostFlags(request.sysFlag, bornHost, storeHost),
      bornTimestamp: request.bornTimestamp,
      bornHost,
      storeTimestamp: now,
      storeHost,
      reconsumeTimes: request.reconsumeTimes,
      preparedTransactionOffset: request.preparedTransactionOffset,
      body,
      topic: this.#lastTopic.bytes,
      properties,
      propertiesSize: Buffer.byteLength(properties),
    }
  }

  #stage(request: AppendRequest, draft: MutableDraft): Omit<Pending, 'done'> {
    const { topic, queueId, sysFlag, properties } = request
    const name = `${topic}/${queueId}`
    const physicalOffset = (draft.physicalOffset = this.#log.end)
    const queueOffset = (draft.queueOffset =
      this.#nextOffsets.get(name) ?? this.extent(topic, queueId).endOffset)
    const size = writeDraft(this.#log.staging, this.#log.stagingAt(physicalOffset), draft)
    this.#log.advance(size)
    const dispatch = dispatchOf(topic, queueId, queueOffset, physicalOffset, size, sysFlag, properties)
    if (dispatch !== null) this.#nextOffsets.set(name, queueOffset + 1)
    return { dispatch, result: { queueOffset, physicalOffset } }
  }

  /** Writes what is staged, makes it as safe as promised, then acknowledges. Ack-after-what is decided here only. */
  commit(): void {
    if (this.#scheduled !== null) clearImmediate(this.#scheduled)
    this.#scheduled = null
    if (this.#pending.length === 0) return
    const batch = this.#pending
    this.#pending = []
    const error = this.#writeBatch(batch)
    if (this.#options.writer === 'turn') this.#endTurn(error === null)
    else if (error === null)
      for (const { dispatch } of batch) if (dispatch !== null) this.onDispatched(dispatch)
    for (const { done, result } of batch) {
      if (error === null) done(null, result)
      else done(error, null)
    }
  }

  #writeBatch(batch: readonly Pending[]): MqError | null {
    this.#wrote = true
    try {
      this.#log.write()
      if (this.#options.writer === 'turn') this.#sync()
      for (const { dispatch } of batch) if (dispatch !== null) this.#index.add(dispatch)
      const small = this.#options.writer === 'turn' && batch.length < smallTurn
      if (small || this.#index.unflushed >= unflushedMax) this.#index.flush()
      return null
    } catch (error) {
      this.#torn = true
      this.#nextOffsets.clear()
      return error instanceof MqError
        ? error
        : new MqError('MQ_STORE_UNWRITABLE', String(error), { cause: error })
    }
  }

  #sync(): void {
    try {
      this.#log.datasync()
      this.#syncedTo = this.#log.end
    } catch (error) {
      // the kernel may have dropped the pages: a second sync would say they are safe (fsyncgate)
      this.#broken = storeError(error)
      throw error
    }
  }

  /** In 'hold': flushes log and index, called by a timer. */
  syncLater(): void {
    if (!this.#lock.held || this.#broken !== null) return
    const upTo = this.#log.writtenTo
    if (upTo === this.#syncedTo && this.#index.unflushed === 0) return
    this.#log.datasyncLater((error) => {
      if (error !== null) this.#broken = storeError(error)
      else if (this.#lock.held) {
        this.#syncedTo = upTo
        this.#index.flush()
        this.#saveWriter(false)
      }
    })
  }

  get broken(): MqError | null {
    return this.#broken
  }

  /** Takes the lock, if it is not held, and takes over from whoever wrote last. */
  #beginTurn(): void {
    if (this.#lock.held && !this.#torn) return
    if (!this.#lock.held) this.#lock.acquire(this.#options.lockTimeoutMs ?? 5000)
    const row = this.state.writer()
    const orderly = row.clean && row.bootId === bootId() && !this.#torn
    if (!orderly) this.#recover(row)
    else if (row.logEnd !== this.#log.end || this.#epoch !== row.epoch) this.#takeOver(row.logEnd)
    else this.#index.resume()
    this.#syncedTo = this.#log.end
    this.#epoch = row.epoch + 1
    this.#torn = false
    this.#saveWriter(false)
  }

  #takeOver(logEnd: number): void {
    this.#log.refresh()
    this.#log.resumeAt(logEnd)
    this.#nextOffsets.clear()
    this.#index.attach()
  }

  /** The last writer died, or the machine did: everything behind the last sync is looked at. */
  #recover(row: WriterRow): void {
    this.#log.refresh()
    const end = this.#log.scan(Math.max(row.syncedTo, this.#log.minOffset), ignore)
    this.#log.truncateTo(end)
    this.#index.dropBehind(end)
    this.#takeOver(end)
    this.#clampOffsets()
  }

  /** Offsets that ran ahead of the log would make a group skip what is written next. */
  #clampOffsets(): void {
    const rows = this.state.db
      .prepare('SELECT topic, group_name, queue_id, next_offset FROM consumer_offset')
      .all() as { topic: string; group_name: string; queue_id: number; next_offset: number }[]
    const clamp = this.state.db.prepare(
      'UPDATE consumer_offset SET next_offset = ? WHERE topic = ? AND group_name = ? AND queue_id = ?',
    )
    this.state.durably(() => {
      for (const row of rows) {
        const { endOffset } = this.extent(row.topic, row.queue_id)
        if (row.next_offset > endOffset) clamp.run(endOffset, row.topic, row.group_name, row.queue_id)
      }
    })
  }

  #endTurn(orderly: boolean): void {
    if (orderly) this.#saveWriter(true)
    this.#index.detach()
    this.#lock.release()
  }

  #saveWriter(clean: boolean): void {
    this.state.setWriter({
      epoch: this.#epoch,
      bootId: bootId(),
      clean,
      logEnd: this.#log.writtenTo,
      syncedTo: this.#syncedTo,
      indexedTo: this.#index.flushedTo,
    })
  }

  /** Commits and syncs what is staged and lets the folder go. */
  close(): void {
    this.commit()
    if (this.#index.unflushed > 0 && this.#wrote && this.#broken === null && !this.#torn) this.#beginTurn()
    if (this.#lock.held && this.#broken === null && !this.#torn) {
      this.#sync()
      this.#index.flush()
      this.#saveWriter(true)
    }
    this.#lock.close()
    this.#index.close()
    this.#log.close()
    this.state.close()
  }
}

function storeError(error: unknown): MqError {
  return error instanceof MqError
    ? error
    : new MqError('MQ_STORE_UNWRITABLE', String(error), { cause: error })
}

function ignore(): void {
  // nothing to tell: the batch's last record carries the callback
}

function create(fs: FileSystem, folder: string): void {
  try {
    if (fs.list(join(folder, 'commitlog')).length > 0) {
      throw new MqError('MQ_STORE_FOREIGN', `${folder} holds a commit log that pocketmq did not write`)
    }
    fs.mkdir(join(folder, 'commitlog'))
    fs.mkdir(join(folder, 'pocketmq', 'index'))
    fs.replaceFile(join(folder, 'pocketmq', 'FORMAT'), Buffer.from('1\n'))
  } catch (error) {
    if (error instanceof MqError) throw error
    throw new MqError('MQ_STORE_UNWRITABLE', `${folder} cannot be written: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

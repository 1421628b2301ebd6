import { MqError } from '../errors.ts'
import { defaultRetention, type Retention } from './retention.ts'
import type { FileSystem } from './file-system.ts'
import { ForeignCache } from './foreign-cache.ts'
import { foreignRefusal, ForeignLog } from './foreign-log.ts'
import type { QueueEntry, QueueExtent } from './index-db.ts'
import type { Damage } from './log-walk.ts'
import type { WhenSynced } from './group-commit.ts'
import type { MessageStore } from './message-store.ts'
import { IndexFiles } from './index-files.ts'
import { joinedRecordsOf, recordsOf, type JoinedRecords } from './record-reader.ts'
import type { StateDb } from './state-db.ts'
import { StoreIndex } from './store-index.ts'

export interface ForeignStoreOptions {
  readonly folder: string
  readonly fs: FileSystem
  /** Topics, groups and offsets as the folder's config tells them; closed with the store. */
  readonly state: StateDb
  readonly brokerName: string
  readonly clusterName: string
  /** Where its index may be kept, outside of the folder; null: in memory. */
  readonly cache: string | null
  /** How long to wait for another process that makes the same index, before an own one is made in memory. */
  readonly lockTimeoutMs: number
}

/** Index files name their store; a foreign one has no id, and its cache a folder of its own. */
const foreignStoreId = 'foreign'

/**
 * The folder of a RocketMQ broker, read in place: not a byte of it changes, and a broker may be writing to
 * it.
 */
export class ForeignStore implements MessageStore {
  readonly state: StateDb
  readonly brokerName: string
  readonly clusterName: string
  onDispatched: MessageStore['onDispatched'] = ignore
  neededFrom: MessageStore['neededFrom'] = () => Infinity
  /** What waits in it is for its own broker to deliver. */
  readonly nextDueAt = null
  /** Parts of the log that are passed over. */
  readonly damage: Damage[] = []
  readonly #options: ForeignStoreOptions
  readonly #foreign: ForeignLog
  readonly #index: StoreIndex
  readonly #cache: ForeignCache | null

  /** @throws MQ_STORE_CORRUPT */
  constructor(options: ForeignStoreOptions) {
    const { folder, fs, state, cache, lockTimeoutMs } = options
    this.#options = options
    this.state = state
    this.brokerName = options.brokerName
    this.clusterName = options.clusterName
    state.refuseChanges(foreignRefusal(folder))
    const foreign = (this.#foreign = new ForeignLog(fs, folder))
    const open = (home: string): StoreIndex =>
      new StoreIndex(
        new IndexFiles(fs, home, foreignStoreId),
        foreign.log,
        (topic) => foreign.floorOf(topic),
        (damage) => void this.damage.push(damage),
        (topic, gone) => void foreign.deleted.set(topic, gone),
      )
    this.#cache =
      cache === null ? null : ForeignCache.open({ fs, folder: cache, foreign, open, lockTimeoutMs })
    this.#index = this.#cache?.index ?? open('')
    // without files an index is the walk of the whole log, kept in memory
    if (this.#cache === null) this.#index.refresh(foreign.lastSegment())
  }

  /** Sees what a live broker has written since. */
  refresh(): void {
    const { log } = this.#foreign
    const at = this.#index.coveredTo
    if (log.segmentEnd(at) === null) log.refresh()
    const { frame } = log.inspect(at, 1024).seen
    if (frame !== 'message' && frame !== 'blank') return
    log.refresh()
    if (this.#cache === null) this.#index.extend(this.#foreign.lastSegment())
    else this.#cache.catchUp()
  }

  get segmentSize(): number {
    return this.#foreign.log.segmentSize
  }

  get commitLogMinOffset(): number {
    return this.#foreign.log.minOffset
  }

  get commitLogMaxOffset(): number {
    return this.#index.coveredTo
  }

  diskUsage(): { readonly total: number; readonly used: number } {
    return this.#options.fs.diskUsage(this.#options.folder)
  }

  extent(topic: string, queueId: number): QueueExtent {
    return this.#index.extent(topic, queueId) ?? { topic, queueId, minOffset: 0, endOffset: 0 }
  }

  extents(): QueueExtent[] {
    return this.#index.extents()
  }

  entries(topic: string, queueId: number, from: number, max: number): QueueEntry[] {
    return this.#index.range(topic, queueId, from, max)
  }

  find(topic: string, key: string): number[] {
    const floor = this.#foreign.floorOf(topic)
    return this.#index.find(topic, key).filter((offset) => offset >= floor)
  }

  record(physicalOffset: number, sizeHint = 1024): Buffer | null {
    const { log } = this.#foreign
    if (physicalOffset < log.minOffset || physicalOffset >= this.#index.coveredTo) return null
    const { seen, source } = log.inspect(physicalOffset, sizeHint)
    return seen.frame === 'message' ? source.subarray(0, seen.size) : null
  }

  records(topic: string, queueId: number, entries: readonly QueueEntry[]): (Buffer | null)[] {
    return recordsOf(this.#foreign.log, this.#index, topic, queueId, entries)
  }

  joinedRecords(topic: string, queueId: number, entries: readonly QueueEntry[]): JoinedRecords {
    return joinedRecordsOf(this.#foreign.log, this.#index, topic, queueId, entries)
  }

  /** @throws MQ_STORE_FOREIGN */
  append(): never {
    throw this.#refusal()
  }

  /** @throws MQ_STORE_FOREIGN */
  appendAll(): never {
    throw this.#refusal()
  }

  /** @throws MQ_STORE_FOREIGN */
  appendBatch(): never {
    throw this.#refusal()
  }

  /** @throws MQ_STORE_FOREIGN */
  deleteTopic(): never {
    throw this.#refusal()
  }

  /** What its broker goes by, for all we know; nothing is ever removed here. */
  retention: Retention = defaultRetention

  /** @throws MQ_STORE_FOREIGN */
  expire(): never {
    throw this.#refusal()
  }

  /** @throws MQ_STORE_FOREIGN */
  exclusively(): never {
    throw this.#refusal()
  }

  #refusal(): MqError {
    return foreignRefusal(this.#options.folder)
  }

  whenSynced(act: WhenSynced): void {
    act(null)
  }

  commit(): void {
    // nothing is ever written
  }

  syncLater(): void {
    // nothing is ever written
  }

  settleDue(): void {
    // nothing is ever written
  }

  close(): void {
    this.#cache?.close()
    this.#index.close()
    this.#foreign.log.close()
    this.state.close()
  }
}

function ignore(): void {
  // nothing is appended here, so nothing arrives
}

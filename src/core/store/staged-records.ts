import { grown } from '../lib/columns.ts'
import type { MqError } from '../errors.ts'
import type { AppendAllDone, AppendDone, AppendResult, AppendRunDone } from './append-batch.ts'
import type { DispatchedRecord } from './index-rows.ts'

/** Stands for several records, the one it is staged with the last of them. */
interface Group {
  tell(error: MqError | null): void
}

/**
 * Records that are staged and not acknowledged yet, in columns that are used again: thousands of objects that
 * live until a batch is committed would all be copied by the garbage collector (bench/store.ts).
 */
export class StagedRecords {
  count = 0
  #capacity = 64
  topics: string[] = []
  queueIds = new Int32Array(64)
  queueOffsets = new Float64Array(64)
  physicalOffsets = new Float64Array(64)
  sizes = new Int32Array(64)
  tagsCodes = new Float64Array(64)
  storeTimestamps = new Float64Array(64)
  /** 0: it has no place in a queue. */
  inQueue = new Uint8Array(64)
  /** Where each one's hashes end in `keyHashes`. */
  keyEnds = new Int32Array(64)
  keyHashes = new Float64Array(128)
  #keyCount = 0
  #dones: (AppendDone | Group | null)[] = []

  /** Of the record that is pushed next. */
  readonly addKey = (hash: number): void => {
    if (this.#keyCount === this.keyHashes.length) this.keyHashes = grown(this.keyHashes, Float64Array)
    this.keyHashes[this.#keyCount++] = hash
  }

  push(
    topic: string,
    queueId: number,
    queueOffset: number,
    physicalOffset: number,
    size: number,
    tagsCode: number,
    storeTimestamp: number,
    inQueue: boolean,
  ): void {
    const i = this.count
    if (i === this.#capacity) this.#grow()
    this.topics[i] = topic
    this.queueIds[i] = queueId
    this.queueOffsets[i] = queueOffset
    this.physicalOffsets[i] = physicalOffset
    this.sizes[i] = size
    this.tagsCodes[i] = tagsCode
    this.storeTimestamps[i] = storeTimestamp
    this.inQueue[i] = inQueue ? 1 : 0
    this.keyEnds[i] = this.#keyCount
    this.#dones[i] = null
    this.count++
  }

  /** Who hears of the record pushed last. */
  tell(done: AppendDone): void {
    this.#dones[this.count - 1] = done
  }

  /** Who hears of the records from `first` on up to the one pushed last. */
  tellAll(first: number, done: AppendAllDone): void {
    const { count } = this
    const tell = (error: MqError | null): void =>
      done(error, error === null ? this.#results(first, count) : null)
    this.#dones[count - 1] = { tell }
  }

  /** Likewise; their places are told in columns. */
  tellRun(first: number, done: AppendRunDone): void {
    const { count } = this
    const tell = (error: MqError | null): void => {
      if (error !== null) return done(error, null)
      const queueOffsets = this.queueOffsets.slice(first, count)
      done(null, { queueOffsets, physicalOffsets: this.physicalOffsets.slice(first, count) })
    }
    this.#dones[count - 1] = { tell }
  }

  /** Tells those who wait for them, in the order of the log. */
  acknowledge(error: MqError | null): void {
    for (let i = 0; i < this.count; i++) {
      const done = this.#dones[i] ?? null
      if (done === null) continue
      if (typeof done === 'function') done(error, error === null ? this.#result(i) : null)
      else done.tell(error)
    }
  }

  #result(i: number): AppendResult {
    return { queueOffset: this.queueOffsets[i]!, physicalOffset: this.physicalOffsets[i]! }
  }

  #results(first: number, end: number): AppendResult[] {
    return Array.from({ length: end - first }, (_, i) => this.#result(first + i))
  }

  /** What can be read from now on; null for one without a place in a queue. */
  dispatched(i: number): DispatchedRecord | null {
    if (this.inQueue[i] === 0) return null
    return {
      topic: this.topics[i]!,
      queueId: this.queueIds[i]!,
      queueOffset: this.queueOffsets[i]!,
      physicalOffset: this.physicalOffsets[i]!,
      size: this.sizes[i]!,
      tagsCode: this.tagsCodes[i]!,
      keyHashes: [...this.keyHashes.subarray(i === 0 ? 0 : this.keyEnds[i - 1], this.keyEnds[i])],
      storeTimestamp: this.storeTimestamps[i]!,
    }
  }

  /** To be used again. */
  clear(): void {
    // nobody's callbacks are kept alive
    this.#dones.fill(null, 0, this.count)
    this.count = this.#keyCount = 0
  }

  #grow(): void {
    this.#capacity *= 2
    this.queueIds = grown(this.queueIds, Int32Array)
    this.queueOffsets = grown(this.queueOffsets, Float64Array)
    this.physicalOffsets = grown(this.physicalOffsets, Float64Array)
    this.sizes = grown(this.sizes, Int32Array)
    this.tagsCodes = grown(this.tagsCodes, Float64Array)
    this.storeTimestamps = grown(this.storeTimestamps, Float64Array)
    this.inQueue = grown(this.inQueue, Uint8Array)
    this.keyEnds = grown(this.keyEnds, Int32Array)
  }
}

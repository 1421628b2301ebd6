import { grown } from '../lib/columns.ts'
import type { QueueEntry } from './index-db.ts'
import type { StagedRecords } from './staged-records.ts'

/** What the dispatcher makes of a record: everything the index keeps of it. */
export interface DispatchedRecord {
  readonly topic: string
  readonly queueId: number
  readonly queueOffset: number
  readonly physicalOffset: number
  readonly size: number
  /** Java's hash of the tag; in the schedule topic the time of delivery, epoch ms. */
  readonly tagsCode: number
  /** Hashes of the topic and each key; dispatcher.ts. */
  readonly keyHashes: readonly number[]
  /** Epoch ms. */
  readonly storeTimestamp: number
}

/**
 * Rows that have been flushed are filled again, with room for so many entries in all: arrays that live from
 * one flush to the next are only collected when there are tens of megabytes of them.
 */
const spareMax = 131_072

/** Consecutive consume-queue entries in typed arrays. */
export class QueueRows {
  firstOffset: number
  count = 0
  physicalOffsets = new Float64Array(16)
  sizes = new Int32Array(16)
  tagsCodes = new Float64Array(16)

  constructor(firstOffset: number) {
    this.firstOffset = firstOffset
  }

  get endOffset(): number {
    return this.firstOffset + this.count
  }

  /** Entries it has room for. */
  get capacity(): number {
    return this.sizes.length
  }

  push(physicalOffset: number, size: number, tagsCode: number): void {
    if (this.count === this.sizes.length) this.#grow()
    this.physicalOffsets[this.count] = physicalOffset
    this.sizes[this.count] = size
    this.tagsCodes[this.count] = tagsCode
    this.count++
  }

  /** Holds nothing again, and as much memory as before. */
  reset(firstOffset: number): this {
    this.firstOffset = firstOffset
    this.count = 0
    return this
  }

  /** The rows behind the first ones. */
  from(first: number): QueueRows {
    const rest = new QueueRows(this.firstOffset + first)
    for (let i = first; i < this.count; i++) {
      rest.push(this.physicalOffsets[i]!, this.sizes[i]!, this.tagsCodes[i]!)
    }
    return rest
  }

  #grow(): void {
    this.physicalOffsets = grown(this.physicalOffsets, Float64Array)
    this.sizes = grown(this.sizes, Int32Array)
    this.tagsCodes = grown(this.tagsCodes, Float64Array)
  }
}

/**
 * Index entries that are not in SQLite yet: what this process appended since its last flush, or, in a reader,
 * what it found in the log behind the index. A queue has one stretch of rows, and one more behind each gap
 * that damage left.
 */
export class IndexTail {
  readonly #topics = new Map<string, Map<number, QueueRows[]>>()
  /** Most records are of the topic of the one before. */
  #lastTopic = ''
  #lastQueues = new Map<number, QueueRows[]>()
  readonly #spare: QueueRows[] = []
  /** What `#spare` has room for. */
  #spareCapacity = 0
  keyHashes = new Float64Array(64)
  keyPhysicalOffsets = new Float64Array(64)
  keyCount = 0
  /** Messages held. */
  count = 0

  add(record: DispatchedRecord): void {
    const { topic, queueId, queueOffset, physicalOffset, size, tagsCode } = record
    this.#rowsFor(topic, queueId, queueOffset).push(physicalOffset, size, tagsCode)
    for (const hash of record.keyHashes) this.#addKey(hash, physicalOffset)
    this.count++
  }

  /** One of a batch; nothing for one without a place in a queue. */
  addStaged(records: StagedRecords, i: number): void {
    if (records.inQueue[i] === 0) return
    const physicalOffset = records.physicalOffsets[i]!
    const rows = this.#rowsFor(records.topics[i]!, records.queueIds[i]!, records.queueOffsets[i]!)
    rows.push(physicalOffset, records.sizes[i]!, records.tagsCodes[i]!)
    const keyEnd = records.keyEnds[i]!
    for (let key = i === 0 ? 0 : records.keyEnds[i - 1]!; key < keyEnd; key++)
      this.#addKey(records.keyHashes[key]!, physicalOffset)
    this.count++
  }

  #rowsFor(topic: string, queueId: number, queueOffset: number): QueueRows {
    if (topic !== this.#lastTopic) {
      let queues = this.#topics.get(topic)
      if (queues === undefined) this.#topics.set(topic, (queues = new Map<number, QueueRows[]>()))
      this.#lastTopic = topic
      this.#lastQueues = queues
    }
    let stretches = this.#lastQueues.get(queueId)
    if (stretches === undefined) this.#lastQueues.set(queueId, (stretches = []))
    let rows = stretches[stretches.length - 1]
    if (rows?.endOffset !== queueOffset) stretches.push((rows = this.#makeRows(queueOffset)))
    return rows
  }

  #makeRows(firstOffset: number): QueueRows {
    const rows = this.#spare.pop()
    if (rows === undefined) return new QueueRows(firstOffset)
    this.#spareCapacity -= rows.capacity
    return rows.reset(firstOffset)
  }

  #keep(rows: QueueRows): void {
    if (this.#spareCapacity + rows.capacity > spareMax) return
    this.#spareCapacity += rows.capacity
    this.#spare.push(rows)
  }

  #addKey(hash: number, physicalOffset: number): void {
    if (this.keyCount === this.keyHashes.length) {
      this.keyHashes = grown(this.keyHashes, Float64Array)
      this.keyPhysicalOffsets = grown(this.keyPhysicalOffsets, Float64Array)
    }
    this.keyHashes[this.keyCount] = hash
    this.keyPhysicalOffsets[this.keyCount++] = physicalOffset
  }

  /** A queue's stretches, ascending; none when it has nothing here. */
  rows(topic: string, queueId: number): readonly QueueRows[] {
    return this.#topics.get(topic)?.get(queueId) ?? []
  }

  *queues(): Generator<[topic: string, queueId: number, stretches: readonly QueueRows[]]> {
    for (const [topic, queues] of this.#topics) {
      for (const [queueId, stretches] of queues) yield [topic, queueId, stretches]
    }
  }

  /** Drops a topic's rows below a log offset; keys stay, and lead to records that are then refused. */
  dropBelow(topic: string, physicalOffset: number): void {
    for (const stretches of this.#topics.get(topic)?.values() ?? []) {
      for (const rows of stretches.splice(0)) {
        let first = 0
        while (first < rows.count && rows.physicalOffsets[first]! < physicalOffset) first++
        if (first === 0) stretches.push(rows)
        else if (first < rows.count) stretches.push(rows.from(first))
      }
    }
  }

  clear(): void {
    for (const [, , stretches] of this.queues()) for (const rows of stretches) this.#keep(rows)
    this.#topics.clear()
    this.#lastTopic = ''
    this.keyCount = 0
    this.count = 0
  }
}

/** Entries of a queue's stretches from `from` on, at most `max`. */
export function tailRange(stretches: readonly QueueRows[], from: number, max: number): QueueEntry[] {
  const entries: QueueEntry[] = []
  for (const rows of stretches) {
    for (let i = Math.max(0, from - rows.firstOffset); i < rows.count && entries.length < max; i++) {
      entries.push({
        queueOffset: rows.firstOffset + i,
        physicalOffset: rows.physicalOffsets[i]!,
        size: rows.sizes[i]!,
        tagsCode: rows.tagsCodes[i]!,
      })
    }
  }
  return entries
}

import type { QueueEntry } from './index-db.ts'

/** What the dispatcher makes of a record: everything the index keeps of it. */
export interface DispatchedRecord {
  readonly topic: string
  readonly queueId: number
  readonly queueOffset: number
  readonly physicalOffset: number
  readonly size: number
  /** Java's hash of the tag; in the schedule topic the time of delivery, epoch ms. */
  readonly tagsCode: number
  readonly keys: readonly string[]
  /** Epoch ms. */
  readonly storeTimestamp: number
}

/** Consecutive consume-queue entries in typed arrays. */
export class QueueRows {
  readonly firstOffset: number
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

  push(physicalOffset: number, size: number, tagsCode: number): void {
    if (this.count === this.sizes.length) this.#grow()
    this.physicalOffsets[this.count] = physicalOffset
    this.sizes[this.count] = size
    this.tagsCodes[this.count] = tagsCode
    this.count++
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
    const capacity = this.count * 2
    const { physicalOffsets, sizes, tagsCodes } = this
    this.physicalOffsets = new Float64Array(capacity)
    this.physicalOffsets.set(physicalOffsets)
    this.sizes = new Int32Array(capacity)
    this.sizes.set(sizes)
    this.tagsCodes = new Float64Array(capacity)
    this.tagsCodes.set(tagsCodes)
  }
}

/**
 * Index entries that are not in SQLite yet: what this process appended since its last flush, or, in a reader,
 * what it found in the log behind the index. A queue has one stretch of rows, and one more behind each gap
 * that damage left.
 */
export class IndexTail {
  readonly #topics = new Map<string, Map<number, QueueRows[]>>()
  keyHashes: number[] = []
  keyPhysicalOffsets: number[] = []
  /** Messages held. */
  count = 0

  add(record: DispatchedRecord, hashOf: (topic: string, key: string) => number): void {
    let queues = this.#topics.get(record.topic)
    if (queues === undefined) this.#topics.set(record.topic, (queues = new Map<number, QueueRows[]>()))
    let stretches = queues.get(record.queueId)
    if (stretches === undefined) queues.set(record.queueId, (stretches = []))
    let rows = stretches[stretches.length - 1]
    if (rows?.endOffset !== record.queueOffset) stretches.push((rows = new QueueRows(record.queueOffset)))
    rows.push(record.physicalOffset, record.size, record.tagsCode)
    for (const key of record.keys) {
      this.keyHashes.push(hashOf(record.topic, key))
      this.keyPhysicalOffsets.push(record.physicalOffset)
    }
    this.count++
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
    this.#topics.clear()
    this.keyHashes = []
    this.keyPhysicalOffsets = []
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

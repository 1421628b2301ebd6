import { topicKeyHash } from './dispatcher.ts'
import type { QueueEntry, QueueExtent } from './index-db.ts'
import { tailRange, type IndexTail } from './index-rows.ts'
import type { OpenIndexes } from './open-indexes.ts'
import type { QueueWindows } from './queue-windows.ts'

export interface IndexParts {
  readonly files: OpenIndexes
  /** What is not in the files yet. */
  readonly tail: IndexTail
  readonly windows: QueueWindows
  /** Log offset below which a topic's records do not exist. */
  readonly tombstoneOf: (topic: string) => number
  /** Log offset up to which records are in the files or in the tail. */
  readonly coveredTo: () => number
}

/** Asks sealed segments' files, the active one and the tail as one. */
export class IndexReader {
  readonly #parts: IndexParts

  constructor(parts: IndexParts) {
    this.#parts = parts
  }

  /** Null when nothing is there. */
  extent(topic: string, queueId: number): QueueExtent | null {
    const { files, windows } = this.#parts
    const read = (): QueueExtent | null => this.#flushedExtent(topic, queueId)
    const flushed = files.writing ? windows.extent(topic, queueId, read) : read()
    const tail = this.#parts.tail.rows(topic, queueId)
    if (tail.length === 0) return flushed
    const minOffset = flushed?.minOffset ?? tail[0]!.firstOffset
    return { topic, queueId, minOffset, endOffset: tail.at(-1)!.endOffset }
  }

  #flushedExtent(topic: string, queueId: number): QueueExtent | null {
    const sealed = this.#parts.files.sealedExtent(topic, queueId)
    const active = this.#activeExtent(topic, queueId)
    if (sealed === null || active === null) return sealed ?? active
    return { topic, queueId, minOffset: sealed.minOffset, endOffset: active.endOffset }
  }

  /** A writer may have put more into the file than its reader has seen of the log. */
  #activeExtent(topic: string, queueId: number): QueueExtent | null {
    const { files, tombstoneOf, coveredTo } = this.#parts
    const { active, writing } = files
    if (active === null || writing) return active?.extent(topic, queueId) ?? null
    return active.extentWithin(topic, queueId, tombstoneOf(topic), coveredTo())
  }

  /** All queues that hold something. */
  extents(): QueueExtent[] {
    const { files, tail } = this.#parts
    const parts: Pick<QueueExtent, 'topic' | 'queueId'>[] = [
      ...files.sealedBases().flatMap((base) => files.extentsOf(base)),
      ...(files.active?.extents() ?? []),
    ]
    for (const [topic, queueId] of tail.queues()) parts.push({ topic, queueId })
    const byName = new Map(parts.map((part) => [`${part.topic}/${part.queueId}`, part]))
    return [...byName.values()].flatMap(({ topic, queueId }) => this.extent(topic, queueId) ?? [])
  }

  /** Entries from `from` on, at most `max`, in order. */
  range(topic: string, queueId: number, from: number, max: number): QueueEntry[] {
    const coveredTo = this.#parts.coveredTo()
    let entries: QueueEntry[] = []
    for (let next = from; entries.length < max; next = entries.at(-1)!.queueOffset + 1) {
      const part = this.#rangeOnce(topic, queueId, next, max - entries.length)
      if (part.length === 0) break
      const end = part.findIndex(({ physicalOffset }) => physicalOffset >= coveredTo)
      if (end !== -1) return [...entries, ...part.slice(0, end)]
      entries = entries.length === 0 ? part : [...entries, ...part]
    }
    return entries
  }

  #rangeOnce(topic: string, queueId: number, from: number, max: number): QueueEntry[] {
    const { files, windows } = this.#parts
    const tail = this.#parts.tail.rows(topic, queueId)
    if (tail.length > 0 && from >= tail[0]!.firstOffset) return tailRange(tail, from, max)
    const read = (wanted: number): QueueEntry[] => this.#flushedRange(topic, queueId, from, wanted)
    const flushed = files.writing ? windows.range(topic, queueId, from, max, read) : read(max)
    return flushed.length > 0 ? flushed : tailRange(tail, from, max)
  }

  #flushedRange(topic: string, queueId: number, from: number, max: number): QueueEntry[] {
    const { files, tombstoneOf } = this.#parts
    const sealed = files.sealedRange(topic, queueId, from, max)
    if (sealed !== null) return sealed
    const tombstone = tombstoneOf(topic)
    const rows = files.active?.range(topic, queueId, from, max) ?? []
    return tombstone === 0 ? rows : rows.filter((entry) => entry.physicalOffset >= tombstone)
  }

  /** Log offsets of messages that may have a key, newest first. The caller compares the text. */
  find(topic: string, key: string): number[] {
    const { files, tail } = this.#parts
    const hash = topicKeyHash(topic, key)
    const found = new Set(files.active?.find(hash) ?? [])
    const { keyHashes, keyPhysicalOffsets, keyCount } = tail
    for (let i = 0; i < keyCount; i++) if (keyHashes[i] === hash) found.add(keyPhysicalOffsets[i]!)
    for (const offset of files.sealedKeys(hash)) found.add(offset)
    return [...found].sort((a, b) => b - a)
  }
}

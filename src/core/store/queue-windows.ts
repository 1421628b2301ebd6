import type { QueueEntry, QueueExtent } from './index-db.ts'
import { QueueRows, tailRange, type IndexTail } from './index-rows.ts'

/**
 * Entries read at once for whoever reads on, the less where hundreds of queues are read: 32 pulls of a
 * RocketMQ consumer, or eight. Pages of the index are read and checked whole, the first and the last one half
 * in vain.
 */
const [windowMin, windowMax] = [256, 1024]
/** In all windows, 20 bytes each. */
const entriesMax = 524_288
/** Who wants fewer looks something up, and does not read on. */
const readerMin = 8
const windowsMax = entriesMax / windowMin

/**
 * What was lately read of the index files of a writer: flushed rows change no more until something is
 * deleted, and then `forget` is called. A consumer asks SQLite once in 32 pulls instead of four times in
 * each.
 */
export class QueueWindows {
  readonly #rows = new Map<string, QueueRows>()
  /** Entries in all of them. */
  #held = 0
  /** By topic and queue. */
  readonly #extents = new Map<string, Map<number, QueueExtent | null>>()

  /** @param read from the files, which are not asked when it is known */
  range(
    topic: string,
    queueId: number,
    from: number,
    max: number,
    read: (max: number) => QueueEntry[],
  ): QueueEntry[] {
    if (max < readerMin || max > windowMin) return read(max)
    const queue = `${topic}/${queueId}`
    const known = this.#rows.get(queue)
    if (known !== undefined && from >= known.firstOffset && from < known.endOffset)
      return tailRange([known], from, max)
    this.#drop(queue)
    const entries = read(this.#held + windowMax <= entriesMax ? windowMax : windowMin)
    const rows = new QueueRows(from)
    for (const { queueOffset, physicalOffset, size, tagsCode } of entries) {
      if (queueOffset !== rows.endOffset) break
      rows.push(physicalOffset, size, tagsCode)
    }
    if (rows.count > 0) {
      this.#rows.set(queue, rows)
      this.#held += rows.count
    }
    if (this.#rows.size > windowsMax) this.#drop(this.#rows.keys().next().value!)
    return entries.slice(0, max)
  }

  #drop(queue: string): void {
    this.#held -= this.#rows.get(queue)?.count ?? 0
    this.#rows.delete(queue)
  }

  /** What the files hold of a queue; null: nothing. */
  extent(topic: string, queueId: number, read: () => QueueExtent | null): QueueExtent | null {
    let queues = this.#extents.get(topic)
    if (queues === undefined) this.#extents.set(topic, (queues = new Map<number, QueueExtent | null>()))
    let extent = queues.get(queueId)
    if (extent === undefined) queues.set(queueId, (extent = read()))
    return extent
  }

  /** All of a tail was put into the files. */
  flushed(tail: IndexTail): void {
    for (const [topic, queueId, stretches] of tail.queues()) {
      const queues = this.#extents.get(topic)
      const known = queues?.get(queueId)
      if (queues === undefined || known === undefined) continue
      const [rows] = stretches
      // of one that begins again the files say what is left
      if (rows === undefined || stretches.length > 1 || rows.firstOffset < (known?.endOffset ?? 0))
        queues.delete(queueId)
      else {
        const minOffset = known?.minOffset ?? rows.firstOffset
        queues.set(queueId, { topic, queueId, minOffset, endOffset: rows.endOffset })
      }
    }
  }

  /** The files are others now, and hold the same. */
  rolled(): void {
    this.#extents.clear()
  }

  forget(): void {
    this.#rows.clear()
    this.#held = 0
    this.#extents.clear()
  }
}

import type { QueueEntry, QueueExtent } from './index-db.ts'
import { QueueRows, tailRange } from './index-rows.ts'

/** Entries read at once for whoever reads on: eight pulls of a RocketMQ consumer, 5 KiB. */
const windowSize = 256
/** Who wants fewer looks something up, and does not read on. */
const readerMin = 8
const windowsMax = 2048

/**
 * What was lately read of the index files of a writer: flushed rows change no more until something is
 * deleted, and then `forget` is called. A consumer asks SQLite once in eight pulls instead of four times in
 * each.
 */
export class QueueWindows {
  readonly #rows = new Map<string, QueueRows>()
  readonly #extents = new Map<string, QueueExtent | null>()

  /** @param read from the files, which are not asked when it is known */
  range(
    topic: string,
    queueId: number,
    from: number,
    max: number,
    read: (max: number) => QueueEntry[],
  ): QueueEntry[] {
    if (max < readerMin || max > windowSize) return read(max)
    const queue = `${topic}/${queueId}`
    const known = this.#rows.get(queue)
    if (known !== undefined && from >= known.firstOffset && from < known.endOffset)
      return tailRange([known], from, max)
    const entries = read(windowSize)
    const rows = new QueueRows(from)
    for (const { queueOffset, physicalOffset, size, tagsCode } of entries) {
      if (queueOffset !== rows.endOffset) break
      rows.push(physicalOffset, size, tagsCode)
    }
    this.#rows.delete(queue)
    if (rows.count > 0) this.#rows.set(queue, rows)
    if (this.#rows.size > windowsMax) this.#rows.delete(this.#rows.keys().next().value!)
    return entries.slice(0, max)
  }

  /** What the files hold of a queue; null: nothing. */
  extent(topic: string, queueId: number, read: () => QueueExtent | null): QueueExtent | null {
    const queue = `${topic}/${queueId}`
    let extent = this.#extents.get(queue)
    if (extent === undefined) this.#extents.set(queue, (extent = read()))
    return extent
  }

  /** More was put into the files. */
  flushed(): void {
    this.#extents.clear()
  }

  forget(): void {
    this.#rows.clear()
    this.#extents.clear()
  }
}

import { putI32, readI64, writeI64 } from '../lib/bytes.ts'
import { crc32 } from '../lib/crc32.ts'
import { limits } from '../model/limits.ts'
import { recordSizeMin } from '../model/record.ts'
import type { QueueEntry } from './index-db.ts'
import type { QueueRows } from './index-rows.ts'
import type { QueueRow } from './queue-table.ts'
import { corrupt, type Database, type Statement } from './sqlite.ts'

/**
 * The queues of one segment, in pages of consecutive entries: what one flush added to a queue, cut where a
 * page is full. A page is never added to. So a message sent alone costs what a row would (12 µs), and
 * thousands at once a fifth of it (0.2 against 1.1 µs each, bench/store.ts). An entry is RocketMQ's unit of
 * a consume queue: physical offset i64, size i32, tags code i64. Behind them the page has a CRC. Pages
 * adjoin, so that a missing one is noticed: offsets that damage of the log left out are a page without
 * entries.
 */
export const consumeQueueSchema = `
CREATE TABLE consume_queue(queue INTEGER NOT NULL, first_offset INTEGER NOT NULL, entries BLOB NOT NULL,
  PRIMARY KEY (queue, first_offset)) WITHOUT ROWID;
`
const entrySize = 20
const crcSize = 4
/** A page of offsets that nothing has: the offset behind them, i64, and the CRC. */
const gapSize = 8 + crcSize
/** A row of 4.5 KiB: a leaf holds its least part, and the rest fills one overflow page to the end. */
const pageEntries = 228
/** Read with one call at first: of messages that were sent alone. */
const pagesMax = 64
/** What a frame can bring: a RocketMQ broker's maxMessageSize may be larger than ours. */
const recordSizeMax = limits.frameSizeMax

type PageRow = [queue: number, firstOffset: number, entries: Buffer]
type Queue = Pick<QueueRow, 'id' | 'minOffset' | 'endOffset'>

interface Page {
  readonly firstOffset: number
  readonly endOffset: number
  /** None: a gap. */
  readonly count: number
  readonly bytes: Buffer
}

export class ConsumeQueue {
  readonly #insert: Statement<[number, number, Buffer]>
  readonly #delete: Statement<[number, number]>
  readonly #pageOf: Statement<[number, number], PageRow>
  readonly #pagesAfter: Statement<[number, number, number], PageRow>
  readonly #pagesBack: Statement<[number, number], PageRow>
  readonly #count: Statement<[number], { n: number }>
  readonly #page = Buffer.allocUnsafe(pageEntries * entrySize + crcSize)

  constructor(db: Database) {
    const pages = 'SELECT queue, first_offset, entries FROM consume_queue WHERE queue = ?'
    const select = <P extends unknown[]>(text: string): Statement<P, PageRow> => {
      const statement = db.prepare<P, PageRow>(text)
      statement.raw()
      return statement
    }
    this.#insert = db.prepare('INSERT INTO consume_queue VALUES (?, ?, ?)')
    this.#delete = db.prepare('DELETE FROM consume_queue WHERE queue = ? AND first_offset = ?')
    this.#pageOf = select(`${pages} AND first_offset <= ? ORDER BY first_offset DESC LIMIT 1`)
    this.#pagesAfter = select(`${pages} AND first_offset > ? ORDER BY first_offset LIMIT ?`)
    this.#pagesBack = select(`${pages} AND first_offset < ? ORDER BY first_offset DESC`)
    this.#count = db.prepare(
      `SELECT coalesce(sum((length(entries) - ${crcSize}) / ${entrySize}), 0) AS n FROM consume_queue WHERE queue = ?`,
    )
  }

  /** Adds rows that lie behind all there are; call within a transaction. @param queue as it was before */
  add(queue: Queue, rows: QueueRows): void {
    if (rows.firstOffset > queue.endOffset) this.#writeGap(queue.id, queue.endOffset, rows.firstOffset)
    for (let from = 0; from < rows.count; from += pageEntries) {
      const count = Math.min(pageEntries, rows.count - from)
      for (let i = 0; i < count; i++) {
        const { physicalOffsets, sizes, tagsCodes } = rows
        this.#put(i, physicalOffsets[from + i]!, sizes[from + i]!, tagsCodes[from + i]!)
      }
      this.#write(queue.id, rows.firstOffset + from, count * entrySize)
    }
  }

  #put(index: number, physicalOffset: number, size: number, tagsCode: number): void {
    const at = index * entrySize
    writeI64(this.#page, at, physicalOffset)
    putI32(this.#page, at + 8, size)
    writeI64(this.#page, at + 12, tagsCode)
  }

  #writeGap(queue: number, from: number, to: number): void {
    writeI64(this.#page, 0, to)
    this.#write(queue, from, gapSize - crcSize)
  }

  /** Writes what is in the first bytes of `#page`. */
  #write(queue: number, firstOffset: number, end: number): void {
    putI32(this.#page, end, pageCrc(queue, firstOffset, this.#page, end))
    this.#insert.run(queue, firstOffset, this.#page.subarray(0, end + crcSize))
  }

  /** Entries from `from` on, at most `max`. */
  range(queue: Queue, from: number, max: number): QueueEntry[] {
    const entries: QueueEntry[] = []
    const first = Math.max(from, queue.minOffset)
    if (max <= 0 || first >= queue.endOffset) return entries
    const row = this.#pageOf.get(queue.id, first)
    if (row === undefined) throw missingPage()
    let page = pageOf(queue.id, row)
    if (page.endOffset <= first) throw missingPage()
    takeEntries(page, first, max, entries)
    // the next pages are about as long as the first
    const likely = entries.length === 0 ? 1 : Math.ceil(max / entries.length) - 1
    let pages = Math.min(Math.max(likely, 1), pagesMax)
    for (; entries.length < max && page.endOffset < queue.endOffset; pages *= 4) {
      const rows = this.#pagesAfter.all(queue.id, page.firstOffset, pages)
      for (const each of rows) {
        if (entries.length === max) break
        const next = pageOf(queue.id, each)
        if (next.firstOffset !== page.endOffset) throw missingPage()
        page = next
        takeEntries(page, first, max, entries)
      }
      if (rows.length === 0) throw missingPage()
    }
    return entries
  }

  /** The last entry whose record lies below a log offset; null: none. */
  lastBelow(queue: Queue, physicalOffset: number): QueueEntry | null {
    let begin = queue.endOffset
    for (const row of this.#pagesBack.iterate(queue.id, begin)) {
      const page = pageOf(queue.id, row)
      if (page.endOffset !== begin) throw missingPage()
      const last = entriesOf(page).findLast((entry) => entry.physicalOffset < physicalOffset)
      if (last !== undefined) return last
      begin = page.firstOffset
    }
    if (begin > queue.minOffset) throw missingPage()
    return null
  }

  /** What damage left out makes them fewer than the queue's extent. */
  count(queue: number): number {
    return this.#count.get(queue)!.n
  }

  /** Whether something lies below a log offset. */
  hasBelow(queue: Queue, physicalOffset: number): boolean {
    const first = this.range(queue, queue.minOffset, 1)[0]
    return first !== undefined && first.physicalOffset < physicalOffset
  }

  /**
   * Removes what lies below a log offset; call within a transaction.
   * @returns offset of the first entry that is left, or null
   */
  dropBelow(queue: number, physicalOffset: number): number | null {
    for (let row = this.#pagesAfter.get(queue, -1, 1); row !== undefined;) {
      const left = entriesOf(pageOf(queue, row)).filter((entry) => entry.physicalOffset >= physicalOffset)
      this.#delete.run(queue, row[1])
      if (left.length > 0) {
        this.#writeEntries(queue, left)
        return left[0]!.queueOffset
      }
      row = this.#pagesAfter.get(queue, -1, 1)
    }
    return null
  }

  /** Removes the entries from an offset on; call within a transaction. */
  dropFrom(queue: number, from: number): void {
    const first = this.#pageOf.get(queue, from)
    for (let row = first ?? this.#pagesAfter.get(queue, from, 1); row !== undefined;) {
      const page = pageOf(queue, row)
      const left = entriesOf(page).filter((entry) => entry.queueOffset < from)
      this.#delete.run(queue, page.firstOffset)
      if (left.length > 0) this.#writeEntries(queue, left)
      else if (page.count === 0 && page.firstOffset < from) this.#writeGap(queue, page.firstOffset, from)
      row = this.#pagesAfter.get(queue, page.firstOffset, 1)
    }
  }

  #writeEntries(queue: number, entries: readonly QueueEntry[]): void {
    entries.forEach((entry, i) => this.#put(i, entry.physicalOffset, entry.size, entry.tagsCode))
    this.#write(queue, entries[0]!.queueOffset, entries.length * entrySize)
  }
}

function missingPage(): Error {
  return corrupt('a page of entries is missing')
}

/** What a row holds; its CRC has been checked. */
function pageOf(queue: number, [own, firstOffset, bytes]: PageRow): Page {
  // SQLite does not look at each row that lies between two of the queue's
  if (own !== queue) throw corrupt('a page of another queue')
  if (!Buffer.isBuffer(bytes) || bytes.length < gapSize || !Number.isSafeInteger(firstOffset))
    throw corrupt('a page that is none')
  const end = bytes.length - crcSize
  if (bytes.readInt32BE(end) !== pageCrc(queue, firstOffset, bytes, end))
    throw corrupt('a page with a wrong CRC')
  if (bytes.length === gapSize) return { firstOffset, endOffset: readI64(bytes, 0), count: 0, bytes }
  const count = end / entrySize
  if (!Number.isInteger(count)) throw corrupt('a page that is none')
  return { firstOffset, endOffset: firstOffset + count, count, bytes }
}

function entriesOf(page: Page): QueueEntry[] {
  const entries: QueueEntry[] = []
  takeEntries(page, 0, Infinity, entries)
  return entries
}

/** Takes a page's entries from an offset on, up to `max` in all. */
function takeEntries(
  { firstOffset, count, bytes }: Page,
  from: number,
  max: number,
  into: QueueEntry[],
): void {
  for (let i = Math.max(0, from - firstOffset); i < count && into.length < max; i++) {
    const at = i * entrySize
    const size = bytes.readInt32BE(at + 8)
    if (size < recordSizeMin || size > recordSizeMax) throw corrupt('an entry that is none')
    const [physicalOffset, tagsCode] = [readI64(bytes, at), readI64(bytes, at + 12)]
    into.push({ queueOffset: firstOffset + i, physicalOffset, size, tagsCode })
  }
}

/** Of the entries, and of the place they are kept under. */
function pageCrc(queue: number, firstOffset: number, page: Buffer, end: number): number {
  return crc32(page, 0, end) ^ Math.imul(queue, 0x9e3779b1) ^ Math.imul(firstOffset, 0x85ebca6b)
}

import { putI32, readI64, writeI64 } from '../lib/bytes.ts'
import { crc32 } from '../lib/crc32.ts'
import { limits } from '../model/limits.ts'
import { recordSizeMin } from '../model/record.ts'
import type { QueueEntry } from './index-db.ts'
import type { QueueRows } from './index-rows.ts'
import { corrupt, type Database, type Statement } from './sqlite.ts'

/**
 * The queues of one segment, in pages of consecutive entries: what one flush added to a queue, cut where a
 * page is full. A page is never added to. So a message sent alone costs what a row would (12 µs), and
 * thousands at once a fifth of it (0.2 against 1.1 µs each, bench/store.ts). An entry is RocketMQ's unit of
 * a consume queue: physical offset i64, size i32, tags code i64. Behind them the page has a CRC.
 */
export const consumeQueueSchema = `
CREATE TABLE consume_queue(queue INTEGER NOT NULL, first_offset INTEGER NOT NULL, entries BLOB NOT NULL,
  PRIMARY KEY (queue, first_offset)) WITHOUT ROWID;
`
const entrySize = 20
const crcSize = 4
/** A row of 4.5 KiB: a leaf holds its least part, and the rest fills one overflow page to the end. */
const pageEntries = 228
/** Read with one call at first: of messages that were sent alone. */
const pagesMax = 64
/** What a frame can bring: a RocketMQ broker's maxMessageSize may be larger than ours. */
const recordSizeMax = limits.frameSizeMax

type PageRow = [firstOffset: number, entries: Buffer]

export class ConsumeQueue {
  readonly #insert: Statement<[number, number, Buffer]>
  readonly #delete: Statement<[number, number]>
  readonly #pageOf: Statement<[number, number], PageRow>
  readonly #pagesAfter: Statement<[number, number, number], PageRow>
  readonly #pagesBack: Statement<[number], PageRow>
  readonly #count: Statement<[number], { n: number }>
  readonly #page = Buffer.allocUnsafe(pageEntries * entrySize + crcSize)

  constructor(db: Database) {
    const pages = 'SELECT first_offset, entries FROM consume_queue WHERE queue = ?'
    const select = <P extends unknown[]>(text: string): Statement<P, PageRow> => {
      const statement = db.prepare<P, PageRow>(text)
      statement.raw()
      return statement
    }
    this.#insert = db.prepare('INSERT INTO consume_queue VALUES (?, ?, ?)')
    this.#delete = db.prepare('DELETE FROM consume_queue WHERE queue = ? AND first_offset = ?')
    this.#pageOf = select(`${pages} AND first_offset <= ? ORDER BY first_offset DESC LIMIT 1`)
    this.#pagesAfter = select(`${pages} AND first_offset > ? ORDER BY first_offset LIMIT ?`)
    this.#pagesBack = select(`${pages} ORDER BY first_offset DESC`)
    this.#count = db.prepare(
      `SELECT coalesce(sum((length(entries) - ${crcSize}) / ${entrySize}), 0) AS n FROM consume_queue WHERE queue = ?`,
    )
  }

  /** Adds rows that lie behind all there are; call within a transaction. */
  add(queue: number, rows: QueueRows): void {
    for (let from = 0; from < rows.count; from += pageEntries) {
      const count = Math.min(pageEntries, rows.count - from)
      for (let i = 0; i < count; i++) {
        const { physicalOffsets, sizes, tagsCodes } = rows
        this.#put(i, physicalOffsets[from + i]!, sizes[from + i]!, tagsCodes[from + i]!)
      }
      this.#write(queue, rows.firstOffset + from, count)
    }
  }

  #put(index: number, physicalOffset: number, size: number, tagsCode: number): void {
    const at = index * entrySize
    writeI64(this.#page, at, physicalOffset)
    putI32(this.#page, at + 8, size)
    writeI64(this.#page, at + 12, tagsCode)
  }

  /** Writes the first entries of `#page`. */
  #write(queue: number, firstOffset: number, count: number): void {
    const end = count * entrySize
    putI32(this.#page, end, pageCrc(queue, firstOffset, this.#page, end))
    this.#insert.run(queue, firstOffset, this.#page.subarray(0, end + crcSize))
  }

  /** Entries from `from` on, at most `max`. */
  range(queue: number, from: number, max: number): QueueEntry[] {
    const entries: QueueEntry[] = []
    if (max <= 0) return entries
    const first = this.#pageOf.get(queue, from)
    let last = -1
    const take = (row: PageRow): void => {
      // damage, or a page of another time: whoever goes on behind the last entry would go back
      if (row[0] <= last) throw corrupt('entries out of order')
      last = takeEntries(queue, row, from, max, entries)
    }
    if (first !== undefined) take(first)
    // the next pages are about as long as the first
    const likely = entries.length === 0 ? 1 : Math.ceil(max / entries.length) - 1
    for (let pages = Math.min(Math.max(likely, 1), pagesMax); entries.length < max; pages *= 4) {
      const rows = this.#pagesAfter.all(queue, Math.max(last, from - 1), pages)
      for (const row of rows) if (entries.length < max) take(row)
      if (rows.length < pages) break
    }
    return entries
  }

  /** The last entry whose record lies below a log offset; null: none. */
  lastBelow(queue: number, physicalOffset: number): QueueEntry | null {
    for (const row of this.#pagesBack.iterate(queue)) {
      const entries = entriesOf(queue, row)
      const last = entries.findLast((entry) => entry.physicalOffset < physicalOffset)
      if (last !== undefined) return last
    }
    return null
  }

  /** Offset of the first entry, or null. */
  minOffset(queue: number): number | null {
    return this.range(queue, 0, 1)[0]?.queueOffset ?? null
  }

  /** What damage left out makes them fewer than the queue's extent. */
  count(queue: number): number {
    return this.#count.get(queue)!.n
  }

  /** Whether something lies below a log offset. */
  hasBelow(queue: number, physicalOffset: number): boolean {
    const first = this.range(queue, 0, 1)[0]
    return first !== undefined && first.physicalOffset < physicalOffset
  }

  /** Removes what lies below a log offset; call within a transaction. */
  dropBelow(queue: number, physicalOffset: number): void {
    while (this.hasBelow(queue, physicalOffset)) {
      const row = this.#pagesAfter.get(queue, -1, 1)!
      const left = entriesOf(queue, row).filter((entry) => entry.physicalOffset >= physicalOffset)
      this.#replace(queue, row[0], [left])
    }
  }

  /** Removes the entries of [from, to): what is added takes their place. Call within a transaction. */
  dropRange(queue: number, from: number, to: number): void {
    const first = this.#pageOf.get(queue, from)
    if (first !== undefined) this.#cut(queue, first, from, to)
    for (let row = this.#pagesAfter.get(queue, from, 1); row !== undefined && row[0] < to;) {
      this.#cut(queue, row, from, to)
      row = this.#pagesAfter.get(queue, row[0], 1)
    }
  }

  #cut(queue: number, row: PageRow, from: number, to: number): void {
    const entries = entriesOf(queue, row)
    const before = entries.filter((entry) => entry.queueOffset < from)
    const behind = entries.filter((entry) => entry.queueOffset >= to)
    if (before.length + behind.length < entries.length) this.#replace(queue, row[0], [before, behind])
  }

  #replace(queue: number, firstOffset: number, parts: readonly (readonly QueueEntry[])[]): void {
    this.#delete.run(queue, firstOffset)
    for (const part of parts) {
      if (part.length === 0) continue
      part.forEach((entry, i) => this.#put(i, entry.physicalOffset, entry.size, entry.tagsCode))
      this.#write(queue, part[0]!.queueOffset, part.length)
    }
  }
}

function entriesOf(queue: number, row: PageRow): QueueEntry[] {
  const entries: QueueEntry[] = []
  takeEntries(queue, row, 0, Infinity, entries)
  return entries
}

/** Takes a page's entries from an offset on, up to `max` in all. @returns the page's last offset */
function takeEntries(
  queue: number,
  [first, page]: PageRow,
  from: number,
  max: number,
  into: QueueEntry[],
): number {
  if (!Buffer.isBuffer(page)) throw corrupt('a page that is none')
  const end = page.length - crcSize
  const count = end / entrySize
  if (!Number.isSafeInteger(first) || !Number.isInteger(count) || count < 1)
    throw corrupt('a page that is none')
  if (page.readInt32BE(end) !== pageCrc(queue, first, page, end)) throw corrupt('a page with a wrong CRC')
  for (let i = Math.max(0, from - first); i < count && into.length < max; i++) {
    const at = i * entrySize
    const size = page.readInt32BE(at + 8)
    if (size < recordSizeMin || size > recordSizeMax) throw corrupt('an entry that is none')
    const [physicalOffset, tagsCode] = [readI64(page, at), readI64(page, at + 12)]
    into.push({ queueOffset: first + i, physicalOffset, size, tagsCode })
  }
  return first + count - 1
}

/** Of the entries, and of the place they are kept under. */
function pageCrc(queue: number, firstOffset: number, page: Buffer, end: number): number {
  return crc32(page, 0, end) ^ Math.imul(queue, 0x9e3779b1) ^ Math.imul(firstOffset, 0x85ebca6b)
}

import { putI32 } from '../lib/bytes.ts'
import { orderOf } from '../lib/order-of.ts'
import { corrupt, type Database, type Statement } from './sqlite.ts'

/**
 * Keys of one segment. Never one B-tree in random order: that costs 9-16 µs a row once it outgrows the
 * cache (performance.md, finding 3), and a commit of a few hundred keys writes as many pages. A run is up to
 * 65,536 consecutive keys, sorted and packed into pages of blobs, each page found by its first hash. Runs
 * below 0 are open: what each flush added, sorted; small ones are merged now and then, and all of them
 * become the next run once they fill it. An entry is 5 bytes of hash and 4 of distance to the segment's
 * begin. Pages are rows with a number, and their names an index of its own: it is a quarter as deep as a tree
 * that has the pages' bytes in it.
 */
export const keySchema = `
CREATE TABLE key_page(run INTEGER NOT NULL, first_hash INTEGER NOT NULL, entries BLOB NOT NULL,
  PRIMARY KEY (run, first_hash));
`
const runSize = 65_536
/**
 * Of what comes in small additions: packing 65,536 keys is a turn of 25 ms, and all who wait for the folder
 * wait for that; packing an eighth of them takes 2 (bench/lock.ts). Look-ups ask eight times the runs: 5 ms
 * in a full segment of 1 GiB to which many processes wrote at once.
 */
const [smallAddition, shortRun] = [4096, 8192]
const entrySize = 9
/** A leaf of SQLite's holds one, at its default page size. */
const pageEntries = 448
/** Every so many additions the open runs of fewer keys than this become one. */
const [mergeEvery, smallRun] = [48, 4096]

interface PageRow {
  first_hash: number
  entries: Buffer
}

/** Entries side by side. */
interface Entries {
  readonly hashes: ArrayLike<number>
  readonly physicalOffsets: ArrayLike<number>
}

export class KeyIndex {
  readonly #base: number
  readonly #db: Database
  readonly #pageFrom: Statement<[number, number], PageRow>
  readonly #pageBefore: Statement<[number, number], PageRow>
  readonly #bounds: Statement<[], { first: number; last: number }>
  readonly #runAfter: Statement<[number], { run: number }>

  /** @param base first log offset of the segment; entries hold the distance to it */
  constructor(db: Database, base: number) {
    this.#db = db
    this.#base = base
    const page = 'SELECT first_hash, entries FROM key_page WHERE run = ? AND first_hash'
    this.#pageFrom = db.prepare(`${page} <= ? ORDER BY first_hash DESC LIMIT 1`)
    this.#pageBefore = db.prepare(`${page} < ? ORDER BY first_hash DESC LIMIT 1`)
    this.#bounds = db.prepare(
      `SELECT min(0, coalesce((SELECT min(run) FROM key_page), 0)) AS first,
              max(0, coalesce((SELECT max(run) FROM key_page), 0)) AS last`,
    )
    this.#runAfter = db.prepare('SELECT run FROM key_page WHERE run > ? ORDER BY run LIMIT 1')
  }

  /**
   * Adds entries; call within a transaction. What fills a run with the open ones is packed at once.
   * @param openCount entries that are open
   * @returns entries that are open now
   */
  add(hashes: ArrayLike<number>, physicalOffsets: ArrayLike<number>, openCount: number): number {
    if (openCount + hashes.length >= (hashes.length < smallAddition ? shortRun : runSize)) {
      this.#pack({ hashes, physicalOffsets })
      return 0
    }
    if (hashes.length === 0) return openCount
    const run = this.#bounds.get()!.first - 1
    this.#writeRun(run, { hashes, physicalOffsets })
    if (run % mergeEvery === 0) this.#mergeSmall(run - 1)
    return openCount + hashes.length
  }

  /** Packs the open entries, however few; call within a transaction. */
  packOpen(): void {
    this.#pack({ hashes: [], physicalOffsets: [] })
  }

  #pack(added: Entries): void {
    const all = this.#taken([...this.#openRuns()], added)
    for (let from = 0; from < all.hashes.length; from += runSize) {
      const hashes = all.hashes.subarray(from, from + runSize)
      const physicalOffsets = all.physicalOffsets.subarray(from, from + runSize)
      this.#writeRun(this.#bounds.get()!.last + 1, { hashes, physicalOffsets })
    }
  }

  #mergeSmall(into: number): void {
    const sizeOf = this.#db.prepare<[number], { size: number }>(
      `SELECT sum(length(entries)) / ${entrySize} AS size FROM key_page WHERE run = ?`,
    )
    const small = [...this.#openRuns()].filter((run) => sizeOf.get(run)!.size < smallRun)
    if (small.length > 1) this.#writeRun(into, this.#taken(small, { hashes: [], physicalOffsets: [] }))
  }

  /** Entries of some runs, which are gone then, with others behind them. */
  #taken(runs: readonly number[], added: Entries): Record<keyof Entries, Float64Array> {
    const select = this.#db.prepare<[number], PageRow>('SELECT entries FROM key_page WHERE run = ?')
    const remove = this.#db.prepare<[number]>('DELETE FROM key_page WHERE run = ?')
    const pages = runs.flatMap((run) => select.all(run).map(({ entries }) => checked(entries)))
    for (const run of runs) remove.run(run)
    const open = pages.reduce((sum, page) => sum + page.length / entrySize, 0)
    const hashes = new Float64Array(open + added.hashes.length)
    const physicalOffsets = new Float64Array(hashes.length)
    let at = 0
    for (const page of pages) {
      for (let i = 0; i * entrySize < page.length; i++, at++) {
        hashes[at] = readHash(page, i)
        physicalOffsets[at] = this.#base + page.readUInt32BE(i * entrySize + 5)
      }
    }
    hashes.set(added.hashes, open)
    physicalOffsets.set(added.physicalOffsets, open)
    return { hashes, physicalOffsets }
  }

  *#openRuns(): Generator<number> {
    for (let run = this.#bounds.get()!.first; run < 0; run = this.#runAfter.get(run)?.run ?? 0) yield run
  }

  #writeRun(run: number, { hashes, physicalOffsets }: Entries): void {
    const order = orderOf(hashes)
    const hashAt = (i: number): number => hashes[order[i]!]!
    const insert = this.#db.prepare<[number, number, Buffer]>('INSERT INTO key_page VALUES (?, ?, ?)')
    for (let first = 0; first < order.length;) {
      const end = pageEnd(hashAt, order.length, first)
      const entries = Buffer.allocUnsafe((end - first) * entrySize)
      for (let i = first; i < end; i++) {
        const distance = physicalOffsets[order[i]!]! - this.#base
        writeEntry(entries, (i - first) * entrySize, hashAt(i), distance)
      }
      insert.run(run, hashAt(first), entries)
      first = end
    }
  }

  count(): number {
    const sum = `SELECT coalesce(sum(length(entries)), 0) / ${entrySize} AS n FROM key_page`
    return this.#db.prepare<[], { n: number }>(sum).get()!.n
  }

  /** Calls for every entry, in no order. */
  forEach(visit: (hash: number, physicalOffset: number) => void): void {
    for (const entries of this.#pages()) {
      for (let i = 0; i * entrySize < entries.length; i++) {
        visit(readHash(entries, i), this.#base + entries.readUInt32BE(i * entrySize + 5))
      }
    }
  }

  /** Hashes of every entry, some hundred at a time, in the order of a run. */
  *hashes(): Generator<Float64Array> {
    const hashes = new Float64Array(pageEntries)
    for (const entries of this.#pages()) {
      const count = entries.length / entrySize
      const page = count > hashes.length ? new Float64Array(count) : hashes
      for (let i = 0; i < count; i++) page[i] = readHash(entries, i)
      yield page.subarray(0, count)
    }
  }

  *#pages(): Generator<Buffer> {
    const pages = this.#db.prepare('SELECT entries FROM key_page').pluck()
    for (const entries of pages.iterate() as Iterable<Buffer>) yield checked(entries)
  }

  /** Log offsets of messages that may have the key, in no order. */
  find(hash: number): number[] {
    const found: number[] = []
    const { last } = this.#bounds.get()!
    for (const run of this.#openRuns()) this.#findIn(run, hash, found)
    for (let run = 1; run <= last; run++) this.#findIn(run, hash, found)
    return found
  }

  #findIn(run: number, hash: number, found: number[]): void {
    let page = this.#pageFrom.get(run, hash)
    while (page !== undefined && this.#collect(page.entries, hash, found)) {
      page = this.#pageBefore.get(run, page.first_hash)
    }
  }

  /** @returns true when entries of this hash may go on in the page before */
  #collect(entries: Buffer, hash: number, found: number[]): boolean {
    let low = 0
    let high = checked(entries).length / entrySize
    while (low < high) {
      const middle = (low + high) >>> 1
      if (readHash(entries, middle) < hash) low = middle + 1
      else high = middle
    }
    const first = low
    for (; low * entrySize < entries.length && readHash(entries, low) === hash; low++) {
      found.push(this.#base + entries.readUInt32BE(low * entrySize + 5))
    }
    return first === 0
  }
}

function checked(entries: Buffer): Buffer {
  if (!Buffer.isBuffer(entries) || entries.length === 0 || entries.length % entrySize !== 0)
    throw corrupt('a page of keys that is none')
  return entries
}

/** A page may not begin with the hash the page before begins with: the pair (run, first_hash) is its name. */
function pageEnd(hashAt: (i: number) => number, count: number, first: number): number {
  let end = Math.min(first + pageEntries, count)
  while (end < count && hashAt(end) === hashAt(first)) end++
  return end
}

function writeEntry(entries: Buffer, at: number, hash: number, distance: number): void {
  entries[at] = hash / 0x1_0000_0000
  // a remainder of doubles costs as much as all the rest of this
  putI32(entries, at + 1, hash)
  putI32(entries, at + 5, distance)
}

function readHash(entries: Buffer, index: number): number {
  const at = index * entrySize
  return entries[at]! * 0x1_0000_0000 + entries.readUInt32BE(at + 1)
}

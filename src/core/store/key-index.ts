import { putI32 } from '../lib/bytes.ts'
import { crc32 } from '../lib/crc32.ts'
import { keyHashBits } from '../lib/hash.ts'
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
 *
 * A page ends with the hash that the next one begins with, and a CRC; a run's first page is named 0. So a
 * page that is missing, or not the one it was, is noticed by whoever looks for a key that it might have.
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
/** As long as an entry: 5 bytes of the next page's first hash, 4 of the CRC. */
const footerSize = entrySize
/** A leaf of SQLite's holds one, at its default page size. */
const pageEntries = 447
/** Behind all hashes: what the last page of a run ends with. */
const hashEnd = 2 ** keyHashBits
/** Every so many additions the open runs of fewer keys than this become one. */
const [mergeEvery, smallRun] = [48, 4096]

/** What the file's progress says of its keys: runs that are missing are noticed by it. */
export interface KeyRuns {
  /** Entries of all runs. */
  readonly total: number
  /** Of them, what is in no full run yet. */
  readonly openKeys: number
  readonly openRuns: number
  /** Full runs are numbered from 1. */
  readonly lastRun: number
}

interface PageRow {
  first_hash: number
  entries: Buffer
}

interface NumberedPageRow extends PageRow {
  run: number
}

/** A page without its footer, and what the next page begins with. */
interface Page {
  readonly entries: Buffer
  readonly hashEnd: number
}

/** Entries side by side. */
interface Entries {
  readonly hashes: ArrayLike<number>
  readonly physicalOffsets: ArrayLike<number>
}

export class KeyIndex {
  readonly base: number
  readonly #db: Database
  readonly #runs: () => KeyRuns
  readonly #pageFrom: Statement<[number, number], PageRow>
  readonly #pageBefore: Statement<[number, number], PageRow>
  readonly #firstRun: Statement<[], { run: number }>
  readonly #runAfter: Statement<[number], { run: number }>
  #selectRun: Statement<[number], PageRow> | null = null

  /**
   * @param base first log offset of the segment; entries hold the distance to it
   * @param runs what `add` and `packOpen` returned last
   */
  constructor(db: Database, base: number, runs: () => KeyRuns) {
    this.#db = db
    this.base = base
    this.#runs = runs
    const page = 'SELECT first_hash, entries FROM key_page WHERE run = ? AND first_hash'
    this.#pageFrom = db.prepare(`${page} <= ? ORDER BY first_hash DESC LIMIT 1`)
    this.#pageBefore = db.prepare(`${page} < ? ORDER BY first_hash DESC LIMIT 1`)
    this.#firstRun = db.prepare('SELECT min(0, coalesce(min(run), 0)) AS run FROM key_page')
    this.#runAfter = db.prepare('SELECT run FROM key_page WHERE run > ? ORDER BY run LIMIT 1')
  }

  /**
   * Adds entries; call within a transaction. What fills a run with the open ones is packed at once.
   * @returns what is there now, to be kept with them
   */
  add(hashes: ArrayLike<number>, physicalOffsets: ArrayLike<number>): KeyRuns {
    const runs = this.#runs()
    if (hashes.length === 0) return runs
    if (runs.openKeys + hashes.length >= (hashes.length < smallAddition ? shortRun : runSize))
      return this.#pack(runs, { hashes, physicalOffsets })
    const run = this.#firstRun.get()!.run - 1
    this.#writeRun(run, { hashes, physicalOffsets })
    const merged = run % mergeEvery === 0 ? this.#mergeSmall(run - 1) : 0
    return {
      total: runs.total + hashes.length,
      openKeys: runs.openKeys + hashes.length,
      openRuns: runs.openRuns + 1 - merged,
      lastRun: runs.lastRun,
    }
  }

  /** Packs the open entries, however few; call within a transaction. @returns as `add` */
  packOpen(): KeyRuns {
    const runs = this.#runs()
    return runs.openKeys === 0 ? runs : this.#pack(runs, { hashes: [], physicalOffsets: [] })
  }

  #pack({ total, lastRun }: KeyRuns, added: Entries): KeyRuns {
    const all = this.#taken(this.#openRuns(), added)
    let run = lastRun
    for (let from = 0; from < all.hashes.length; from += runSize) {
      const hashes = all.hashes.subarray(from, from + runSize)
      const physicalOffsets = all.physicalOffsets.subarray(from, from + runSize)
      this.#writeRun(++run, { hashes, physicalOffsets })
    }
    return { total: total + added.hashes.length, openKeys: 0, openRuns: 0, lastRun: run }
  }

  /** @returns how many runs fewer there are */
  #mergeSmall(into: number): number {
    const sizeOf = this.#db.prepare<[number], { size: number }>(
      `SELECT sum(length(entries) - ${footerSize}) / ${entrySize} AS size FROM key_page WHERE run = ?`,
    )
    const small = this.#listedRuns().filter((run) => sizeOf.get(run)!.size < smallRun)
    if (small.length < 2) return 0
    this.#writeRun(into, this.#taken(small, { hashes: [], physicalOffsets: [] }))
    return small.length - 1
  }

  /** Entries of some runs, which are gone then, with others behind them. */
  #taken(runs: readonly number[], added: Entries): Record<keyof Entries, Float64Array> {
    const remove = this.#db.prepare<[number]>('DELETE FROM key_page WHERE run = ?')
    const pages = runs.flatMap((run) => this.#pagesOf(run))
    for (const run of runs) remove.run(run)
    const open = pages.reduce((sum, page) => sum + page.length / entrySize, 0)
    const hashes = new Float64Array(open + added.hashes.length)
    const physicalOffsets = new Float64Array(hashes.length)
    let at = 0
    for (const page of pages) {
      for (let i = 0; i * entrySize < page.length; i++, at++) {
        hashes[at] = readHash(page, i)
        physicalOffsets[at] = this.base + page.readUInt32BE(i * entrySize + 5)
      }
    }
    hashes.set(added.hashes, open)
    physicalOffsets.set(added.physicalOffsets, open)
    return { hashes, physicalOffsets }
  }

  #pagesOf(run: number): Buffer[] {
    this.#selectRun ??= this.#db.prepare(
      'SELECT first_hash, entries FROM key_page WHERE run = ? ORDER BY first_hash',
    )
    let next = 0
    const pages = this.#selectRun.all(run).map((row) => {
      if (row.first_hash !== next) throw missingPage()
      const page = pageOf(run, row)
      next = page.hashEnd
      return page.entries
    })
    if (next !== hashEnd) throw missingPage()
    return pages
  }

  #openRuns(): number[] {
    const runs = this.#listedRuns()
    if (runs.length !== this.#runs().openRuns) throw corrupt('a run of keys is missing')
    return runs
  }

  #listedRuns(): number[] {
    const runs: number[] = []
    for (let { run } = this.#firstRun.get()!; run < 0; run = this.#runAfter.get(run)?.run ?? 0) runs.push(run)
    return runs
  }

  #writeRun(run: number, { hashes, physicalOffsets }: Entries): void {
    const order = orderOf(hashes)
    const hashAt = (i: number): number => hashes[order[i]!]!
    const insert = this.#db.prepare<[number, number, Buffer]>('INSERT INTO key_page VALUES (?, ?, ?)')
    for (let first = 0; first < order.length;) {
      const end = pageEnd(hashAt, order.length, first)
      const entries = Buffer.allocUnsafe((end - first) * entrySize + footerSize)
      for (let i = first; i < end; i++) {
        const distance = physicalOffsets[order[i]!]! - this.base
        writeEntry(entries, (i - first) * entrySize, hashAt(i), distance)
      }
      const firstHash = first === 0 ? 0 : hashAt(first)
      writeFooter(entries, run, firstHash, end === order.length ? hashEnd : hashAt(end))
      insert.run(run, firstHash, entries)
      first = end
    }
  }

  count(): number {
    return this.#runs().total
  }

  /** Calls for every entry, in no order. */
  forEach(visit: (hash: number, physicalOffset: number) => void): void {
    for (const entries of this.#pages()) {
      for (let i = 0; i * entrySize < entries.length; i++) {
        visit(readHash(entries, i), this.base + entries.readUInt32BE(i * entrySize + 5))
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
    const pages = this.#db.prepare<[], NumberedPageRow>('SELECT run, first_hash, entries FROM key_page')
    let count = 0
    for (const row of pages.iterate()) {
      const { entries } = pageOf(row.run, row)
      count += entries.length / entrySize
      yield entries
    }
    if (count !== this.count()) throw missingPage()
  }

  /** Log offsets of messages that may have the key, in no order. */
  find(hash: number): number[] {
    const found: number[] = []
    const { openRuns, lastRun } = this.#runs()
    if (openRuns > 0) for (const run of this.#openRuns()) this.#findIn(run, hash, found)
    for (let run = 1; run <= lastRun; run++) this.#findIn(run, hash, found)
    return found
  }

  #findIn(run: number, hash: number, found: number[]): void {
    let row = this.#pageFrom.get(run, hash)
    let page = pageOf(run, row)
    if (hash >= page.hashEnd) throw missingPage()
    while (collect(page.entries, this.base, hash, found) && row!.first_hash > 0) {
      const { first_hash: behind } = row!
      row = this.#pageBefore.get(run, behind)
      page = pageOf(run, row)
      if (page.hashEnd !== behind) throw missingPage()
    }
  }
}

/** @returns true when entries of this hash may go on in the page before */
function collect(entries: Buffer, base: number, hash: number, found: number[]): boolean {
  let low = 0
  let high = entries.length / entrySize
  while (low < high) {
    const middle = (low + high) >>> 1
    if (readHash(entries, middle) < hash) low = middle + 1
    else high = middle
  }
  const first = low
  for (; low * entrySize < entries.length && readHash(entries, low) === hash; low++) {
    found.push(base + entries.readUInt32BE(low * entrySize + 5))
  }
  return first === 0
}

function missingPage(): Error {
  return corrupt('a page of keys is missing')
}

/** What a row of a run holds; its CRC has been checked. */
function pageOf(run: number, row: PageRow | undefined): Page {
  if (row === undefined) throw missingPage()
  const { entries: bytes, first_hash: firstHash } = row
  if (!Buffer.isBuffer(bytes) || bytes.length <= footerSize || bytes.length % entrySize !== 0)
    throw corrupt('a page of keys that is none')
  if (!Number.isSafeInteger(run) || !Number.isSafeInteger(firstHash))
    throw corrupt('a page of keys without a name')
  const end = bytes.length - footerSize
  if (bytes.readInt32BE(bytes.length - 4) !== pageCrc(bytes, run, firstHash))
    throw corrupt('a page of keys with a wrong CRC')
  return { entries: bytes.subarray(0, end), hashEnd: readHash(bytes, end / entrySize) }
}

/** Of the entries, of what the next page begins with, and of the place they are kept under. */
function pageCrc(bytes: Buffer, run: number, firstHash: number): number {
  const place = Math.imul(run, 0x9e3779b1) ^ Math.imul(firstHash | 0, 0x85ebca6b)
  return crc32(bytes, 0, bytes.length - 4) ^ place ^ Math.floor(firstHash / 0x1_0000_0000)
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

function writeFooter(bytes: Buffer, run: number, firstHash: number, next: number): void {
  writeEntry(bytes, bytes.length - footerSize, next, 0)
  putI32(bytes, bytes.length - 4, pageCrc(bytes, run, firstHash))
}

function readHash(entries: Buffer, index: number): number {
  const at = index * entrySize
  return entries[at]! * 0x1_0000_0000 + entries.readUInt32BE(at + 1)
}

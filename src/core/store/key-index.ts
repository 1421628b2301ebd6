import { corrupt, type Database, type Statement } from './sqlite.ts'

/**
 * Keys of one segment. Never one B-tree in random order: that costs 9-16 µs a row once it outgrows the cache
 * (performance.md, finding 3). A run is 65,536 consecutive keys, sorted. The open run is rows; a full one is
 * packed into pages of blobs, each page found by its first hash. An entry is 5 bytes of hash and 4 of
 * distance to the segment's begin.
 */
export const keySchema = `
CREATE TABLE key_open(hash INTEGER NOT NULL, physical_offset INTEGER NOT NULL,
  PRIMARY KEY (hash, physical_offset)) WITHOUT ROWID;
CREATE TABLE key_page(run INTEGER NOT NULL, first_hash INTEGER NOT NULL, entries BLOB NOT NULL,
  PRIMARY KEY (run, first_hash)) WITHOUT ROWID;
`
const runSize = 65_536
const entrySize = 9
/** 4 KiB blobs: one overflow page at SQLite's default page size, 31 runs probed in 0.23 ms. */
const pageEntries = 455

interface PageRow {
  first_hash: number
  entries: Buffer
}

export class KeyIndex {
  readonly #base: number
  readonly #db: Database
  readonly #open: Statement<[number], { physical_offset: number }>
  readonly #pageFrom: Statement<[number, number], PageRow>
  readonly #pageBefore: Statement<[number, number], PageRow>
  readonly #runs: Statement<[], { runs: number }>

  /** @param base first log offset of the segment; entries hold the distance to it */
  constructor(db: Database, base: number) {
    this.#db = db
    this.#base = base
    this.#open = db.prepare('SELECT physical_offset FROM key_open WHERE hash = ?')
    const page = 'SELECT first_hash, entries FROM key_page WHERE run = ? AND first_hash'
    this.#pageFrom = db.prepare(`${page} <= ? ORDER BY first_hash DESC LIMIT 1`)
    this.#pageBefore = db.prepare(`${page} < ? ORDER BY first_hash DESC LIMIT 1`)
    this.#runs = db.prepare('SELECT coalesce(max(run), 0) AS runs FROM key_page')
  }

  /**
   * Adds entries; call within a transaction. What fills a run with the open rows is packed at once.
   * @param openCount rows that are open
   * @returns rows that are open now
   */
  add(hashes: readonly number[], physicalOffsets: readonly number[], openCount: number): number {
    if (openCount + hashes.length >= runSize) {
      this.#pack(hashes, physicalOffsets)
      return 0
    }
    const insert = this.#db.prepare<[number, number]>('INSERT OR IGNORE INTO key_open VALUES (?, ?)')
    for (let i = 0; i < hashes.length; i++) insert.run(hashes[i]!, physicalOffsets[i]!)
    return openCount + hashes.length
  }

  /** Packs the open rows, however few; call within a transaction. */
  packOpen(): void {
    this.#pack([], [])
  }

  #pack(hashes: readonly number[], physicalOffsets: readonly number[]): void {
    const open = this.#db.prepare('SELECT hash, physical_offset FROM key_open').raw().all() as [
      number,
      number,
    ][]
    const allHashes = [...open.map(([hash]) => hash), ...hashes]
    const allOffsets = [...open.map(([, offset]) => offset), ...physicalOffsets]
    for (let from = 0; from < allHashes.length; from += runSize) {
      this.#packRun(allHashes.slice(from, from + runSize), allOffsets.slice(from, from + runSize))
    }
    this.#db.exec('DELETE FROM key_open')
  }

  #packRun(hashes: readonly number[], physicalOffsets: readonly number[]): void {
    // hash and place in one double: sorted natively, no comparator
    const sorted = Float64Array.from(hashes, (hash, i) => hash * runSize + i).sort()
    const hashAt = (i: number): number => Math.floor(sorted[i]! / runSize)
    const insert = this.#db.prepare<[number, number, Buffer]>('INSERT INTO key_page VALUES (?, ?, ?)')
    const run = this.#runs.get()!.runs + 1
    for (let first = 0; first < sorted.length;) {
      const end = pageEnd(hashAt, sorted.length, first)
      const entries = Buffer.allocUnsafe((end - first) * entrySize)
      for (let i = first; i < end; i++) {
        const offset = physicalOffsets[sorted[i]! % runSize]!
        writeEntry(entries, (i - first) * entrySize, hashAt(i), offset - this.#base)
      }
      insert.run(run, hashAt(first), entries)
      first = end
    }
  }

  /** Calls for every entry, in no order. */
  forEach(visit: (hash: number, physicalOffset: number) => void): void {
    const open = this.#db.prepare('SELECT hash, physical_offset FROM key_open').raw()
    for (const [hash, offset] of open.iterate() as Iterable<[number, number]>) visit(hash, offset)
    const pages = this.#db.prepare('SELECT first_hash, entries FROM key_page')
    for (const { entries } of pages.iterate() as Iterable<PageRow>) {
      for (let i = 0; i * entrySize < entries.length; i++) {
        visit(readHash(entries, i), this.#base + entries.readUInt32BE(i * entrySize + 5))
      }
    }
  }

  /** Log offsets of messages that may have the key, in no order. */
  find(hash: number): number[] {
    const found = this.#open.all(hash).map((row) => row.physical_offset)
    const { runs } = this.#runs.get()!
    for (let run = 1; run <= runs; run++) {
      let page = this.#pageFrom.get(run, hash)
      while (page !== undefined && this.#collect(page.entries, hash, found)) {
        page = this.#pageBefore.get(run, page.first_hash)
      }
    }
    return found
  }

  /** @returns true when entries of this hash may go on in the page before */
  #collect(entries: Buffer, hash: number, found: number[]): boolean {
    if (entries.length % entrySize !== 0) throw corrupt('a page of keys that is none')
    let low = 0
    let high = entries.length / entrySize
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

/** A page may not begin with the hash the page before begins with: the pair (run, first_hash) is its name. */
function pageEnd(hashAt: (i: number) => number, count: number, first: number): number {
  let end = Math.min(first + pageEntries, count)
  while (end < count && hashAt(end) === hashAt(first)) end++
  return end
}

function writeEntry(entries: Buffer, at: number, hash: number, distance: number): void {
  entries[at] = hash / 0x1_0000_0000
  entries.writeUInt32BE(hash % 0x1_0000_0000, at + 1)
  entries.writeUInt32BE(distance, at + 5)
}

function readHash(entries: Buffer, index: number): number {
  const at = index * entrySize
  return entries[at]! * 0x1_0000_0000 + entries.readUInt32BE(at + 1)
}

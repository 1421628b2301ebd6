import type { Database, Statement } from './sqlite.ts'

/**
 * Keys of one segment. Never one B-tree in random order: that costs 9-16 µs a row once it outgrows the cache
 * (performance.md, finding 3). A run is 65,536 consecutive keys, sorted. The open run is rows; a full one is packed
 * into pages of blobs, 12 bytes an entry, each page found by its first hash.
 */
export const keySchema = `
CREATE TABLE key_open(hash INTEGER NOT NULL, physical_offset INTEGER NOT NULL,
  PRIMARY KEY (hash, physical_offset)) WITHOUT ROWID;
CREATE TABLE key_page(run INTEGER NOT NULL, first_hash INTEGER NOT NULL, entries BLOB NOT NULL,
  PRIMARY KEY (run, first_hash)) WITHOUT ROWID;
`
const runSize = 65_536
const entrySize = 12
/** 4 KiB blobs: one overflow page at SQLite's default page size, 31 runs probed in 0.23 ms. */
const pageEntries = 341

interface KeyRow {
  hash: number
  physical_offset: number
}

export class KeyIndex {
  readonly #base: number
  readonly #insert: Statement<[number, number]> | null
  readonly #open: Statement<[number], { physical_offset: number }>
  readonly #lastPage: Statement<[number, number], { first_hash: number; entries: Buffer }>
  readonly #pageBefore: Statement<[number, number], { first_hash: number; entries: Buffer }>
  readonly #runs: Statement<[], { runs: number }>
  readonly #db: Database
  #openCount: number

  /** @param base first log offset of the segment; entries hold the distance to it */
  constructor(db: Database, base: number, writable: boolean) {
    this.#db = db
    this.#base = base
    this.#insert = writable ? db.prepare('INSERT OR IGNORE INTO key_open VALUES (?, ?)') : null
    this.#open = db.prepare('SELECT physical_offset FROM key_open WHERE hash = ?')
    const page = 'SELECT first_hash, entries FROM key_page WHERE run = ? AND first_hash'
    this.#lastPage = db.prepare(`${page} <= ? ORDER BY first_hash DESC LIMIT 1`)
    this.#pageBefore = db.prepare(`${page} < ? ORDER BY first_hash DESC LIMIT 1`)
    this.#runs = db.prepare('SELECT coalesce(max(run), 0) AS runs FROM key_page')
    this.#openCount = writable
      ? (db.prepare('SELECT count(*) AS n FROM key_open').get() as { n: number }).n
      : 0
  }

  /** Adds entries; call within a transaction. */
  add(hashes: readonly number[], physicalOffsets: readonly number[]): void {
    for (let i = 0; i < hashes.length; i++) {
      this.#insert!.run(hashes[i]!, physicalOffsets[i]!)
      if (++this.#openCount >= runSize) this.pack()
    }
  }

  /** Packs the open run; call within a transaction. */
  pack(): void {
    const rows = this.#db
      .prepare('SELECT hash, physical_offset FROM key_open ORDER BY hash')
      .all() as KeyRow[]
    const insert = this.#db.prepare('INSERT INTO key_page VALUES (?, ?, ?)')
    const run = this.#runs.get()!.runs + 1
    for (let first = 0; first < rows.length;) {
      const end = pageEnd(rows, first)
      const entries = Buffer.allocUnsafe((end - first) * entrySize)
      for (let i = first; i < end; i++) {
        const at = (i - first) * entrySize
        entries.writeDoubleBE(rows[i]!.hash, at)
        entries.writeUInt32BE(rows[i]!.physical_offset - this.#base, at + 8)
      }
      insert.run(run, rows[first]!.hash, entries)
      first = end
    }
    this.#db.exec('DELETE FROM key_open')
    this.#openCount = 0
  }

  /** Log offsets of messages that may have the key, in no order. */
  find(hash: number): number[] {
    const found = this.#open.all(hash).map((row) => row.physical_offset)
    const { runs } = this.#runs.get()!
    for (let run = 1; run <= runs; run++) {
      let page = this.#lastPage.get(run, hash)
      while (page !== undefined && this.#collect(page.entries, hash, found)) {
        page = this.#pageBefore.get(run, page.first_hash)
      }
    }
    return found
  }

  /** @returns true when entries of this hash may go on in the page before */
  #collect(entries: Buffer, hash: number, found: number[]): boolean {
    let low = 0
    let high = entries.length / entrySize
    while (low < high) {
      const middle = (low + high) >>> 1
      if (entries.readDoubleBE(middle * entrySize) < hash) low = middle + 1
      else high = middle
    }
    const first = low
    for (; low * entrySize < entries.length && entries.readDoubleBE(low * entrySize) === hash; low++) {
      found.push(this.#base + entries.readUInt32BE(low * entrySize + 8))
    }
    return first === 0
  }
}

/** A page may not begin with the hash the page before begins with: the pair (run, first_hash) is its name. */
function pageEnd(rows: readonly KeyRow[], first: number): number {
  let end = Math.min(first + pageEntries, rows.length)
  while (end < rows.length && rows[end]!.hash === rows[first]!.hash) end++
  return end
}

import assert from 'node:assert/strict'
import BetterSqlite3 from 'better-sqlite3'
import fc from 'fast-check'
import { keyHashBits } from '../../../src/core/lib/hash.ts'
import { KeyIndex, keySchema, type KeyRuns } from '../../../src/core/store/key-index.ts'

const base = 7_000_000_000
/** Entries of a page, and of a run; see key-index.ts. */
const page = 447
const run = 65_536

const noRuns: KeyRuns = { total: 0, openKeys: 0, openRuns: 0, lastRun: 0 }

class Keys {
  readonly index: KeyIndex
  readonly db = new BetterSqlite3(':memory:')
  readonly #expected = new Map<number, Set<number>>()
  #runs = noRuns
  #next = base

  constructor() {
    this.db.exec(keySchema)
    this.index = new KeyIndex(this.db, base, () => this.#runs)
  }

  add(hashes: readonly number[]): void {
    const offsets = hashes.map(() => (this.#next += 100))
    hashes.forEach((hash, i) => {
      const known = this.#expected.get(hash) ?? new Set()
      this.#expected.set(hash, known.add(offsets[i]!))
    })
    this.#runs = this.db.transaction(() => this.index.add(hashes, offsets))()
  }

  pack(): void {
    this.#runs = this.db.transaction(() => this.index.packOpen())()
  }

  get openKeys(): number {
    const sum = 'SELECT coalesce(sum(length(entries) - 9), 0) / 9 AS n FROM key_page WHERE run < 0'
    assert.deepEqual(this.db.prepare(sum).get(), { n: this.#runs.openKeys })
    return this.#runs.openKeys
  }

  get openRuns(): number {
    const count = 'SELECT count(DISTINCT run) AS n FROM key_page WHERE run < 0'
    assert.deepEqual(this.db.prepare(count).get(), { n: this.#runs.openRuns })
    return this.#runs.openRuns
  }

  check(hashes: Iterable<number> = this.#expected.keys()): void {
    for (const hash of hashes) {
      const found = this.index.find(hash)
      const expected = [...(this.#expected.get(hash) ?? [])]
      assert.deepEqual(
        found.sort((a, b) => a - b),
        expected,
        `hash ${hash}`,
      )
    }
  }
}

describe('KeyIndex', () => {
  it('finds what a Map would, over any sequence of adding and packing', () => {
    // few hashes: equal ones cross page and run borders
    const hash = fc.oneof(
      fc.integer({ min: 0, max: 20 }),
      fc.maxSafeNat().map((n) => n % 2 ** keyHashBits),
    )
    const step = fc.oneof(fc.array(hash, { maxLength: 1500 }), fc.constant('pack' as const))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const keys = new Keys()
        for (const each of steps) {
          if (each === 'pack') keys.pack()
          else keys.add(each)
        }
        keys.check()
        keys.check([21, 2 ** keyHashBits - 1])
      }),
      { numRuns: 60 },
    )
  })

  it('packs a run as soon as it is full, and keeps the rest of larger additions', () => {
    const keys = new Keys()
    const spread = (n: number): number => (n * 2_654_435_761) % 2 ** keyHashBits
    keys.add(Array.from({ length: run - 1 }, (_, i) => spread(i)))
    assert.equal(keys.openKeys, run - 1)
    keys.add([spread(run)])
    assert.equal(keys.openKeys, 0)
    keys.add(Array.from({ length: 2 * run + 10 }, (_, i) => spread(run + 1 + i)))
    assert.equal(keys.openKeys, 0)
    keys.check([0, 1, run - 1, run, run + 1, 3 * run].map(spread))
  })

  it('merges what small additions leave, so that a look-up has few places to look', () => {
    const keys = new Keys()
    const spread = (n: number): number => (n * 2_654_435_761) % 2 ** keyHashBits
    for (let i = 0; i < 8000; i += 2) keys.add([spread(i), spread(i + 1)])
    assert.equal(keys.openKeys, 8000)
    assert.ok(keys.openRuns < 60, `${keys.openRuns} open runs`)
    keys.check()
    keys.check([5, 6].map((n) => spread(30_000 + n)))
    keys.pack()
    assert.equal(keys.openKeys, 0)
    keys.check()
  })

  it('packs what comes in small additions sooner: others wait for it', () => {
    const keys = new Keys()
    for (let i = 0; i < 20_000; i += 1000) keys.add(Array.from({ length: 1000 }, (_, j) => (i + j) * 7919))
    assert.equal(keys.openKeys, 2000)
    keys.check([0, 7919, 16_999 * 7919, 19_999 * 7919])
  })

  it('finds equal hashes that fill pages, and neighbours at their borders', () => {
    for (const many of [page - 1, page, page + 1, 3 * page, 3 * page + 1]) {
      const keys = new Keys()
      keys.add([...Array<number>(many).fill(500), 499, 501, 499, 501, 0, 2 ** keyHashBits - 1])
      keys.pack()
      keys.check()
      keys.check([1, 498, 502])
    }
  })

  it('finds a hash that ends one page and begins the next', () => {
    const keys = new Keys()
    keys.add([...Array.from({ length: page - 2 }, (_, i) => i), ...Array<number>(5).fill(page), page + 1])
    keys.pack()
    keys.check()
  })

  it('calls a page that is none damaged, one with any bit flipped, and one under another name', () => {
    const keys = new Keys()
    keys.add([5, 7])
    const put = keys.db.prepare('UPDATE key_page SET run = ?, first_hash = ?, entries = ?')
    const { entries } = keys.db.prepare('SELECT entries FROM key_page').get() as { entries: Buffer }
    const refuses = (run: number, first: number, page: Buffer): void => {
      put.run(run, first, page)
      assert.throws(() => keys.index.find(6), { code: 'SQLITE_CORRUPT' })
    }
    for (let bit = 0; bit < entries.length * 8; bit++) {
      const flipped = Buffer.from(entries)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      refuses(-1, 0, flipped)
    }
    refuses(-1, 4, entries)
    refuses(-2, 0, entries)
    refuses(1, 0, entries)
    refuses(-1, 0, Buffer.alloc(10))
  })

  it('notices a page or a run that is missing, where it might have the key', () => {
    const keys = new Keys()
    const spread = (n: number): number => (n * 2_654_435_761) % 2 ** keyHashBits
    keys.add(Array.from({ length: run }, (_, i) => spread(i)))
    keys.add(Array.from({ length: 2 * page }, (_, i) => spread(run + i)))
    keys.check([0, run, run + 1].map(spread))
    const pages = keys.db
      .prepare('SELECT * FROM key_page WHERE run < 0 OR run = 1 AND abs(random() % 9) = 0')
      .all() as { run: number; first_hash: number; entries: Buffer }[]
    assert.ok(pages.length > 4)
    for (const row of pages) {
      keys.db.prepare('DELETE FROM key_page WHERE run = ? AND first_hash = ?').run(row.run, row.first_hash)
      assert.throws(() => keys.index.find(row.first_hash), { code: 'SQLITE_CORRUPT' })
      assert.throws(() => keys.index.forEach(() => undefined), { code: 'SQLITE_CORRUPT' })
      keys.db.prepare('INSERT INTO key_page VALUES (?, ?, ?)').run(row.run, row.first_hash, row.entries)
    }
    keys.check([0, run, run + 1].map(spread))
  })
})

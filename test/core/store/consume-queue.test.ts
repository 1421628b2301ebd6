import assert from 'node:assert/strict'
import BetterSqlite3 from 'better-sqlite3'
import fc from 'fast-check'
import { ConsumeQueue, consumeQueueSchema } from '../../../src/core/store/consume-queue.ts'
import type { QueueEntry } from '../../../src/core/store/index-db.ts'
import { QueueRows } from '../../../src/core/store/index-rows.ts'
import { isCorrupt } from '../../../src/core/store/sqlite.ts'

/** Records of 100 bytes one behind the other, beyond what 32 bits hold. */
const base = 5_000_000_000
const placeOf = (queueOffset: number): number => base + queueOffset * 100

function rowsOf(firstOffset: number, count: number, tagsCode = -7): QueueRows {
  const rows = new QueueRows(firstOffset)
  for (let i = 0; i < count; i++) rows.push(placeOf(firstOffset + i), 100 + (i % 5), tagsCode)
  return rows
}

/** A queue in memory, and beside it the plain list that it stands for. */
class Queue {
  readonly db = new BetterSqlite3(':memory:')
  readonly queue: ConsumeQueue
  #expected: QueueEntry[] = []
  #end = 10

  constructor() {
    this.db.exec(consumeQueueSchema)
    this.queue = new ConsumeQueue(this.db)
  }

  get place(): { id: number; minOffset: number; endOffset: number } {
    return { id: 1, minOffset: this.#expected[0]?.queueOffset ?? this.#end, endOffset: this.#end }
  }

  add(rows: QueueRows): void {
    this.queue.add(this.place, rows)
    for (let i = 0; i < rows.count; i++) {
      this.#expected.push({
        queueOffset: rows.firstOffset + i,
        physicalOffset: rows.physicalOffsets[i]!,
        size: rows.sizes[i]!,
        tagsCode: rows.tagsCodes[i]!,
      })
    }
    this.#end = rows.endOffset
  }

  /** What is behind begins again, as in a queue of another broker. */
  addAgain(rows: QueueRows): void {
    this.queue.dropFrom(1, rows.firstOffset)
    this.#expected = this.#expected.filter(({ queueOffset }) => queueOffset < rows.firstOffset)
    this.add(rows)
  }

  dropBelow(physicalOffset: number): void {
    this.#expected = this.#expected.filter((entry) => entry.physicalOffset >= physicalOffset)
    assert.equal(this.queue.dropBelow(1, physicalOffset), this.#expected[0]?.queueOffset ?? null)
  }

  check(from: number, max: number): void {
    const { place } = this
    const wanted = this.#expected.filter(({ queueOffset }) => queueOffset >= from).slice(0, max)
    assert.deepEqual(this.queue.range(place, from, max), wanted)
    assert.equal(this.queue.count(1), this.#expected.length)
    const before = this.#expected.filter((entry) => entry.physicalOffset < placeOf(from)).at(-1)
    assert.deepEqual(this.queue.lastBelow(place, placeOf(from)), before ?? null)
    assert.equal(
      this.queue.hasBelow(place, placeOf(from)),
      (this.#expected[0]?.queueOffset ?? Infinity) < from,
    )
  }
}

const placeOfQueue = (id: number, minOffset: number, endOffset: number): Queue['place'] => ({
  id,
  minOffset,
  endOffset,
})

describe('ConsumeQueue', () => {
  it('answers like a plain list, however it was filled, and whatever was dropped', () => {
    const fill = fc.array(
      fc.tuple(fc.constantFrom(1, 2, 7, 227, 228, 229, 500), fc.constantFrom(0, 0, 0, 3)),
      {
        minLength: 1,
        maxLength: 12,
      },
    )
    fc.assert(
      fc.property(
        fill,
        fc.nat(2000),
        fc.nat(700),
        fc.nat(2000),
        fc.nat(400),
        (parts, from, max, drop, size) => {
          const queue = new Queue()
          let next = 10
          for (const [count, gap] of parts) {
            queue.add(rowsOf((next += gap), count))
            next += count
          }
          queue.check(from, max)
          if (drop < next) queue.addAgain(rowsOf(drop, size + 1))
          queue.check(from, max)
          queue.dropBelow(placeOf(Math.min(drop, from)))
          queue.check(from, max)
          queue.check(0, 9999)
        },
      ),
      { numRuns: 150 },
    )
  })

  it('keeps queues apart, and tags codes of 64 bits', () => {
    const { queue } = new Queue()
    const [one, two] = [placeOfQueue(1, 0, 300), placeOfQueue(2, 5, 6)]
    queue.add(one, rowsOf(0, 300, 1_700_000_000_000))
    queue.add(two, rowsOf(5, 1))
    assert.equal(queue.range(one, 299, 9)[0]!.tagsCode, 1_700_000_000_000)
    assert.deepEqual(
      queue.range(two, 0, 9).map(({ queueOffset, tagsCode }) => [queueOffset, tagsCode]),
      [[5, -7]],
    )
    assert.deepEqual(queue.range(placeOfQueue(3, 0, 0), 0, 9), [])
    assert.deepEqual(queue.range(one, 0, 0), [])
  })

  it('keeps records that a RocketMQ broker takes with a larger maxMessageSize', () => {
    const { queue } = new Queue()
    const rows = new QueueRows(0)
    rows.push(0, 8 * 1024 * 1024, 0)
    queue.add(placeOfQueue(1, 0, 0), rows)
    assert.equal(queue.range(placeOfQueue(1, 0, 1), 0, 9)[0]!.size, 8 * 1024 * 1024)
  })

  it('refuses a page with any bit flipped, and one under another place', () => {
    const { db, queue } = new Queue()
    queue.add(placeOfQueue(1, 0, 0), rowsOf(0, 3))
    const { entries } = db.prepare('SELECT entries FROM consume_queue').get() as { entries: Buffer }
    const put = db.prepare('UPDATE consume_queue SET queue = ?, first_offset = ?, entries = ?')
    const refuses = (id: number, first: number, page: Buffer): void => {
      put.run(id, first, page)
      assert.throws(() => queue.range(placeOfQueue(id, 0, 3), 0, 9), isCorrupt)
    }
    for (let bit = 0; bit < entries.length * 8; bit++) {
      const flipped = Buffer.from(entries)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      refuses(1, 0, flipped)
    }
    refuses(1, 1, entries)
    refuses(2, 0, entries)
    refuses(1, 0, entries.subarray(0, 40))
    refuses(1, 0, Buffer.alloc(0))
  })
  it('notices a page that is missing, first, last and between, and one of offsets that nothing has', () => {
    const { db, queue } = new Queue()
    for (const first of [0, 300, 700, 900]) {
      const end = first === 0 ? 0 : first === 700 ? 600 : first
      queue.add(placeOfQueue(1, 0, end), rowsOf(first, first === 700 ? 200 : 300))
    }
    const place = placeOfQueue(1, 0, 1200)
    assert.equal(queue.range(place, 0, 9999).length, 1100)
    const pages = db.prepare('SELECT * FROM consume_queue').all() as {
      first_offset: number
      entries: Buffer
    }[]
    assert.equal(pages.length, 8)
    for (const { first_offset: first, entries } of pages) {
      db.prepare('DELETE FROM consume_queue WHERE first_offset = ?').run(first)
      assert.throws(() => queue.range(place, 0, 9999), isCorrupt, `without ${first}`)
      assert.throws(() => queue.range(place, first, 1), isCorrupt, `without ${first}, from there`)
      assert.throws(() => queue.lastBelow(place, 0), isCorrupt)
      db.prepare('INSERT INTO consume_queue VALUES (1, ?, ?)').run(first, entries)
    }
    assert.equal(queue.range(place, 0, 9999).length, 1100)
  })
})

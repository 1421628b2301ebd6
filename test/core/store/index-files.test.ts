import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { Catalog } from '../../../src/core/store/catalog.ts'
import { topicKeyHash } from '../../../src/core/store/dispatcher.ts'
import { IndexDb, type QueueExtent } from '../../../src/core/store/index-db.ts'
import { IndexTail } from '../../../src/core/store/index-rows.ts'
import { isFilterOf, keyFilterOf } from '../../../src/core/store/key-filter.ts'
import { isCorrupt } from '../../../src/core/store/sqlite.ts'
import { temporaryFolder } from '../temporary-folder.ts'

/** Rows `topic, queueId, queueOffset, physicalOffset`. */
function tailOf(...rows: (readonly [string, number, number, number])[]): IndexTail {
  const tail = new IndexTail()
  for (const [topic, queueId, queueOffset, physicalOffset] of rows) {
    const record = { topic, queueId, queueOffset, physicalOffset, size: 100, tagsCode: -1, storeTimestamp: 1 }
    tail.add({ ...record, keyHashes: [topicKeyHash(topic, `k${physicalOffset}`)] })
  }
  return tail
}

describe('IndexDb', () => {
  const folder = temporaryFolder()
  const path = (): string => join(folder.path, 'index.db')
  const open = (storeId = 'one'): IndexDb => IndexDb.open(path(), 1000, storeId, 'write')!

  it('keeps rows, extents, keys and progress in one transaction', () => {
    const index = open()
    assert.equal(index.indexedTo, 1000)
    index.add(tailOf(['t', 0, 5, 1000], ['t', 0, 6, 1100], ['u', 3, 0, 1200]), 1300, 77)
    index.close()
    const again = IndexDb.open(path(), 1000, 'one', 'read')!
    assert.equal(again.indexedTo, 1300)
    assert.equal(again.lastStoreTime, 77)
    assert.deepEqual(again.extent('t', 0), { topic: 't', queueId: 0, minOffset: 5, endOffset: 7 })
    assert.deepEqual(
      again.range('t', 0, 6, 10).map((entry) => entry.physicalOffset),
      [1100],
    )
    assert.deepEqual(again.keys.find(topicKeyHash('u', 'k1200')), [1200])
    assert.equal(again.extent('t', 1), null)
    again.close()
  })

  it('never sends a reader back, whatever bit of it flips', () => {
    const made = open()
    made.add(
      tailOf(...Array.from({ length: 120 }, (_, i) => ['t', 0, i, 1000 + i * 100] as const)),
      13_000,
      1,
    )
    made.seal(20_000)
    made.close()
    const bytes = readFileSync(path())
    let refused = 0
    for (let bit = 0; bit < bytes.length * 8; bit += 41) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      if (flipped[bit >> 3] === 1 << (bit & 7)) continue
      writeFileSync(path(), flipped)
      let index: IndexDb | null = null
      try {
        index = IndexDb.open(path(), 1000, 'one', 'read')
        let next = 0
        for (let part = index?.range('t', 0, next, 7); part?.length; part = index?.range('t', 0, next, 7)) {
          for (const { queueOffset } of part) {
            assert.ok(queueOffset >= next, `bit ${bit}: ${queueOffset} follows ${next - 1}`)
            next = queueOffset + 1
          }
        }
      } catch (error) {
        if (!isCorrupt(error)) throw error
        refused++
      } finally {
        index?.close()
      }
    }
    assert.ok(refused > 10, `${refused} refused`)
  })

  it('is as it was when an addition fails half-way', () => {
    const index = open()
    const tail = tailOf(['t', 0, 0, 1000], ['t', 1, 0, 1100])
    tail.rows('t', 1)[0]!.tagsCodes[0] = NaN
    assert.throws(() => index.add(tail, 1100, 1))
    index.forget()
    assert.equal(index.extent('t', 0), null)
    assert.equal(index.indexedTo, 1000)
    index.add(tailOf(['t', 0, 0, 1000]), 1100, 1)
    assert.equal(index.extent('t', 0)!.endOffset, 1)
    index.close()
  })

  it('sees after forget() that another process has dropped a topic, and gives nobody its queue', () => {
    const one = open()
    const other = open()
    one.add(tailOf(['t', 0, 0, 1000]), 1100, 1)
    other.dropTopic('t')
    other.add(tailOf(['u', 0, 0, 1100]), 1200, 1)
    one.forget()
    one.add(tailOf(['t', 0, 0, 1200]), 1300, 1)
    assert.deepEqual(
      one.range('t', 0, 0, 9).map((entry) => entry.physicalOffset),
      [1200],
    )
    assert.deepEqual(
      one.range('u', 0, 0, 9).map((entry) => entry.physicalOffset),
      [1100],
    )
    one.close()
    other.close()
  })

  it('shows a reader nothing behind, and nothing before, two places of the log', () => {
    const index = open()
    index.add(tailOf(['t', 0, 0, 1000], ['t', 0, 1, 1100], ['t', 0, 2, 1200]), 1300, 1)
    const end = (from: number, to: number): number | undefined =>
      index.extentWithin('t', 0, from, to)?.endOffset
    assert.deepEqual([end(0, 9999), end(0, 1200), end(0, 1001), end(0, 1000)], [3, 2, 1, undefined])
    assert.equal(end(1201, 9999), undefined)
    index.close()
  })

  it('drops what lies below a tombstone, and only that', () => {
    const index = open()
    index.add(tailOf(['t', 0, 0, 1000], ['t', 1, 0, 1100], ['u', 0, 0, 1150]), 1200, 1)
    index.dropBelow('t', 1100)
    assert.equal(index.extent('t', 0), null)
    assert.equal(index.extent('t', 1)!.endOffset, 1)
    assert.equal(index.extent('u', 0)!.endOffset, 1)
    index.close()
  })

  it('covers its segment when it is sealed, and stands alone', () => {
    const index = open()
    index.add(tailOf(['t', 0, 0, 1000]), 1100, 1)
    index.seal(2000)
    index.close()
    const sealed = IndexDb.open(path(), 1000, 'one', 'read')!
    assert.equal(sealed.indexedTo, 2000)
    assert.deepEqual(sealed.keys.find(topicKeyHash('t', 'k1000')), [1000])
    sealed.close()
  })

  it('seals beside a reader, who reads on', () => {
    const index = open()
    index.add(tailOf(['t', 0, 0, 1000]), 1100, 1)
    const reader = IndexDb.open(path(), 1000, 'one', 'read')!
    assert.equal(reader.extent('t', 0)!.endOffset, 1)
    index.seal(2000)
    index.close()
    assert.equal(reader.indexedTo, 2000)
    assert.equal(reader.range('t', 0, 0, 9).length, 1)
    reader.close()
  })

  it('is none for another store', () => {
    open('one').close()
    assert.equal(IndexDb.open(path(), 1000, 'two', 'read'), null)
    assert.equal(IndexDb.open(path(), 1000, 'two', 'write'), null)
  })
})

describe('Catalog', () => {
  const folder = temporaryFolder()
  const queue = (topic: string, minOffset: number, endOffset: number): QueueExtent => ({
    topic,
    queueId: 0,
    minOffset,
    endOffset,
  })
  const open = (): Catalog => Catalog.open(join(folder.path, 'catalog.db'), 'one', 'create')!

  it('finds the segment that holds an offset, or the next one behind a gap', () => {
    const catalog = open()
    catalog.add(0, 1, [queue('t', 0, 10)])
    catalog.add(100, 2, [queue('u', 0, 1)])
    catalog.add(200, 3, [queue('t', 12, 20)])
    const holding = (from: number, after = -1, before = 999): number | null =>
      catalog.segmentHolding('t', 0, from, after, before)
    assert.deepEqual(
      [0, 9, 10, 12, 19, 20].map((from) => holding(from)),
      [0, 0, 200, 200, 200, null],
    )
    assert.equal(holding(0, 0), 200)
    assert.equal(holding(12, -1, 200), null)
    assert.deepEqual(catalog.extent('t', 0, -1, 999), queue('t', 0, 20))
    assert.deepEqual(catalog.extent('t', 0, -1, 200), queue('t', 0, 10))
    assert.deepEqual(catalog.basesBefore(200), [0, 100])
    catalog.close()
  })

  it('tells which segments may have a key, and of all but a few that they do not', () => {
    const catalog = open()
    const keysOf = (base: number, count: number): IndexDb => {
      const index = IndexDb.open(join(folder.path, `${base}.db`), base, 'one', 'write')!
      const rows = Array.from({ length: count }, (_, i) => ['t', 0, i, base + i * 100] as const)
      index.add(tailOf(...rows), base + count * 100, 1)
      return index
    }
    const indexes = [keysOf(0, 5000), keysOf(1_000_000, 20_000), keysOf(9_000_000, 0)]
    for (const index of indexes) {
      catalog.add(index.base, 1, [])
      const parts = keyFilterOf(index.keys)
      parts.forEach((part, i) => catalog.addFilter(index.base, [part], i, parts.length))
    }
    catalog.add(9_500_000, 1, [])
    assert.deepEqual(catalog.unfilteredBefore(99_000_000), [9_500_000])
    const bases = (key: string, before = 99_000_000): number[] =>
      catalog.basesWithKey(topicKeyHash('t', key), before)
    for (let i = 0; i < 5000; i += 7) assert.ok(bases(`k${i * 100}`).includes(0), `k${i * 100}`)
    for (let i = 0; i < 20_000; i += 7) assert.ok(bases(`k${1_000_000 + i * 100}`).includes(1_000_000))
    let inVain = 0
    for (let i = 0; i < 2000; i++) inVain += bases(`none${i}`, 9_500_000).length
    assert.ok(inVain < 200, `${inVain} of 6000`)
    assert.deepEqual(bases('none', 9_500_001).at(-1), 9_500_000)
    for (const index of indexes) {
      assert.ok(isFilterOf(catalog.filterOf(index.base), index.keys))
      assert.equal(isFilterOf(catalog.filterOf(index.base).slice(1), index.keys), false)
      index.close()
    }
    catalog.dropSegment(0)
    assert.deepEqual(catalog.filterOf(0), [])
    catalog.close()
  })

  it('rules nothing out where its filter is damaged', () => {
    const catalog = open()
    const index = IndexDb.open(join(folder.path, 'i.db'), 0, 'one', 'write')!
    catalog.add(0, 1, [])
    catalog.addFilter(0, keyFilterOf(index.keys), 0, 1)
    assert.deepEqual(catalog.basesWithKey(topicKeyHash('t', 'none'), 9), [])
    const db = new BetterSqlite3(join(folder.path, 'catalog.db'))
    for (const change of ["bits = 'text'", 'bits = zeroblob(4004)', 'bits = zeroblob(0)', 'part = 7']) {
      db.prepare(`UPDATE key_filter SET ${change}`).run()
      assert.deepEqual(catalog.basesWithKey(topicKeyHash('t', 'none'), 9), [0], change)
    }
    db.close()
    index.close()
    catalog.close()
  })

  it('replaces what it held of a segment, and forgets segments, topics and what a tombstone hides', () => {
    const catalog = open()
    catalog.add(0, 1, [queue('t', 0, 10), queue('u', 0, 1)])
    catalog.add(0, 5, [queue('t', 0, 11)])
    assert.deepEqual(catalog.partsOf(0), [queue('t', 0, 11)])
    assert.equal(catalog.lastStoreTime(0), 5)
    catalog.add(100, 6, [queue('t', 11, 12)])
    catalog.dropBelow('t', 0)
    assert.deepEqual(catalog.extent('t', 0, -1, 999), queue('t', 11, 12))
    catalog.dropTopic('t')
    assert.equal(catalog.extent('t', 0, -1, 999), null)
    catalog.dropSegment(100)
    assert.deepEqual(catalog.basesBefore(999), [0])
    catalog.close()
  })

  it('is none for another store', () => {
    open().close()
    assert.equal(Catalog.open(join(folder.path, 'catalog.db'), 'two', 'read'), null)
  })
})

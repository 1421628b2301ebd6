import assert from 'node:assert/strict'
import fc from 'fast-check'
import { IndexTail, tailRange } from '../../../src/core/store/index-rows.ts'

interface Added {
  readonly queueId: number
  readonly count: number
  readonly gap: number
}

describe('IndexTail', () => {
  const additions = fc.array(
    fc.record({
      queueId: fc.nat(3),
      count: fc.constantFrom(1, 2, 15, 16, 17, 300),
      gap: fc.constantFrom(0, 0, 0, 5),
    }),
    { maxLength: 10 },
  )

  function fill(tail: IndexTail, added: readonly Added[]): void {
    let place = 0
    const ends = [10, 20, 30, 40]
    for (const { queueId, count, gap } of added) {
      ends[queueId]! += gap
      for (let i = 0; i < count; i++) {
        const queueOffset = ends[queueId]!++
        const record = {
          topic: 't',
          queueId,
          queueOffset,
          physicalOffset: (place += 100),
          size: 100 + queueId,
        }
        tail.add({ ...record, tagsCode: -place, keyHashes: [place], storeTimestamp: 1 })
      }
    }
  }

  const contents = (tail: IndexTail): unknown => ({
    queues: [0, 1, 2, 3].map((queueId) => tailRange(tail.rows('t', queueId), 0, Infinity)),
    stretches: [...tail.queues()].map(([topic, queueId, stretches]) => [topic, queueId, stretches.length]),
    keys: [...tail.keyHashes.subarray(0, tail.keyCount)],
    count: tail.count,
  })

  it('holds what a new one would, however often it was filled and cleared before', () => {
    fc.assert(
      fc.property(fc.array(additions, { minLength: 1, maxLength: 6 }), (fills) => {
        const used = new IndexTail()
        for (const added of fills) {
          used.clear()
          fill(used, added)
          const anew = new IndexTail()
          fill(anew, added)
          assert.deepEqual(contents(used), contents(anew))
        }
      }),
      { numRuns: 60 },
    )
  })

  it('fills the same memory again from one flush to the next', () => {
    const tail = new IndexTail()
    const memory = (): ArrayBufferLike[] => tail.rows('t', 1).map(({ tagsCodes }) => tagsCodes.buffer)
    fill(tail, [{ queueId: 1, count: 5000, gap: 0 }])
    const before = memory()
    tail.clear()
    assert.deepEqual(tail.rows('t', 1), [])
    fill(tail, [{ queueId: 1, count: 5000, gap: 0 }])
    assert.equal(memory()[0], before[0])
    // but it does not keep what one large flush of very many queues took
    tail.clear()
    for (let topic = 0; topic < 40; topic++)
      for (let i = 0; i < 5000; i++) {
        const record = { topic: `t${topic}`, queueId: 0, queueOffset: i, physicalOffset: i * 100, size: 100 }
        tail.add({ ...record, tagsCode: 0, keyHashes: [], storeTimestamp: 1 })
      }
    const many = new Set([...tail.queues()].map(([, , [rows]]) => rows!.tagsCodes.buffer))
    tail.clear()
    for (let topic = 0; topic < 40; topic++) {
      const record = { topic: `t${topic}`, queueId: 0, queueOffset: 0, physicalOffset: 0, size: 100 }
      tail.add({ ...record, tagsCode: 0, keyHashes: [], storeTimestamp: 1 })
    }
    const kept = [...tail.queues()].filter(([, , [rows]]) => many.has(rows!.tagsCodes.buffer)).length
    assert.ok(kept >= 8 && kept <= 16, `${kept} of 40, of 8,192 entries each`)
  })
})

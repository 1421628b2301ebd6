import assert from 'node:assert/strict'
import fc from 'fast-check'
import { allocateAveragely } from '../../../src/core/model/queue.ts'

describe('allocateAveragely', () => {
  it('gives each queue to one consumer, in order, and nobody two more than another', () => {
    fc.assert(
      fc.property(fc.nat(64), fc.integer({ min: 1, max: 20 }), (count, consumers) => {
        const queues = Array.from({ length: count }, (_, i) => i)
        const parts = Array.from({ length: consumers }, (_, i) => allocateAveragely(queues, i, consumers))
        assert.deepEqual(parts.flat(), queues)
        const sizes = parts.map((part) => part.length)
        assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1)
        assert.deepEqual(
          sizes,
          [...sizes].sort((a, b) => b - a),
        )
      }),
    )
  })
})

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { orderOf } from '../../../src/core/lib/order-of.ts'

describe('orderOf', () => {
  it('gives places by hash, equal ones as they came, few or many', () => {
    const hashes = fc.oneof(
      fc.integer({ min: 0, max: 2 ** 37 - 1 }),
      fc.integer({ min: 0, max: 5 }),
      fc.constantFrom(2 ** 37 - 1, 2 ** 32, 2 ** 32 - 1, 2 ** 31, 2 ** 22, 2 ** 11),
    )
    const times = fc.constantFrom(1, 1, 1000, 5000)
    fc.assert(
      fc.property(fc.array(hashes, { maxLength: 13 }), times, (few, repeated) => {
        // each time a little else
        const all = Float64Array.from({ length: few.length * repeated }, (_, i) => {
          return (few[i % few.length]! + Math.floor(i / few.length) * 77_777_777) % 2 ** 37
        })
        const places = Array.from(all, (_, i) => i)
        const expected = places.sort((a, b) => all[a]! - all[b]! || a - b)
        assert.deepEqual([...orderOf(all)], expected)
      }),
    )
  })
})

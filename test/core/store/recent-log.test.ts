import assert from 'node:assert/strict'
import fc from 'fast-check'
import { RecentLog } from '../../../src/core/store/recent-log.ts'

const size = 64

describe('RecentLog', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('put' as const), length: fc.nat(100), gap: fc.constantFrom(0, 0, 0, 5) }),
    fc.record({ kind: fc.constant('ask' as const), behind: fc.nat(120), length: fc.nat(70) }),
    fc.record({ kind: fc.constant('forget' as const) }),
  )

  it('has the last bytes of what was written without a gap, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const recent = new RecentLog(size)
        const log = Buffer.alloc(60 * 105)
        let [from, to] = [0, 0]
        for (const each of steps) {
          if (each.kind === 'forget') {
            recent.forget()
            from = to
          } else if (each.kind === 'put') {
            const begin = to + each.gap
            if (each.gap > 0 || from === to) from = begin
            to = begin + each.length
            for (let at = begin; at < to; at++) log[at] = at % 251
            recent.put(log.subarray(begin, to), begin)
            from = Math.max(from, to - size)
          } else {
            const offset = Math.max(0, to - each.behind)
            const target = Buffer.alloc(each.length + 10, 255)
            const expected = Buffer.alloc(each.length + 10, 255)
            const isThere = offset >= from && offset + each.length <= to
            if (isThere) log.copy(expected, 5, offset, offset + each.length)
            // of no bytes at all it does not matter whether they are there
            if (each.length > 0)
              assert.equal(recent.copy(target.subarray(5, 5 + each.length), offset), isThere)
            assert.deepEqual(each.length > 0 ? target : expected, expected)
          }
        }
      }),
    )
  })
})

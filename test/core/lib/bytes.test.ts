import assert from 'node:assert/strict'
import fc from 'fast-check'
import { readI64, writeI64 } from '../../../src/core/lib/bytes.ts'

describe('readI64 and writeI64', () => {
  it('agree with BigInt over all safe integers', () => {
    const bytes = Buffer.alloc(11)
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        writeI64(bytes, 3, value)
        assert.equal(bytes.readBigInt64BE(3), BigInt(value))
        assert.equal(readI64(bytes, 3), value)
      }),
    )
  })

  it('hold at the edges of the two halves', () => {
    const bytes = Buffer.alloc(8)
    for (const power of [31, 32, 33, 52, 53]) {
      for (const delta of [-1, 0, 1]) {
        for (const sign of [-1, 1]) {
          const value = sign * (2 ** power + delta)
          if (!Number.isSafeInteger(value)) continue
          writeI64(bytes, 0, value)
          assert.equal(bytes.readBigInt64BE(0), BigInt(value))
          assert.equal(readI64(bytes, 0), value)
        }
      }
    }
  })

  it('clamp what a number cannot hold, on read', () => {
    const bytes = Buffer.alloc(8)
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        bytes.writeBigInt64BE(value)
        const clamped =
          value > BigInt(Number.MAX_SAFE_INTEGER)
            ? Number.MAX_SAFE_INTEGER
            : value < BigInt(Number.MIN_SAFE_INTEGER)
              ? Number.MIN_SAFE_INTEGER
              : Number(value)
        assert.equal(readI64(bytes, 0), clamped)
      }),
    )
  })

  it('refuse to write what is no safe integer', () => {
    for (const value of [2 ** 53, -(2 ** 53), 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => writeI64(Buffer.alloc(8), 0, value), RangeError)
    }
  })
})

import assert from 'node:assert/strict'
import { crc32 as zlibCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { crc32 } from '../../../src/core/lib/crc32.ts'

describe('crc32', () => {
  it('is the IEEE one without its highest bit', () => {
    // the check value of CRC-32/ISO-HDLC is cbf43926
    assert.equal(crc32(Buffer.from('123456789')), 0x4bf43926)
    assert.equal(crc32(Buffer.alloc(0)), 0)
  })

  it('agrees with zlib over every part of any bytes, short or long', () => {
    const bytes = fc.uint8Array({ maxLength: 600, size: 'max' })
    fc.assert(
      fc.property(bytes, fc.nat(600), fc.nat(600), (array, a, b) => {
        const source = Buffer.from(array)
        const [at, end] = [Math.min(a, b, source.length), Math.min(Math.max(a, b), source.length)]
        assert.equal(crc32(source, at, end), zlibCrc32(source.subarray(at, end)) & 0x7fffffff)
        assert.equal(crc32(source), zlibCrc32(source) & 0x7fffffff)
      }),
    )
  })
})

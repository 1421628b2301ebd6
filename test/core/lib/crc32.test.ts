import assert from 'node:assert/strict'
import { crc32 } from '../../../src/core/lib/crc32.ts'

describe('crc32', () => {
  it('is the IEEE one without its highest bit', () => {
    // the check value of CRC-32/ISO-HDLC is cbf43926
    assert.equal(crc32(Buffer.from('123456789')), 0x4bf43926)
    assert.equal(crc32(Buffer.alloc(0)), 0)
  })
})

import assert from 'node:assert/strict'
import { byteCount } from '../../../src/core/model/byte-count.ts'

describe('byteCount', () => {
  it('takes digits, and one letter for a power of 1024', () => {
    const cases = { '0': 0, '4096': 4096, '64k': 65_536, ' 1M ': 1_048_576, '2g': 2 ** 31, '3T': 3 * 2 ** 40 }
    for (const [text, count] of Object.entries(cases)) assert.equal(byteCount(text), count, text)
  })

  it('takes nothing else, and no number that is not exact', () => {
    for (const text of ['', 'k', '-1', '1.5g', '1 g', '1kb', '1e3', '0x10', '9007199254740993', '9999t'])
      assert.equal(byteCount(text), null, text)
  })
})

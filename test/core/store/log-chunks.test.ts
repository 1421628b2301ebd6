import assert from 'node:assert/strict'
import fc from 'fast-check'
import { LogChunks } from '../../../src/core/store/log-chunks.ts'

const chunkSize = 64 * 1024

describe('LogChunks', () => {
  /** A log whose bytes tell where they are, and what was read of it. */
  function chunksOf(): { chunks: LogChunks; log: Buffer; reads: number[] } {
    const log = Buffer.alloc(8 * chunkSize)
    for (let at = 0; at < log.length; at += 4) log.writeUInt32BE(at, at)
    const reads: number[] = []
    const chunks = new LogChunks((target, at, length, offset) => {
      reads.push(offset)
      return log.copy(target, at, offset, offset + length)
    })
    return { chunks, log, reads }
  }

  it('copies what is there, or nothing, whatever is asked for in what order', () => {
    const asked = fc.record({
      offset: fc.nat(8 * chunkSize - 1),
      length: fc.integer({ min: 1, max: 3000 }),
      records: fc.integer({ min: 1, max: 6 }),
      to: fc.constantFrom(8 * chunkSize, 5 * chunkSize, 5 * chunkSize - 1),
    })
    fc.assert(
      fc.property(fc.array(asked, { maxLength: 300 }), fc.constantFrom(0, 1, chunkSize), (asks, from) => {
        const { chunks, log, reads } = chunksOf()
        for (const { offset, length, records, to } of asks) {
          const target = Buffer.alloc(length + 10)
          const was = chunks.copy(target.subarray(5, 5 + length), offset, records, from, to)
          const expected = Buffer.alloc(length + 10)
          if (was) log.copy(expected, 5, offset, offset + length)
          assert.deepEqual(target, expected)
        }
        for (const read of reads) assert.ok(read >= from, `${read}`)
        assert.equal(new Set(reads).size, reads.length, 'each chunk is read once')
      }),
    )
  })

  it('reads a chunk when it was asked for some times, and never what is not written yet', () => {
    const { chunks, reads } = chunksOf()
    const target = Buffer.alloc(10)
    const ask = (to: number, records = 1): boolean => chunks.copy(target, 3 * chunkSize + 7, records, 0, to)
    assert.deepEqual(
      [1, 2, 3, 4].map(() => ask(4 * chunkSize - 1)),
      [false, false, false, false],
    )
    assert.deepEqual(reads, [])
    assert.deepEqual(
      [1, 2, 3, 4, 5].map(() => ask(4 * chunkSize)),
      [false, false, false, true, true],
    )
    assert.deepEqual(reads, [3 * chunkSize])
    chunks.forget()
    assert.equal(ask(4 * chunkSize), false)
    assert.equal(ask(4 * chunkSize, 8), true, 'several that adjoin')
  })

  it('keeps what is asked for while it reads on through a long log', () => {
    const reads: number[] = []
    const chunks = new LogChunks((_target, _at, length, offset) => {
      reads.push(offset)
      return length
    })
    const target = Buffer.alloc(10)
    const ask = (chunk: number): void =>
      void chunks.copy(target, chunk * chunkSize, 1, 0, Number.MAX_SAFE_INTEGER)
    for (let chunk = 1; chunk < 2000; chunk++) {
      for (let i = 0; i < 6; i++) ask(chunk)
      for (let i = 0; i < 4; i++) ask(0)
    }
    assert.equal(reads.filter((offset) => offset === 0).length, 1)
    assert.equal(reads.length, 2000)
  })
})

import assert from 'node:assert/strict'
import { deflateSync } from 'node:zlib'
import { compressFrameSync } from 'lz4-napi'
import { decompressedSizeMax, decompressOrNull } from '../../../src/core/model/decompress.ts'
import { SysFlag } from '../../../src/core/model/sys-flag.ts'

/** A frame whose header is `header`, then blocks of a run of 128 KiB of the letter a. */
function zstdRuns(header: readonly number[], runs: number): Buffer {
  const blocks = Array.from({ length: runs }, (_, i) => {
    const block = Buffer.alloc(4, 'a')
    block.writeUIntLE((131_072 << 3) | (1 << 1) | Number(i === runs - 1), 0, 3)
    return block
  })
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, ...header]), ...blocks])
}

const window = (exponent: number): readonly number[] => [0, (exponent - 10) << 3]
const singleSegment = (size: number): readonly number[] => [
  0xa0,
  ...[0, 8, 16, 24].map((shift) => (size >>> shift) & 255),
]
const skippable = Buffer.from([0x51, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2])
const runsMax = decompressedSizeMax / 131_072

describe('decompressOrNull', () => {
  it('takes bodies up to 64 MiB, and not more', () => {
    const largest = Buffer.alloc(decompressedSizeMax)
    const larger = Buffer.alloc(decompressedSizeMax + 4 * 1024 * 1024)
    for (const [type, compress] of [
      [SysFlag.zlib, deflateSync],
      [SysFlag.lz4, compressFrameSync],
    ] as const) {
      assert.ok(decompressOrNull(compress(largest), type)!.equals(largest), `${type}`)
      assert.equal(decompressOrNull(compress(larger), type), null, `${type}`)
    }
  })

  it('does the same for Zstandard, whether a frame declares its size or not', () => {
    const letters = (runs: number): Buffer => Buffer.alloc(runs * 131_072, 'a')
    for (const frames of [
      [zstdRuns(window(17), 8)],
      [zstdRuns(singleSegment(8 * 131_072), 8)],
      [zstdRuns(window(17), 3), skippable, zstdRuns(singleSegment(5 * 131_072), 5)],
    ]) {
      assert.ok(decompressOrNull(Buffer.concat(frames), SysFlag.zstd)!.equals(letters(8)))
    }
    for (const frames of [
      [zstdRuns(window(17), runsMax + 1)],
      [zstdRuns(window(17), runsMax / 2), zstdRuns(window(17), runsMax / 2 + 1)],
    ]) {
      assert.equal(decompressOrNull(Buffer.concat(frames), SysFlag.zstd), null)
    }
  })

  it('makes no room for what a frame only says of itself', () => {
    const before = process.memoryUsage().arrayBuffers
    for (const frame of [zstdRuns(window(30), 1), zstdRuns(singleSegment(0x7fff_0000), 1)]) {
      assert.equal(decompressOrNull(frame, SysFlag.zstd), null)
    }
    assert.ok(process.memoryUsage().arrayBuffers - before < 256 * 1024 * 1024)
  })

  it('ends for any frame that is cut or changed', () => {
    for (const [body, type] of [
      [zstdRuns(window(17), 2), SysFlag.zstd],
      [zstdRuns(singleSegment(131_072), 1), SysFlag.zstd],
      [skippable, SysFlag.zstd],
      [compressFrameSync(Buffer.alloc(1000)), SysFlag.lz4],
      [deflateSync(Buffer.alloc(1000)), SysFlag.zlib],
    ] as const) {
      for (let at = 0; at < body.length; at++) {
        decompressOrNull(body.subarray(0, at), type)
        for (const value of [0, 0xff]) {
          const changed = Buffer.from(body)
          changed[at] = value
          const result = decompressOrNull(changed, type)
          assert.ok(result === null || result.length <= decompressedSizeMax)
        }
      }
    }
  })
})

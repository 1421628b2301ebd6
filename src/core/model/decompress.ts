import { createRequire } from 'node:module'
import { inflateSync } from 'node:zlib'
import { SysFlag } from './sys-flag.ts'

/**
 * Bodies larger than this stay compressed: four megabytes of a message can be made to unfold to hundreds of
 * gigabytes. RocketMQ has no limit; no broker takes more than a sixteenth of this uncompressed.
 */
export const decompressedSizeMax = 64 * 1024 * 1024

const load = createRequire(import.meta.url)

/**
 * A body as its producer gave it, or null when it cannot be decompressed. Libraries are loaded when the first
 * such body is met: most runs never meet one.
 */
export function decompressOrNull(body: Buffer, sysFlag: number): Buffer | null {
  try {
    switch (sysFlag & SysFlag.compressionMask) {
      // neither library takes a limit
      case SysFlag.lz4: {
        if (sizeBound(body, lz4Magic, lz4Frame) > decompressedSizeMax) return null
        const lz4 = load('lz4-napi') as typeof import('lz4-napi')
        return lz4.decompressFrameSync(body)
      }
      case SysFlag.zstd: {
        if (sizeBound(body, zstdMagic, zstdFrame) > decompressedSizeMax) return null
        const zstd = load('fzstd') as typeof import('fzstd')
        return Buffer.from(zstd.decompress(body))
      }
      default:
        // clients before 5.x set no type: theirs is zlib
        return inflateSync(body, { maxOutputLength: decompressedSizeMax })
    }
  } catch {
    return null
  }
}

interface Frame {
  /** Where the next one begins. */
  readonly end: number
  /** Bytes that it unfolds to at most. */
  readonly bound: number
}

/** @throws RangeError where a frame begins with something else, or is cut */
function sizeBound(body: Buffer, magic: number, frameAt: (body: Buffer, at: number) => Frame): number {
  let bound = 0
  for (let at = 0; at < body.length;) {
    const found = body.readUInt32LE(at)
    // both formats have frames of any content that say nothing
    if ((found & 0xfffffff0) >>> 0 === 0x184d2a50) {
      at += 8 + body.readUInt32LE(at + 4)
      continue
    }
    if (found !== magic) throw new RangeError('not compressed as it says')
    const frame = frameAt(body, at)
    bound += frame.bound
    at = frame.end
  }
  return bound
}

const lz4Magic = 0x184d2204

/** No byte of a block unfolds to more than 255, no block to more than the frame's descriptor allows. */
function lz4Frame(body: Buffer, start: number): Frame {
  const flags = body.readUInt8(start + 4)
  const blockSizeMax = 1 << (8 + 2 * ((body.readUInt8(start + 5) >> 4) & 7))
  const blockChecksumSize = flags & 0x10 ? 4 : 0
  let at = start + 7 + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0)
  let bound = 0
  for (;;) {
    const word = body.readUInt32LE(at)
    at += 4
    if (word === 0) break
    const size = word & 0x7fffffff
    bound += Math.min(size * 255, blockSizeMax)
    at += size + blockChecksumSize
  }
  return { end: at + (flags & 0x04 ? 4 : 0), bound }
}

const zstdMagic = 0xfd2fb528
const zstdBlockSizeMax = 128 * 1024

/** What a frame declares, and the library makes room for; else its window or its blocks. */
function zstdFrame(body: Buffer, start: number): Frame {
  const descriptor = body.readUInt8(start + 4)
  const singleSegment = (descriptor & 0x20) !== 0
  let at = start + 5
  let window = 0
  if (!singleSegment) {
    const code = body.readUInt8(at++)
    window = 2 ** (10 + (code >> 3)) * (1 + (code & 7) / 8)
  }
  // the dictionary's id
  at += [0, 1, 2, 4][descriptor & 3]!
  const sizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  const declared = contentSize(body, at, sizeBytes)
  at += sizeBytes
  let blocks = 0
  for (let last = false; !last; blocks++) {
    const header = body.readUIntLE(at, 3)
    last = (header & 1) === 1
    const isRun = ((header >> 1) & 3) === 1
    at += 3 + (isRun ? 1 : header >> 3)
  }
  const bound = declared > 0 ? declared : Math.max(window, blocks * zstdBlockSizeMax)
  return { end: at + (descriptor & 0x04 ? 4 : 0), bound }
}

/** 0: not declared. */
function contentSize(body: Buffer, at: number, bytes: number): number {
  if (bytes === 0) return 0
  if (bytes === 8) return Number(body.readBigUInt64LE(at))
  return body.readUIntLE(at, bytes) + (bytes === 2 ? 256 : 0)
}

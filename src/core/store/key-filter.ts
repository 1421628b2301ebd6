import { putI32 } from '../lib/bytes.ts'
import { crc32 } from '../lib/crc32.ts'
import { keyHashBits } from '../lib/hash.ts'
import type { KeyIndex } from './key-index.ts'
import { rowChecksum } from './row-checksum.ts'

/** Bits that a key sets, and has: one in eighty answers is "perhaps" for a key that is not there. */
const bitsSet = 4
const bitsPerKey = 10
/** Of one part, with its CRC; a leaf of SQLite's holds one. */
const partSize = 4000
const crcSize = 4

/**
 * Which keys a sealed segment does not have: a Bloom filter in parts, of which a look-up reads one. Ten
 * million messages have three hundred runs of keys, and a key is in one of them: without it each is looked
 * at, and the file of each segment opened (12 of 95 ms with half as many, bench/store.ts).
 */
export function keyFilterOf(keys: KeyIndex): Buffer[] {
  const count = Math.max(1, Math.ceil((keys.count() * bitsPerKey) / (partSize * 8)))
  const parts = Array.from({ length: count }, () => Buffer.alloc(partSize + crcSize))
  for (const hashes of keys.hashes())
    for (const hash of hashes) setBits(parts[filterPartOf(hash, count)]!, hash)
  parts.forEach((part, i) => putI32(part, partSize, partCrc(part, keys.base, i)))
  return parts
}

/** Which of so many parts has the bits of a key. */
export function filterPartOf(hash: number, count: number): number {
  return Math.floor((hash / 2 ** keyHashBits) * count)
}

/**
 * False: the key is not in the segment. A part that is damaged, or of another place, rules nothing out.
 * @param part the key's: number `index` of the segment at `base`
 */
export function mayHaveKey(part: Buffer | undefined, base: number, index: number, hash: number): boolean {
  return part === undefined || !isWhole(part, base, index) || hasBits(part, hash)
}

/** Whether a look-up might miss keys, or has to do without a part. */
export function isFilterOf(parts: readonly Buffer[], keys: KeyIndex): boolean {
  if (parts.length === 0 || !parts.every((part, i) => isWhole(part, keys.base, i))) return false
  let hasAll = true
  keys.forEach((hash) => (hasAll &&= hasBits(parts[filterPartOf(hash, parts.length)]!, hash)))
  return hasAll
}

function isWhole(part: Buffer, base: number, index: number): boolean {
  const sized = Buffer.isBuffer(part) && part.length === partSize + crcSize
  return sized && part.readInt32BE(partSize) === partCrc(part, base, index)
}

/** Of the bits, and of the place they are kept under. */
function partCrc(part: Buffer, base: number, index: number): number {
  return crc32(part, 0, partSize) ^ rowChecksum(base, index)
}

function setBits(part: Buffer, hash: number): void {
  const step = stepOf(hash)
  for (let i = 0, at = hash | 0; i < bitsSet; i++, at = (at + step) | 0) {
    const bit = bitAt(at)
    part[bit >>> 3]! |= 1 << (bit & 7)
  }
}

function hasBits(part: Buffer, hash: number): boolean {
  const step = stepOf(hash)
  for (let i = 0, at = hash | 0; i < bitsSet; i++, at = (at + step) | 0) {
    const bit = bitAt(at)
    if ((part[bit >>> 3]! & (1 << (bit & 7))) === 0) return false
  }
  return true
}

/** The part follows from the hash's high bits, the bits from its low ones: a step of 32 bits apart. */
function stepOf(hash: number): number {
  const low = hash | 0
  return Math.imul(low ^ (low >>> 15), 0x2c1b3c6d) | 1
}

function bitAt(at: number): number {
  return ((at >>> 16) * partSize * 8) >>> 16
}

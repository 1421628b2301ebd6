import { crc32 as zlibCrc32 } from 'node:zlib'

/** From so many bytes on zlib is faster: a call of it costs as much as these (performance.md B2). */
const nativeFrom = 240

/** Eight tables of 256: the CRC of a byte that is followed by 0 to 7 more. */
const tables = makeTables()

/**
 * CRC-32 (IEEE) of a part of some bytes, without its highest bit, as RocketMQ keeps it: UtilAll.crc32.
 */
export function crc32(bytes: Buffer, at = 0, end = bytes.length): number {
  if (end - at < nativeFrom) return shortCrc32(bytes, at, end) & 0x7fffffff
  return zlibCrc32(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end)) & 0x7fffffff
}

/** Eight bytes a step. */
function shortCrc32(bytes: Buffer, from: number, end: number): number {
  let crc = -1
  let at = from
  for (; at + 8 <= end; at += 8) {
    crc =
      tables[0x700 + ((crc ^ bytes[at]!) & 255)]! ^
      tables[0x600 + (((crc >>> 8) ^ bytes[at + 1]!) & 255)]! ^
      tables[0x500 + (((crc >>> 16) ^ bytes[at + 2]!) & 255)]! ^
      tables[0x400 + ((crc >>> 24) ^ bytes[at + 3]!)]! ^
      tables[0x300 + bytes[at + 4]!]! ^
      tables[0x200 + bytes[at + 5]!]! ^
      tables[0x100 + bytes[at + 6]!]! ^
      tables[bytes[at + 7]!]!
  }
  for (; at < end; at++) crc = tables[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8)
  return ~crc
}

function makeTables(): Int32Array {
  const made = new Int32Array(8 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1
    made[byte] = crc
  }
  for (let i = 256; i < made.length; i++) made[i] = made[made[i - 256]! & 255]! ^ (made[i - 256]! >>> 8)
  return made
}

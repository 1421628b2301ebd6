import { crc32 as zlibCrc32 } from 'node:zlib'

/** CRC-32 (IEEE) without its highest bit, as RocketMQ keeps it in an int: UtilAll.crc32. */
export function crc32(bytes: Buffer, seed = 0): number {
  return zlibCrc32(bytes, seed) & 0x7fffffff
}

/** The full 32 bits, to go on with in a further call. */
export function crc32Part(bytes: Buffer, seed = 0): number {
  return zlibCrc32(bytes, seed)
}

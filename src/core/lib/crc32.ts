import { crc32 as zlibCrc32 } from 'node:zlib'

/** CRC-32 (IEEE) without its highest bit, as RocketMQ keeps it in an int: UtilAll.crc32. */
export function crc32(bytes: Buffer): number {
  return zlibCrc32(bytes) & 0x7fffffff
}

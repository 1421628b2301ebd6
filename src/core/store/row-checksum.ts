import { crc32 } from '../lib/crc32.ts'

/**
 * Of the values of a row, with its key: SQLite itself has no checksums, and takes a row with a flipped bit
 * for another row.
 */
export function rowChecksum(...values: readonly (string | number)[]): number {
  // with their types: a flipped bit makes bytes of a text, and SQLite finds one only under the other
  return crc32(Buffer.from(JSON.stringify(values)))
}

/** What checksums add up to, whatever their order: tells that a row is missing, or is there twice. */
export function checksumSum(checksums: Iterable<number>): number {
  let sum = 0
  for (const checksum of checksums) sum = (sum + checksum) % 2 ** 32
  return sum
}

import { fstatSync, type BigIntStats } from 'node:fs'

/**
 * What a file descriptor is of. In Node 20 realpath looks at what the last other stat has left, and after one
 * of a pipe follows no symbolic link any more: `require` of a library that is installed by one fails. One
 * with bigints leaves nothing there.
 * @throws EBADF
 */
export function descriptorStat(descriptor: number): BigIntStats {
  return fstatSync(descriptor, { bigint: true })
}

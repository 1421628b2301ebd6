import { join } from 'node:path'
import type { FileSystem } from './file-system.ts'

/**
 * Says who it is when a RocketMQ broker runs on a folder, else null. It holds byte 0 of `lock`, a POSIX lock
 * that
 * Node cannot ask for: Linux lists all of them. `abort` has its pid, and stays behind when it is killed.
 */
export function liveBroker(fs: FileSystem, folder: string): string | null {
  if (isLocked(fs, join(folder, 'lock'))) return 'a broker holds its lock'
  const pid = Number(fs.readFile(join(folder, 'abort'))?.toString('utf8').trim() ?? '')
  return Number.isSafeInteger(pid) && pid > 0 && isJava(fs, pid) ? `a broker runs, pid ${pid}` : null
}

/** Lines of /proc/locks: `1: POSIX  ADVISORY  WRITE 4242 fd:01:1179657 0 0`. */
function isLocked(fs: FileSystem, path: string): boolean {
  const locks = fs.readFile('/proc/locks')?.toString('latin1')
  if (locks === undefined || fs.fileSize(path) === null) return false
  const [, inode] = fs.identity(path).split(':')
  return new RegExp(`POSIX .*:${inode} 0 `).test(locks)
}

/** A pid may have been given to another process since: on Linux its name is asked for. */
function isJava(fs: FileSystem, pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const name = fs.readFile(`/proc/${pid}/comm`)?.toString('utf8').trim()
  return name === undefined || name === 'java'
}

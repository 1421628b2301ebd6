import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { bootId } from './boot-id.ts'

/** The 22nd field of /proc/<pid>/stat, counted from behind the name, which may hold anything. */
const startTimeField = 19

/**
 * What tells a process from another one that is given the same number later: when it began. Null where none
 * runs.
 */
export function processIdentity(pid: number): string | null {
  if (!Number.isSafeInteger(pid) || pid <= 0) return null
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return `${bootId()}:${fields[startTimeField]!}`
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  } catch {
    return null
  }
}

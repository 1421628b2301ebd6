/** What a process does with files and other programs, by strace. */
import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'

/** Whether strace is there, and may look: some containers forbid it. */
export const canAudit = spawnSync('strace', ['-o', '/dev/null', 'true'], { stdio: 'ignore' }).status === 0

/** What to start a program under, so that it keeps its own process id. */
export function auditedBy(log: string): string[] {
  return ['strace', '-D', '-f', '-q', '-s', '4096', '-e', 'trace=%file,%process', '-o', log]
}

export interface Audit {
  /** Paths that were named to the kernel, whatever it said. */
  readonly paths: readonly string[]
  /** Programs that were started. */
  readonly programs: readonly string[]
}

/** What was done since the log had so many bytes. */
export function readAudit(log: string, from: number): Audit {
  const lines = readFileSync(log).subarray(from).toString('latin1').split('\n')
  const calls = lines.map((line) => line.replace(/^\d+ +/, ''))
  const programs = calls.filter((call) => /^(execve|execveat|vfork|fork)\(/.test(call))
  const named = calls.filter(
    (call) => !/^(exit|wait|clone|rt_|kill|tgkill|execve|---|\+\+\+|<\.\.\.)/.test(call),
  )
  const paths = named.flatMap((call) => {
    const path = /"((?:[^"\\]|\\.)*)"/.exec(call)?.[1]
    // a descriptor's own state has an empty one
    return path === undefined || path === '' ? [] : [path]
  })
  return { paths, programs }
}

export function auditedBytes(log: string): number {
  return statSync(log).size
}

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

let known: string | null = null

/** Differs after each boot of the machine: what was written but not synced before may be gone. */
export function bootId(): string {
  known ??=
    process.platform === 'linux'
      ? readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
      : execFileSync('sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' }).trim()
  return known
}

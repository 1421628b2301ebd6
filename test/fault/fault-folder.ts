import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Memory where there is some: thousands of images are made, and what a disk loses is simulated. */
const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

export interface FaultFolder {
  readonly path: string
  /** A new empty folder in it. */
  make(): string
  remove(path: string): void
}

/** A folder of the test's own, gone after it. Call within `describe`. */
export function faultFolder(): FaultFolder {
  let path = ''
  let made = 0
  beforeEach(() => {
    path = mkdtempSync(join(parent, 'pocketmq-fault-'))
  })
  afterEach(() => rmSync(path, { recursive: true, force: true }))
  return {
    get path() {
      return path
    },
    make() {
      const folder = join(path, String(++made))
      mkdirSync(folder)
      return folder
    },
    remove: (folder) => rmSync(folder, { recursive: true, force: true }),
  }
}

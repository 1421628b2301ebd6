import * as fs from 'node:fs'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { StateDb } from '../../src/core/store/state-db.ts'
import type { Random } from './random.ts'
import type { SimulatedFileSystem } from './simulated-file-system.ts'

/** Up to where the write-ahead log of a state.db has been synced: nothing before it can be lost. */
const syncedWal = new Map<string, WalEnd>()

interface WalEnd {
  readonly salt: string
  readonly end: number
}

watchDurableCommits()

function watchDurableCommits(): void {
  const durably = StateDb.prototype.durably
  StateDb.prototype.durably = function <T>(this: StateDb, act: () => T): T {
    const result = durably.call(this, act) as T
    const end = walEnd(`${this.db.name}-wal`)
    if (end !== null) syncedWal.set(this.db.name, end)
    return result
  }
}

/** End of the frames of the current generation of a write-ahead log. */
function walEnd(path: string): WalEnd | null {
  if (!fs.existsSync(path)) return null
  const bytes = fs.readFileSync(path)
  if (bytes.length < 32) return null
  const pageSize = bytes.readUInt32BE(8)
  const salt = bytes.toString('hex', 16, 24)
  let end = 32
  while (end + 24 + pageSize <= bytes.length && bytes.toString('hex', end + 8, end + 16) === salt)
    end += 24 + pageSize
  return { salt, end }
}

/** The folder as a killed process leaves it: all that was written is there. */
export function killImage(from: SimulatedFileSystem, root: string): SimulatedFileSystem {
  copyOwnWhole(from.root, root)
  return from.copy(root)
}

/**
 * The folder as a machine finds it after its power went, in another boot. Of the SQLite side an index may
 * also be an old copy, or gone.
 * @param older an earlier image of the same folder, whose index files may turn up again
 */
export function powerLossImage(
  from: SimulatedFileSystem,
  root: string,
  random: Random,
  older: string | null,
): SimulatedFileSystem {
  const image = from.crash(random, root)
  if (image.list(root).includes('pocketmq')) {
    copyOwnWhole(from.root, root)
    const own = join(root, 'pocketmq')
    cutWal(join(own, 'state.db'), syncedWal.get(join(from.root, 'pocketmq', 'state.db')) ?? null, random)
    for (const path of indexFiles(root)) attackIndex(path, root, older, random)
    for (const [path, content] of from.removedUnsynced) {
      if (random.chance(0.5)) fs.writeFileSync(join(root, path.slice(from.root.length + 1)), content)
    }
    otherBoot(join(own, 'state.db'))
  }
  return image
}

function indexFiles(root: string): string[] {
  const index = join(root, 'pocketmq', 'index')
  if (!fs.existsSync(index)) return []
  return fs
    .readdirSync(index)
    .filter((name) => name.endsWith('.db'))
    .map((name) => join(index, name))
}

function attackIndex(path: string, root: string, older: string | null, random: Random): void {
  const fate = random.below(8)
  const before = older === null ? null : join(older, path.slice(root.length + 1))
  if (fate === 0) for (const suffix of ['', '-wal']) fs.rmSync(path + suffix, { force: true })
  else if (fate === 1 && before !== null && fs.existsSync(before)) {
    // none of what was written since has reached the disk
    for (const suffix of ['', '-wal']) {
      fs.rmSync(path + suffix, { force: true })
      if (fs.existsSync(before + suffix)) fs.copyFileSync(before + suffix, path + suffix)
    }
  } else if (fate < 5) cutWal(path, null, random)
}

/** Cuts a write-ahead log at any byte that has not been synced. */
function cutWal(path: string, synced: WalEnd | null, random: Random): void {
  const wal = `${path}-wal`
  const now = walEnd(wal)
  if (now === null) return
  const from = synced?.salt === now.salt ? synced.end : 32
  fs.truncateSync(wal, random.between(Math.min(from, now.end), now.end))
}

/**
 * A store that a test let go of without closing it is closed when its memory is collected, and SQLite then
 * removes its WAL, be it in the middle of a copy: that copy is no image of any moment, and is made again.
 */
function copyOwnWhole(from: string, to: string): void {
  for (let tries = 0; ; tries++) {
    try {
      copyOwn(from, to)
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === 3) throw error
      fs.rmSync(join(to, 'pocketmq'), { recursive: true, force: true })
    }
  }
}

/**
 * Without -shm: it does not outlive the machine, and SQLite makes it again. Not catalog journals: they are
 * synced.
 */
function copyOwn(from: string, to: string): void {
  const own = join(from, 'pocketmq')
  if (!fs.existsSync(own)) return
  fs.mkdirSync(join(to, 'pocketmq', 'index'), { recursive: true })
  for (const folder of ['', 'index']) {
    const source = join(own, folder)
    if (!fs.existsSync(source)) continue
    for (const entry of fs.readdirSync(source, { withFileTypes: true })) {
      if (!entry.isFile() || entry.name.endsWith('-shm')) continue
      fs.copyFileSync(join(source, entry.name), join(to, 'pocketmq', folder, entry.name))
    }
  }
}

function otherBoot(path: string): void {
  if (!fs.existsSync(path)) return
  const db = new BetterSqlite3(path)
  try {
    const { writers } = db
      .prepare(`SELECT count(*) AS writers FROM sqlite_master WHERE name = 'writer'`)
      .get() as { writers: number }
    if (writers === 1) db.prepare(`UPDATE writer SET boot_id = 'another boot'`).run()
  } finally {
    db.close()
  }
}

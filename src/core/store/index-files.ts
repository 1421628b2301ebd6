import { join } from 'node:path'
import { MqError } from '../errors.ts'
import type { FileSystem } from './file-system.ts'
import { IndexDb } from './index-db.ts'
import { segmentBase, segmentName } from './segment.ts'

/**
 * The index files of a folder, one a segment, and the catalog beside them. Files are removed only under the
 * lock.
 */
export class IndexFiles {
  /** Files removed or replaced so far: what others hold open of them is no longer what lies there. */
  replaced = 0
  readonly #fs: FileSystem
  readonly #folder: string
  readonly #storeId: string
  /** Files that SQLite, or a record they led to, has shown to be wrong: as good as gone. */
  readonly #distrusted = new Set<number>()

  /** @param folder `<store>/pocketmq` */
  constructor(fs: FileSystem, folder: string, storeId: string) {
    this.#fs = fs
    this.#folder = folder
    this.#storeId = storeId
  }

  get catalogPath(): string {
    return join(this.#folder, 'catalog.db')
  }

  get storeId(): string {
    return this.#storeId
  }

  makeFolder(): void {
    if (this.bases().length === 0) this.#fs.mkdir(join(this.#folder, 'index'))
  }

  /** First offsets of the segments that have a file, ascending. */
  bases(): number[] {
    return this.#fs
      .list(join(this.#folder, 'index'))
      .flatMap((name) => (name.endsWith('.db') ? (segmentBase(name.slice(0, -3)) ?? []) : []))
  }

  has(base: number): boolean {
    return this.#fs.fileSize(this.#path(base)) !== null
  }

  isDistrusted(base: number): boolean {
    return this.#distrusted.has(base)
  }

  distrust(base: number): void {
    this.#distrusted.add(base)
  }

  /** Another process has replaced files. */
  trustAgain(): void {
    this.#distrusted.clear()
  }

  /** Null when there is none that can be used. */
  open(base: number, mode: 'read' | 'write'): IndexDb | null {
    if (this.#distrusted.has(base)) return null
    if (mode === 'read' && !this.has(base)) return null
    return IndexDb.open(this.#path(base), base, this.#storeId, mode)
  }

  /** An active segment's file, made anew when the one there cannot be used. */
  openAnew(base: number): IndexDb {
    const index = this.open(base, 'write')
    if (index !== null) return index
    this.remove(base)
    const made = this.open(base, 'write')
    if (made === null) throw new MqError('MQ_STORE_UNWRITABLE', `${this.#path(base)} cannot be made`)
    return made
  }

  /**
   * A sealed segment's file made anew beside its place, synced, and put there; or only in memory.
   * @param fill writes and seals it
   */
  build(base: number, where: 'file' | 'memory', fill: (index: IndexDb) => void): IndexDb {
    const temporary = where === 'memory' ? ':memory:' : `${this.#path(base)}.tmp`
    if (where === 'file') this.#fs.unlink(temporary)
    const index = IndexDb.open(temporary, base, this.#storeId, 'build')!
    try {
      fill(index)
    } catch (error) {
      index.close()
      throw error
    }
    if (where === 'memory') return index
    index.close()
    const file = this.#fs.open(temporary, 'write')
    try {
      file.datasync()
    } finally {
      file.close()
    }
    this.remove(base)
    this.#fs.rename(temporary, this.#path(base))
    this.sync()
    return this.open(base, 'read')!
  }

  /** Its database first: a write-ahead log without one is nothing, a database without its log may be torn. */
  remove(base: number): void {
    this.#removeFile(this.#path(base))
    this.#distrusted.delete(base)
  }

  removeCatalog(): void {
    for (const suffix of ['', '-journal', '-wal', '-shm']) this.#fs.unlink(this.catalogPath + suffix)
    this.replaced++
  }

  removeAll(): void {
    const folder = join(this.#folder, 'index')
    for (const name of this.#fs.list(folder)) this.#fs.unlink(join(folder, name))
    this.#distrusted.clear()
    this.removeCatalog()
    this.sync()
  }

  /**
   * What was removed stays away, even if the power goes: an old file would know of records that were cut off.
   */
  sync(): void {
    this.#fs.syncFolder(join(this.#folder, 'index'))
    this.#fs.syncFolder(this.#folder)
  }

  #removeFile(path: string): void {
    for (const suffix of ['', '-wal', '-shm']) this.#fs.unlink(path + suffix)
    this.replaced++
  }

  #path(base: number): string {
    return join(this.#folder, 'index', `${segmentName(base)}.db`)
  }
}

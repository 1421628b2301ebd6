import { join } from 'node:path'
import type { FileHandle, FileSystem } from './file-system.ts'

const nameDigits = 20

/** File name of the segment that begins at a log offset; UtilAll.offset2FileName. */
export function segmentName(base: number): string {
  return String(base).padStart(nameDigits, '0')
}

/** The log offset a segment's name says, or null for any other file. */
export function segmentBase(name: string): number | null {
  return name.length === nameDigits && /^\d+$/.test(name) ? Number(name) : null
}

/** One file of the commit log: fixed size, sparse, named after its first offset. Opened when first used. */
export class Segment {
  readonly base: number
  readonly size: number
  readonly #fs: FileSystem
  readonly #path: string
  #reader: FileHandle | null = null
  #writer: FileHandle | null = null

  constructor(fs: FileSystem, folder: string, base: number, size: number) {
    this.#fs = fs
    this.#path = join(folder, segmentName(base))
    this.base = base
    this.size = size
  }

  get end(): number {
    return this.base + this.size
  }

  /** Makes the file at its full size. */
  create(): void {
    this.#writer = this.#fs.open(this.#path, 'create')
    this.#writer.truncate(this.size)
  }

  /**
   * Bytes read, fewer only at the end of the file; none when it has expired meanwhile. `offset` is the log's.
   */
  read(target: Buffer, at: number, length: number, offset: number): number {
    const file = this.#writer ?? (this.#reader ??= this.#openReader())
    if (file === null) return 0
    return file.read(target, at, length, offset - this.base)
  }

  get file(): FileHandle {
    return (this.#writer ??= this.#openWriter())
  }

  #openReader(): FileHandle | null {
    try {
      return this.#fs.open(this.#path, 'read')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw error
    }
  }

  #openWriter(): FileHandle {
    const file = this.#fs.open(this.#path, 'write')
    // whoever made it may have died, or found the disk full, before it had its size
    if (this.#fs.fileSize(this.#path) !== this.size) file.truncate(this.size)
    return file
  }

  close(): void {
    this.#reader?.close()
    this.#writer?.close()
    this.#reader = this.#writer = null
  }
}

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

  /** Makes the file at its full size, durable in its folder. */
  create(folder: string): void {
    const file = this.#fs.open(this.#path, 'create')
    file.truncate(this.size)
    file.datasync()
    this.#fs.syncFolder(folder)
    this.#writer = file
  }

  /** Bytes read, fewer only at the end of the file. `offset` is the log's. */
  read(target: Buffer, at: number, length: number, offset: number): number {
    const file = this.#writer ?? (this.#reader ??= this.#fs.open(this.#path, 'read'))
    return file.read(target, at, length, offset - this.base)
  }

  get file(): FileHandle {
    return (this.#writer ??= this.#fs.open(this.#path, 'write'))
  }

  close(): void {
    this.#reader?.close()
    this.#writer?.close()
    this.#reader = this.#writer = null
  }
}

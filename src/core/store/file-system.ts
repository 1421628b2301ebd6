import * as fs from 'node:fs'
import { dirname } from 'node:path'

/**
 * The one port between the engine and files; everything but SQLite goes through it, so tests can tear, lose
 * and refuse writes. Synchronous: calls cost microseconds, a promise a call costs more (performance.md B4).
 *
 * Errors are Node's (`code` ENOENT, EACCES, ENOSPC, …).
 */
export interface FileSystem {
  /** `create` makes the file if it is missing; `read` refuses writes. */
  open(path: string, mode: 'read' | 'write' | 'create'): FileHandle
  /** With its parents; durable when it returns. */
  mkdir(path: string): void
  /** Names in a folder, sorted; none when there is no folder. */
  list(path: string): string[]
  /** Bytes of a file, or null when there is none. */
  fileSize(path: string): number | null
  readFile(path: string): Buffer | null
  /** Replaces a file so that after a crash either the old or the new one is there whole. */
  replaceFile(path: string, content: Buffer): void
  rename(from: string, to: string): void
  /** True when there was a file. */
  unlink(path: string): boolean
  /** With everything in it; nothing happens when there is none. */
  removeFolder(path: string): void
  /** Bytes of the file system a folder is on. */
  diskUsage(path: string): { readonly total: number; readonly used: number }
  /** What a path stands for: another folder in its place, or a copy of it elsewhere, has another one. */
  identity(path: string): string
  /** Makes creations, renames and removals in a folder durable. */
  syncFolder(path: string): void
}

export interface FileHandle {
  /** Bytes read: fewer than asked for only at the end of the file. */
  read(target: Buffer, at: number, length: number, position: number): number
  /** Bytes written: may be fewer than asked for. Call `writeFully`. */
  write(source: Buffer, at: number, length: number, position: number): number
  truncate(size: number): void
  datasync(): void
  datasyncLater(done: (error: Error | null) => void): void
  close(): void
}

/** Writes may be short without an error (nodejs/node#31908): loop until all of it is with the kernel. */
export function writeFully(
  file: FileHandle,
  source: Buffer,
  at: number,
  length: number,
  position: number,
): void {
  let done = 0
  while (done < length) {
    const written = uninterrupted(() => file.write(source, at + done, length - done, position + done))
    if (written === 0) throw Object.assign(new Error('the file takes no more bytes'), { code: 'EIO' })
    done += written
  }
}

/** A signal may end a call before it has done anything, and libuv does not repeat all of them. */
export function uninterrupted<T>(call: () => T): T {
  for (;;) {
    try {
      return call()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EINTR') throw error
    }
  }
}

const flags = { read: 'r', write: 'r+', create: fs.constants.O_RDWR | fs.constants.O_CREAT } as const

class NodeFileHandle implements FileHandle {
  readonly #path: string
  readonly #fd: number
  /** Of `datasyncLater`: Linux tells each descriptor once that a write failed, whichever call asks first. */
  #laterFd: number | null = null

  constructor(path: string, mode: keyof typeof flags) {
    this.#path = path
    this.#fd = fs.openSync(path, flags[mode], 0o644)
  }

  read(target: Buffer, at: number, length: number, position: number): number {
    let done = 0
    while (done < length) {
      const count = uninterrupted(() =>
        fs.readSync(this.#fd, target, at + done, length - done, position + done),
      )
      if (count === 0) break
      done += count
    }
    return done
  }

  write(source: Buffer, at: number, length: number, position: number): number {
    return fs.writeSync(this.#fd, source, at, length, position)
  }

  truncate(size: number): void {
    fs.ftruncateSync(this.#fd, size)
  }

  datasync(): void {
    fs.fdatasyncSync(this.#fd)
  }

  datasyncLater(done: (error: Error | null) => void): void {
    fs.fdatasync(this.#descriptorForLater(), done)
  }

  #descriptorForLater(): number {
    try {
      return (this.#laterFd ??= fs.openSync(this.#path, flags.write))
    } catch {
      // none is left: this one will do
      return this.#fd
    }
  }

  close(): void {
    fs.closeSync(this.#fd)
    if (this.#laterFd !== null) fs.closeSync(this.#laterFd)
  }
}

export const nodeFileSystem: FileSystem = {
  open: (path, mode) => new NodeFileHandle(path, mode),
  mkdir: makeFolder,
  list: (path) => ifThere(() => fs.readdirSync(path).sort()) ?? [],
  // asked often of what is not there: an error costs ten times the call
  fileSize: (path) => ifThere(() => fs.statSync(path, { throwIfNoEntry: false })?.size ?? null),
  readFile: (path) => ifThere(() => fs.readFileSync(path)),
  replaceFile(path, content) {
    const temporary = `${path}.${process.pid}.tmp`
    const fd = fs.openSync(temporary, 'w', 0o644)
    try {
      fs.writeFileSync(fd, content)
      fs.fsyncSync(fd)
    } finally {
      fs.closeSync(fd)
    }
    fs.renameSync(temporary, path)
    syncFolder(dirname(path))
  },
  rename: (from, to) => fs.renameSync(from, to),
  diskUsage(path) {
    const { blocks, bfree, bsize } = fs.statfsSync(path)
    return { total: blocks * bsize, used: (blocks - bfree) * bsize }
  },
  unlink: (path) => ifThere(() => (fs.unlinkSync(path), true)) ?? false,
  removeFolder: (path) => fs.rmSync(path, { recursive: true, force: true }),
  identity(path) {
    const { dev, ino } = fs.statSync(path)
    return `${dev}:${ino}:${fs.realpathSync(path)}`
  },
  syncFolder,
}

/**
 * With its parents. Not mkdirSync's own recursion: where a parent cannot be made (/proc), Node 20 never
 * returns.
 */
function makeFolder(path: string): void {
  const code = tryMakeFolder(path)
  if (code === null) return
  const parent = dirname(path)
  if (code !== 'ENOENT' || parent === path) fs.mkdirSync(path)
  makeFolder(parent)
  if (tryMakeFolder(path) !== null) fs.mkdirSync(path)
}

/** Null when the folder is there now, durable; else the error's code. */
function tryMakeFolder(path: string): string | null {
  try {
    fs.mkdirSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'EEXIST' && fs.statSync(path).isDirectory() ? null : (code ?? '')
  }
  syncParent(path)
  return null
}

function syncParent(path: string): void {
  try {
    syncFolder(dirname(path))
  } catch (error) {
    // a parent that others own may be closed to us; its entries are not ours to promise
    if (!['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

function syncFolder(path: string): void {
  const fd = fs.openSync(path, 'r')
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}

function ifThere<T>(act: () => T): T | null {
  try {
    return act()
  } catch (error) {
    // ENOTDIR: a part of the path is a file, so there is nothing behind it either
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}

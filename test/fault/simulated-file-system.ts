import * as fs from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { nodeFileSystem, type FileHandle, type FileSystem } from '../../src/core/store/file-system.ts'
import type { Random } from './random.ts'
import { SparseBytes } from './sparse-bytes.ts'

/**
 * What has been done to a file since its last sync. A crash keeps, drops or tears each of them on its own.
 */
type FileOperation =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Buffer }
  | { readonly kind: 'resize'; readonly size: number }

interface Inode {
  readonly live: SparseBytes
  durable: SparseBytes
  unsynced: FileOperation[]
}

type FolderOperation =
  | { readonly kind: 'link'; readonly path: string; readonly inode: Inode | 'folder' }
  | { readonly kind: 'unlink'; readonly path: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string; readonly inode: Inode }

export type OperationKind =
  'open' | 'write' | 'truncate' | 'datasync' | 'rename' | 'unlink' | 'mkdir' | 'syncFolder'

export interface Fault {
  /** Meets operations from this number on; the first operation is 1. */
  readonly at: number
  /** `SHORT`: a write takes only half of what it is given, without an error. */
  readonly code: 'EIO' | 'ENOSPC' | 'EINTR' | 'SHORT'
  readonly times: number
  readonly kinds?: readonly OperationKind[]
}

/**
 * Files in memory that lose, tear and refuse writes. SQLite does its own input and output: what lies below
 * `<root>/pocketmq/`, FORMAT apart, is passed to real files, and `crash-image.ts` attacks those.
 */
export class SimulatedFileSystem implements FileSystem {
  readonly root: string
  /** Operations that change something, so far. */
  operations = 0
  /** Called at each boundary between two of them, before the next one is done. */
  onOperation: (kind: OperationKind, path: string) => void = ignore
  fault: Fault | null = null
  /** A sync without blocking throws at once. */
  refusesToSyncLater = false
  /** How often the fault has struck. */
  faultsHit = 0
  /** Index files that were removed, but whose folder has not been synced: a crash may bring them back. */
  readonly removedUnsynced = new Map<string, Buffer>()
  readonly #live = new Map<string, Inode | 'folder'>()
  readonly #durable = new Map<string, Inode | 'folder'>()
  #unsynced: FolderOperation[] = []

  constructor(root: string) {
    this.root = root
  }

  open(path: string, mode: 'read' | 'write' | 'create'): FileHandle {
    if (this.#isReal(path)) return nodeFileSystem.open(path, mode)
    let inode = this.#live.get(path)
    if (mode === 'create' && inode === undefined) {
      this.#begin('open', path)
      inode = newInode()
      this.#link(path, inode)
    }
    if (inode === undefined || inode === 'folder') throw errno('ENOENT', 'open', path)
    return this.#handle(inode, path)
  }

  mkdir(path: string): void {
    if (this.#live.get(path) === 'folder' || path === this.root) return
    this.mkdir(dirname(path))
    if (this.#isReal(path)) return nodeFileSystem.mkdir(path)
    this.#begin('mkdir', path)
    if (path === join(this.root, 'pocketmq')) nodeFileSystem.mkdir(path)
    this.#link(path, 'folder')
    // the port's promise: durable when it returns
    this.syncFolder(dirname(path))
  }

  list(path: string): string[] {
    if (this.#isReal(path)) return nodeFileSystem.list(path)
    return [...this.#live.keys()]
      .filter((each) => dirname(each) === path)
      .map((each) => basename(each))
      .sort()
  }

  fileSize(path: string): number | null {
    if (this.#isReal(path)) return nodeFileSystem.fileSize(path)
    const inode = this.#live.get(path)
    return inode === undefined || inode === 'folder' ? null : inode.live.size
  }

  readFile(path: string): Buffer | null {
    if (this.#isReal(path)) return nodeFileSystem.readFile(path)
    const inode = this.#live.get(path)
    return inode === undefined || inode === 'folder' ? null : inode.live.all()
  }

  replaceFile(path: string, content: Buffer): void {
    if (this.#isReal(path)) return nodeFileSystem.replaceFile(path, content)
    const temporary = `${path}.tmp`
    const file = this.open(temporary, 'create')
    file.truncate(0)
    for (let done = 0; done < content.length;) done += file.write(content, done, content.length - done, done)
    file.datasync()
    file.close()
    this.rename(temporary, path)
    this.syncFolder(dirname(path))
  }

  rename(from: string, to: string): void {
    this.#begin('rename', to)
    if (this.#isReal(from)) return nodeFileSystem.rename(from, to)
    const inode = this.#live.get(from)
    if (inode === undefined || inode === 'folder') throw errno('ENOENT', 'rename', from)
    this.#live.delete(from)
    this.#live.set(to, inode)
    this.#unsynced.push({ kind: 'rename', from, to, inode })
  }

  unlink(path: string): boolean {
    this.#begin('unlink', path)
    if (this.#isReal(path)) {
      if (!fs.existsSync(path)) return false
      if (!path.endsWith('-shm')) this.removedUnsynced.set(path, fs.readFileSync(path))
      return nodeFileSystem.unlink(path)
    }
    if (!this.#live.delete(path)) return false
    this.#unsynced.push({ kind: 'unlink', path })
    return true
  }

  diskUsage(): { total: number; used: number } {
    return { total: 2 ** 40, used: 2 ** 30 }
  }

  removeFolder(path: string): void {
    for (const each of [...this.#live.keys()]) if (`${each}/`.startsWith(`${path}/`)) this.unlink(each)
  }

  identity(path: string): string {
    return path
  }

  syncFolder(path: string): void {
    this.#begin('syncFolder', path)
    for (const removed of this.removedUnsynced.keys()) {
      if (dirname(removed) === path) this.removedUnsynced.delete(removed)
    }
    const rest: FolderOperation[] = []
    for (const operation of this.#unsynced) {
      if (dirname(operation.kind === 'rename' ? operation.to : operation.path) === path)
        applyTo(this.#durable, operation)
      else rest.push(operation)
    }
    this.#unsynced = rest
  }

  /** Flips, zeroes or replaces stored bytes behind the engine's back. */
  corrupt(path: string, position: number, bytes: Buffer): void {
    const inode = this.#live.get(path) as Inode
    inode.live.write(bytes, position)
    inode.durable.write(bytes, position)
  }

  /** Everything as the running processes see it, on a new root. What no crash has touched. */
  copy(root: string): SimulatedFileSystem {
    const copy = new SimulatedFileSystem(root)
    for (const [path, inode] of this.#live) {
      const moved = join(root, relative(this.root, path))
      const bytes = inode === 'folder' ? null : inode.live.clone()
      const twin = bytes === null ? 'folder' : { live: bytes, durable: bytes.clone(), unsynced: [] }
      copy.#live.set(moved, twin)
      copy.#durable.set(moved, twin)
    }
    return copy
  }

  /**
   * What a machine finds after its power went: each unsynced operation kept, dropped or torn.
   * @param root where the image lives; `crash-image.ts` puts the SQLite files there
   */
  crash(random: Random, root: string): SimulatedFileSystem {
    const image = new SimulatedFileSystem(root)
    const entries = new Map(this.#durable)
    for (const operation of this.#unsynced) if (random.chance(0.5)) applyTo(entries, operation)
    for (const [path, inode] of entries) {
      const moved = join(root, relative(this.root, path))
      if (dirname(path) !== dirname(this.root) && !entries.has(dirname(path)) && dirname(path) !== this.root)
        continue // its folder is gone
      if (inode === 'folder') {
        image.#live.set(moved, 'folder')
      } else {
        const bytes = inode.durable.clone()
        for (const operation of inode.unsynced) survive(bytes, operation, random)
        image.#live.set(moved, { live: bytes, durable: bytes.clone(), unsynced: [] })
      }
    }
    for (const [path, inode] of image.#live) image.#durable.set(path, inode)
    return image
  }

  #handle(inode: Inode, path: string): FileHandle {
    let isOpen = true
    return {
      read: (target, at, length, position) => inode.live.read(target, at, length, position),
      write: (source, at, length, position) => {
        const short = this.#begin('write', path)
        const taken = short && length > 1 ? Math.ceil(length / 2) : length
        const bytes = Buffer.from(source.subarray(at, at + taken))
        if (position + taken > inode.live.size)
          inode.unsynced.push({ kind: 'resize', size: position + taken })
        inode.unsynced.push({ kind: 'write', position, bytes })
        inode.live.write(bytes, position)
        return taken
      },
      truncate: (size) => {
        this.#begin('truncate', path)
        inode.unsynced.push({ kind: 'resize', size })
        inode.live.resize(size)
      },
      datasync: () => {
        this.#begin('datasync', path)
        syncInode(inode)
      },
      datasyncLater: (done) => {
        if (this.refusesToSyncLater) throw new Error('EIO: i/o error, fdatasync')
        setImmediate(() => {
          // as a thread finds it that had other things to do
          if (!isOpen) return done(new Error('EBADF: bad file descriptor, fdatasync'))
          try {
            this.#begin('datasync', path)
          } catch (error) {
            return done(error as Error)
          }
          syncInode(inode)
          done(null)
        })
      },
      close: () => {
        isOpen = false
      },
    }
  }

  /** @returns true when the write is to be short @throws the fault */
  #begin(kind: OperationKind, path: string): boolean {
    this.operations++
    this.onOperation(kind, path)
    const { fault } = this
    if (fault === null || this.operations < fault.at || this.faultsHit >= fault.times) return false
    if (fault.kinds !== undefined && !fault.kinds.includes(kind)) return false
    if (fault.code === 'SHORT' && kind !== 'write') return false
    this.faultsHit++
    if (fault.code === 'SHORT') return true
    throw errno(fault.code, kind, path)
  }

  #isReal(path: string): boolean {
    const own = join(this.root, 'pocketmq')
    return path.startsWith(own + '/') && !basename(path).startsWith('FORMAT')
  }

  #link(path: string, inode: Inode | 'folder'): void {
    this.#live.set(path, inode)
    this.#unsynced.push({ kind: 'link', path, inode })
  }
}

function newInode(): Inode {
  return { live: new SparseBytes(), durable: new SparseBytes(), unsynced: [] }
}

function syncInode(inode: Inode): void {
  for (const operation of inode.unsynced) {
    if (operation.kind === 'write') inode.durable.write(operation.bytes, operation.position)
    else inode.durable.resize(operation.size)
  }
  inode.unsynced = []
}

function applyTo(entries: Map<string, Inode | 'folder'>, operation: FolderOperation): void {
  if (operation.kind === 'link') entries.set(operation.path, operation.inode)
  else if (operation.kind === 'unlink') entries.delete(operation.path)
  else {
    entries.delete(operation.from)
    entries.set(operation.to, operation.inode)
  }
}

/** The size of a file and its data reach the disk on their own (ext4 may persist the size first: zeros). */
function survive(bytes: SparseBytes, operation: FileOperation, random: Random): void {
  const fate = random.below(3)
  if (fate === 0) return
  if (operation.kind === 'resize') return bytes.resize(operation.size)
  if (fate === 1) return bytes.write(operation.bytes, operation.position)
  const piece = random.pick([512, 4096])
  const { position } = operation
  for (let done = 0; done < operation.bytes.length;) {
    const length = Math.min(piece - ((position + done) % piece), operation.bytes.length - done)
    if (random.chance(0.5)) bytes.write(operation.bytes.subarray(done, done + length), position + done)
    done += length
  }
}

function errno(code: string, what: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: injected, ${what} '${path}'`), { code })
}

function ignore(): void {
  // nobody looks
}

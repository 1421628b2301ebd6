import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { MqError } from '../errors.ts'
import type { FileSystem } from './file-system.ts'
import type { ForeignLog } from './foreign-log.ts'
import { StoreLock } from './lock.ts'
import type { StoreIndex } from './store-index.ts'

/** Another version's cache is thrown away. */
const cacheVersion = 1
/** Enough of a record to tell it from another: its place, queue, offset and times. */
const headSize = 64

/** `log.json`: which log the index beside it was made of. */
interface Seen {
  readonly version: number
  /** Log offset up to which it was looked at, and a hash of the bytes before. */
  readonly coveredTo: number
  readonly before: string
  /** For each segment the hash of its first record. */
  readonly heads: Readonly<Record<string, string>>
  /** What RocketMQ's own index told; null: there was none. */
  readonly floors: Readonly<Record<string, number>> | null
  readonly dispatchedTo: number
  /** What the walk found; see ForeignLog. */
  readonly deleted: Readonly<Record<string, number>>
}

export interface ForeignCacheOptions {
  readonly fs: FileSystem
  readonly folder: string
  readonly foreign: ForeignLog
  readonly open: (folder: string) => StoreIndex
  readonly lockTimeoutMs: number
}

/**
 * The index of a foreign log, kept outside of its folder and checked against the log before it is believed.
 */
export class ForeignCache {
  readonly index: StoreIndex
  readonly #options: ForeignCacheOptions
  readonly #lock: StoreLock

  /**
   * Null when the cache cannot be used: nothing is lost with it but time. @throws MQ_STORE_CORRUPT for the
   * log
   */
  static open(options: ForeignCacheOptions): ForeignCache | null {
    const { fs, folder } = options
    let lock: StoreLock
    try {
      fs.mkdir(join(folder, 'index'))
      lock = new StoreLock(folder)
    } catch {
      return null
    }
    const cache = new ForeignCache(options, lock)
    try {
      if (cache.#begin()) return cache
    } catch (error) {
      cache.close()
      if (error instanceof MqError && error.code === 'MQ_STORE_CORRUPT') throw error
      return null
    }
    cache.close()
    return null
  }

  private constructor(options: ForeignCacheOptions, lock: StoreLock) {
    this.#options = options
    this.#lock = lock
    this.index = options.open(options.folder)
  }

  /** @returns false when another process holds it */
  #begin(): boolean {
    if (!this.#locked(this.#options.lockTimeoutMs)) return false
    try {
      this.#check()
      try {
        this.#cover()
      } catch (error) {
        if (error instanceof MqError && error.code === 'MQ_STORE_CORRUPT') throw error
        // another version's files, or damaged ones
        this.#dropAll()
        this.#cover()
      }
      return true
    } finally {
      this.#lock.release()
    }
  }

  /** Takes in what the log has grown by; leaves it to the other process that is at it. */
  catchUp(): void {
    if (!this.#locked(0)) return
    try {
      this.#cover()
    } finally {
      this.#lock.release()
    }
  }

  #cover(): void {
    const { fs, folder, foreign } = this.#options
    this.index.attach(foreign.lastSegment())
    this.index.detach()
    fs.replaceFile(this.#seenPath, Buffer.from(`${JSON.stringify(this.#see(this.index.coveredTo))}\n`))
    fs.syncFolder(folder)
  }

  #locked(timeoutMs: number): boolean {
    try {
      this.#lock.acquire(timeoutMs)
      return true
    } catch (error) {
      if (error instanceof MqError && error.code === 'MQ_STORE_IN_USE') return false
      throw error
    }
  }

  /** Drops what was made of another log, or before topics were deleted; and segments that are gone. */
  #check(): void {
    const { foreign } = this.#options
    const { log } = foreign
    const seen = this.#read()
    if (seen === null || !this.#isSame(seen) || !this.#hasSameTopics(seen)) return this.#dropAll()
    for (const [topic, gone] of Object.entries(seen.deleted)) foreign.deleted.set(topic, gone)
    const gone = Object.keys(seen.heads)
      .map(Number)
      .filter((base) => base < log.minOffset)
    if (gone.length === 0) return
    this.index.attach(seen.coveredTo)
    for (const base of gone) this.index.dropSegment(base)
    this.index.detach()
  }

  #dropAll(): void {
    this.#options.foreign.deleted.clear()
    this.index.dropAll()
  }

  /** False when messages are in the index that are not the topic's any more, or the reverse. */
  #hasSameTopics({ floors, dispatchedTo }: Seen): boolean {
    const { foreign } = this.#options
    const { log, survey } = foreign
    if (floors === null || survey === null) return floors === survey
    const begin = (floor: number): number => Math.max(floor, log.minOffset)
    const known = Object.entries(floors)
    const kept = known.every(([topic, floor]) => begin(foreign.floorOf(topic)) === begin(floor))
    return kept && [...survey.floors].every(([topic, floor]) => topic in floors || floor >= dispatchedTo)
  }

  #isSame(seen: Seen): boolean {
    const { log } = this.#options.foreign
    if (seen.version !== cacheVersion) return false
    const present = log.segments.filter(({ base }) => base < seen.coveredTo)
    // all it was made of is gone
    if (present.length === 0) return false
    return (
      present.every(({ base }) => seen.heads[base] === this.#hash(base)) &&
      seen.before === this.#hash(seen.coveredTo - headSize)
    )
  }

  #see(coveredTo: number): Seen {
    const { foreign } = this.#options
    const { log, survey } = foreign
    const present = log.segments.filter(({ base }) => base < coveredTo)
    return {
      version: cacheVersion,
      coveredTo,
      before: this.#hash(coveredTo - headSize),
      heads: Object.fromEntries(present.map(({ base }) => [base, this.#hash(base)])),
      floors: survey === null ? null : Object.fromEntries(survey.floors),
      dispatchedTo: survey?.dispatchedTo ?? 0,
      deleted: Object.fromEntries(foreign.deleted),
    }
  }

  #hash(offset: number): string {
    const bytes = this.#options.foreign.log.readSpan(Math.max(0, offset), headSize)
    return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
  }

  #read(): Seen | null {
    try {
      return JSON.parse(this.#options.fs.readFile(this.#seenPath)?.toString('utf8') ?? '') as Seen
    } catch {
      return null
    }
  }

  get #seenPath(): string {
    return join(this.#options.folder, 'log.json')
  }

  close(): void {
    this.index.close()
    this.#lock.close()
  }
}

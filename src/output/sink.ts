import { write as writeLater, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const flushAt = 64 * 1024
/** Where what is written meanwhile is more: both threads seldom wait for each other. */
const passAt = 256 * 1024
/** How long to leave a full pipe alone before trying again. */
const fullPipeMs = 1
/** What a piece of text is measured for, before it is copied; a larger buffer is not kept. */
const [measuredFrom, keptMax] = [256 * 1024, 1024 * 1024]

/** The reader of our output went away: the end of the work, and no failure. */
export class ClosedPipeError extends Error {}

type WriteLater = (bytes: Buffer, done: (error: Error | null, written: number) => void) => void

/**
 * Buffered output to a file descriptor. Not process.stdout: that one tells of a closed pipe in an event,
 * after the next items were made, and its errors are swallowed by oclif (EPIPE), so `| head -1` would never
 * end.
 */
export class Sink {
  readonly #write: (bytes: Buffer) => number
  readonly #writeLater: WriteLater | null
  #buffer = Buffer.alloc(0)
  #size = 0
  /** Was written out. */
  #spare = this.#buffer
  #idle: NodeJS.Immediate | null = null
  #failure: Error | null = null
  /** Much was written. */
  #hasPassed = false
  /** Never rejects. */
  #writing: Promise<void> | null = null

  /**
   * @param write takes bytes, returns how many it took, and throws what node:fs throws
   * @param later the same, called where much is written: the next bytes are made meanwhile
   */
  constructor(write: (bytes: Buffer) => number, later: WriteLater | null = null) {
    this.#write = write
    this.#writeLater = later
  }

  /**
   * @param isFile much goes on another thread: the kernel's copy of it is a sixth of what a message out costs
   * (bench/folder.ts). A pipe would keep that thread for as long as it is full.
   */
  static ofDescriptor(descriptor: number, isFile: boolean): Sink {
    const write = (bytes: Buffer): number => writeSync(descriptor, bytes)
    return new Sink(write, isFile ? (bytes, done) => writeLater(descriptor, bytes, done) : null)
  }

  /**
   * Takes a copy. Room is left when this returns null; else wait for it before the next write.
   * @throws what a write before has met
   */
  write(piece: string | Buffer): Promise<void> | null {
    if (this.#failure !== null) throw this.#failure
    this.#append(piece)
    const later = this.#writeLater
    if (later === null ? this.#size >= flushAt : this.#size >= passAt)
      return later === null ? this.flush() : this.#pass(later)
    // what an endless stream wrote last must not wait for more
    this.#idle ??= setImmediate(() => {
      const written = later !== null && this.#hasPassed ? this.#passNext(later) : this.flush()
      written.catch((error: unknown) => (this.#failure = error as Error))
    })
    return null
  }

  #append(piece: string | Buffer): void {
    const text = typeof piece === 'string'
    const most = !text
      ? piece.length
      : piece.length < measuredFrom
        ? piece.length * 3
        : Buffer.byteLength(piece)
    if (this.#size + most > this.#buffer.length) this.#grow(most)
    this.#size += text ? this.#buffer.write(piece, this.#size) : piece.copy(this.#buffer, this.#size)
  }

  #grow(by: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#size + by, 2 * this.#buffer.length))
    this.#buffer.copy(larger, 0, 0, this.#size)
    this.#buffer = larger
  }

  /** Has what is there written, and waits only for what was before. */
  #pass(later: WriteLater): Promise<void> | null {
    this.#hasPassed = true
    if (this.#writing !== null) return this.#passNext(later)
    void this.#begin((bytes) => writtenLater(later, bytes))
    return null
  }

  async #passNext(later: WriteLater): Promise<void> {
    while (this.#writing !== null) await this.#writing
    if (this.#failure !== null) throw this.#failure
    if (this.#size > 0) void this.#begin((bytes) => writtenLater(later, bytes))
  }

  /** @throws ClosedPipeError, or why something could not be written before */
  async flush(): Promise<void> {
    while (this.#writing !== null) await this.#writing
    if (this.#size > 0 && this.#failure === null) await this.#begin(this.#write)
    if (this.#failure !== null) throw this.#failure
  }

  #begin(write: (bytes: Buffer) => number | Promise<number>): Promise<void> {
    if (this.#idle !== null) clearImmediate(this.#idle)
    this.#idle = null
    const [buffer, size] = [this.#buffer, this.#size]
    this.#buffer = this.#spare
    this.#size = 0
    return (this.#writing = drained(buffer.subarray(0, size), write)
      .catch((error: unknown) => {
        this.#failure = error as Error
      })
      .finally(() => {
        this.#spare = buffer.length <= keptMax ? buffer : Buffer.alloc(0)
        this.#writing = null
      }))
  }
}

async function drained(bytes: Buffer, write: (bytes: Buffer) => number | Promise<number>): Promise<void> {
  let at = 0
  while (at < bytes.length) {
    try {
      const written = write(bytes.subarray(at))
      at += typeof written === 'number' ? written : await written
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EPIPE') throw new ClosedPipeError('the reader closed the pipe')
      if (code !== 'EAGAIN') throw error
      await sleep(fullPipeMs)
    }
  }
}

function writtenLater(later: WriteLater, bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    later(bytes, (error, written) => (error === null ? resolve(written) : reject(error)))
  })
}

import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const flushAt = 64 * 1024
/** How long to leave a full pipe alone before trying again. */
const fullPipeMs = 1

/** The reader of our output went away: the end of the work, and no failure. */
export class ClosedPipeError extends Error {}

/**
 * Buffered output to a file descriptor. Not process.stdout: that one tells of a closed pipe in an event,
 * after the next items were made, and its errors are swallowed by oclif (EPIPE), so `| head -1` would never
 * end.
 */
export class Sink {
  readonly #write: (bytes: Buffer) => number
  #parts: Buffer[] = []
  #size = 0
  #idle: NodeJS.Immediate | null = null
  #failure: Error | null = null
  #flushing: Promise<void> | null = null

  /** `write` takes bytes, returns how many it took, and throws what node:fs throws. */
  constructor(write: (bytes: Buffer) => number) {
    this.#write = write
  }

  static ofDescriptor(descriptor: number): Sink {
    return new Sink((bytes) => writeSync(descriptor, bytes))
  }

  /** Room is left when this returns null; else wait for it before the next write. */
  write(piece: string | Buffer): Promise<void> | null {
    if (this.#failure !== null) throw this.#failure
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
    this.#parts.push(bytes)
    this.#size += bytes.length
    if (this.#size >= flushAt) return this.flush()
    // what an endless stream wrote last must not wait for more
    this.#idle ??= setImmediate(() => {
      this.flush().catch((error: unknown) => (this.#failure = error as Error))
    })
    return null
  }

  /** @throws ClosedPipeError, or why something could not be written since the last time it was asked */
  async flush(): Promise<void> {
    if (this.#idle !== null) clearImmediate(this.#idle)
    this.#idle = null
    while (this.#flushing !== null) await this.#flushing
    if (this.#failure !== null) throw this.#failure
    if (this.#size === 0) return
    const bytes = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts)
    this.#parts = []
    this.#size = 0
    this.#flushing = this.#drain(bytes).finally(() => (this.#flushing = null))
    await this.#flushing
  }

  async #drain(bytes: Buffer): Promise<void> {
    let at = 0
    while (at < bytes.length) {
      try {
        at += this.#write(bytes.subarray(at))
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === 'EPIPE') throw new ClosedPipeError('the reader closed the pipe')
        if (code !== 'EAGAIN') throw error
        await sleep(fullPipeMs)
      }
    }
  }
}

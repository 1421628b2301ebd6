/**
 * What was last written to the log, in memory: consumers that keep up ask for each record as soon as it is
 * there, and a call to the kernel for each would be a tenth of what a message costs a server
 * (bench/broker.ts, `live`).
 */
export class RecentLog {
  readonly #ring: Buffer
  /** Log offsets of what the ring holds. */
  #from = 0
  #to = 0

  constructor(size: number) {
    this.#ring = Buffer.allocUnsafeSlow(size)
  }

  /** What was written at a log offset; what does not follow on the last begins anew. */
  put(bytes: Buffer, offset: number): void {
    const { length: size } = this.#ring
    if (offset !== this.#to) this.#from = offset
    this.#to = offset + bytes.length
    this.#from = Math.max(this.#from, this.#to - size)
    // of what is longer than the ring its end
    const kept = bytes.subarray(Math.max(0, bytes.length - size))
    const at = (this.#to - kept.length) % size
    const first = Math.min(kept.length, size - at)
    kept.copy(this.#ring, at, 0, first)
    kept.copy(this.#ring, 0, first)
  }

  /** Fills `target` from a log offset on. @returns false: not all of it is here, and nothing was copied */
  copy(target: Buffer, offset: number): boolean {
    const { length } = target
    if (offset < this.#from || offset + length > this.#to) return false
    const { length: size } = this.#ring
    const start = offset % size
    const first = Math.min(length, size - start)
    this.#ring.copy(target, 0, start, start + first)
    if (first < length) this.#ring.copy(target, first, 0, length - first)
    return true
  }

  forget(): void {
    this.#from = this.#to = 0
  }
}

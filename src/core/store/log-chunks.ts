import { RecentLog } from './recent-log.ts'

/** Kept of what was written, once somebody reads that near the end: a tenth of a second of sends. */
const recentSize = 1024 * 1024
/** What is read of the log at once when many ask for single records that lie near each other. */
const chunkSize = 64 * 1024
/** 16 MiB: what a consumer of 1,024 queues reads in turn, 32 messages of each. */
const chunksMax = 256
/** Records of a chunk that are read one by one before all of it is read: that costs as much as eight. */
const askedMin = 4
/** Chunks of which it is known how often they were asked for. */
const countedMax = 8192

/** Reads into a buffer from a log offset. @returns bytes read */
export type ReadLog = (target: Buffer, at: number, length: number, offset: number) => number

/**
 * Parts of the log that were lately read, each kept as long as it is asked for. Records of one queue lie far
 * apart where producers take their queues in turn, and each takes a call of its own to read: 1.6 µs of the
 * 3.7 that a message costs a server whose consumer reads 1,024 queues; the next records of the other queues
 * lie right beside it. What has been written never changes, so nothing here grows old.
 */
export class LogChunks {
  readonly #read: ReadLog
  readonly #chunks: Buffer[] = []
  /** Number of the chunk in each place; −1: none. */
  readonly #numbers: number[] = []
  readonly #places = new Map<number, number>()
  /** Asked for since the hand came by. */
  readonly #used: boolean[] = []
  #hand = 0
  readonly #asked = new Map<number, number>()
  #recent: RecentLog | null = null

  constructor(read: ReadLog) {
    this.#read = read
  }

  /** The log has become longer. */
  wrote(bytes: Buffer, offset: number): void {
    this.#recent?.put(bytes, offset)
  }

  /**
   * Fills `target` with what was lately written, or lies in one chunk, if it is worth it to have that.
   * @param records how many these are: who reads several that adjoin reads on
   * @param from first offset that may be read with others, `to` the offset behind: of one file, and written
   * @returns false: nothing was copied
   */
  copy(target: Buffer, offset: number, records: number, from: number, to: number): boolean {
    if (offset >= to - recentSize) {
      this.#recent ??= new RecentLog(recentSize)
      if (this.#recent.copy(target, offset)) return true
    }
    const number = Math.floor(offset / chunkSize)
    const start = number * chunkSize
    if (start < from || start + chunkSize > to || offset + target.length > start + chunkSize) return false
    const place = this.#places.get(number) ?? this.#take(number, records)
    if (place === null) return false
    this.#used[place] = true
    this.#chunks[place]!.copy(target, 0, offset - start, offset - start + target.length)
    return true
  }

  #take(number: number, records: number): number | null {
    const asked = (this.#asked.get(number) ?? 0) + records
    if (asked < askedMin) {
      if (this.#asked.size >= countedMax) this.#asked.clear()
      this.#asked.set(number, asked)
      return null
    }
    this.#asked.delete(number)
    const place = this.#freePlace()
    const chunk = (this.#chunks[place] ??= Buffer.allocUnsafeSlow(chunkSize))
    if (this.#read(chunk, 0, chunkSize, number * chunkSize) < chunkSize) return null
    this.#numbers[place] = number
    this.#places.set(number, place)
    return place
  }

  /** Of a chunk that nobody has asked for since the hand came by last. */
  #freePlace(): number {
    if (this.#chunks.length < chunksMax) return this.#chunks.length
    while (this.#used[this.#hand]) {
      this.#used[this.#hand] = false
      this.#hand = (this.#hand + 1) % chunksMax
    }
    const place = this.#hand
    this.#hand = (this.#hand + 1) % chunksMax
    this.#places.delete(this.#numbers[place]!)
    this.#numbers[place] = -1
    return place
  }

  /** The files are others now. */
  forget(): void {
    this.#recent?.forget()
    this.#places.clear()
    this.#asked.clear()
    this.#used.fill(false)
  }
}

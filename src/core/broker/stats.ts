import type { Clock } from '../lib/clock.ts'

/** Rates are averages over these, as RocketMQ's StoreStatsService prints them. */
const windowsS = [10, 60, 600] as const
const secondsMax = 601

/** What happened in one second of the clock. */
interface Second {
  /** Epoch s. */
  readonly second: number
  puts: number
  gets: number
}

/** Counts of this process since its start; StoreStatsService. */
export class Stats {
  readonly #clock: Clock
  readonly startedAt: number
  /** Seconds in which something happened, of the last ten minutes. */
  readonly #seconds: Second[] = []
  putTotal = 0
  putBytes = 0
  getTotal = 0
  getBytes = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.startedAt = clock.now()
  }

  put(messages: number, bytes: number): void {
    this.putTotal += messages
    this.putBytes += bytes
    this.#current().puts += messages
  }

  get(messages: number, bytes: number): void {
    this.getTotal += messages
    this.getBytes += bytes
    this.#current().gets += messages
  }

  /** `10s 60s 600s` averages, as text. */
  get putTps(): string {
    return this.#rates((each) => each.puts)
  }

  get getTps(): string {
    return this.#rates((each) => each.gets)
  }

  #rates(count: (each: Second) => number): string {
    const now = this.#clock.now()
    return windowsS
      .map((window) => {
        const first = Math.floor(now / 1000) - window
        const from = Math.max(first * 1000, this.startedAt)
        const total = this.#seconds.reduce((sum, each) => sum + (each.second >= first ? count(each) : 0), 0)
        return (total / Math.max(1, (now - from) / 1000)).toFixed(1)
      })
      .join(' ')
  }

  #current(): Second {
    const second = Math.floor(this.#clock.now() / 1000)
    const last = this.#seconds.at(-1)
    // a clock that went back counts on where it was
    if (last !== undefined && second <= last.second) return last
    const next = { second, puts: 0, gets: 0 }
    this.#seconds.push(next)
    if (this.#seconds.length > secondsMax) this.#seconds.shift()
    return next
  }
}

import type { Clock } from '../lib/clock.ts'

/** Rates are averages over these, as RocketMQ's StoreStatsService prints them. */
const windowsS = [10, 60, 600] as const

interface Sample {
  readonly at: number
  readonly puts: number
  readonly gets: number
}

/** Counts of this process since its start; StoreStatsService. */
export class Stats {
  readonly #clock: Clock
  readonly startedAt: number
  readonly #samples: Sample[] = []
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
    this.#sample()
  }

  get(messages: number, bytes: number): void {
    this.getTotal += messages
    this.getBytes += bytes
    this.#sample()
  }

  /** `10s 60s 600s` averages, as text. */
  get putTps(): string {
    return this.#rates((sample) => sample.puts, this.putTotal)
  }

  get getTps(): string {
    return this.#rates((sample) => sample.gets, this.getTotal)
  }

  #rates(count: (sample: Sample) => number, total: number): string {
    const now = this.#clock.now()
    return windowsS
      .map((window) => {
        const from = Math.max(now - window * 1000, this.startedAt)
        const before = this.#samples.findLast((sample) => sample.at <= from)
        const seconds = Math.max(1, (now - from) / 1000)
        return ((total - (before === undefined ? 0 : count(before))) / seconds).toFixed(1)
      })
      .join(' ')
  }

  /** One a second at most, for ten minutes. */
  #sample(): void {
    const now = this.#clock.now()
    const last = this.#samples.at(-1)
    if (last !== undefined && now - last.at < 1000) return
    this.#samples.push({ at: now, puts: this.putTotal, gets: this.getTotal })
    if (this.#samples.length > 601) this.#samples.shift()
  }
}

/** Time as the engine sees it; tests inject their own. */
export interface Clock {
  /** Epoch ms. */
  now(): number
  /** By how much it is ahead of the machine's, ms: that was set back. Absent: it is the machine's. */
  readonly aheadMs?: number
}

export const systemClock: Clock = { now: () => Date.now() }

/** So that it is caught up with in the end, and what waits a minute waits 0.6 s longer at most. */
const speedWhenAhead = 0.99

/**
 * The machine's clock, but never back: while that is behind, because it was set back, this one runs on a
 * little slower than time does. What waits a minute waits a minute then, where by the machine's clock it
 * would wait an hour or ten years. A clock that was set forward is followed at once: a laptop that slept
 * looks the same.
 */
export class SteadyClock implements Clock {
  readonly #machine: () => number
  readonly #elapsed: () => number
  #now = -Infinity
  #at = 0

  /** @param elapsed ms since whenever, by a clock that nobody sets */
  constructor(machine: () => number = Date.now, elapsed: () => number = () => performance.now()) {
    this.#machine = machine
    this.#elapsed = elapsed
  }

  now(): number {
    const at = this.#elapsed()
    const passed = (at - this.#at) * speedWhenAhead
    this.#at = at
    this.#now = Math.max(this.#machine(), this.#now + passed)
    return Math.floor(this.#now)
  }

  get aheadMs(): number {
    return this.now() - this.#machine()
  }
}

/** Now as other machines and the people before them call it. */
export function toldTime(clock: Clock): number {
  return clock.now() - (clock.aheadMs ?? 0)
}

/** Calls later; tests inject their own. */
export interface Timers {
  /** Calls once after `ms`; the returned function takes it back. Never keeps the process alive. */
  after(ms: number, act: () => void): () => void
  /** Calls once, when what is being done is done and answered. */
  soon(act: () => void): void
}

/** Node turns longer times into 1 ms. */
const timeoutMaxMs = 0x7fffffff

export const systemTimers: Timers = {
  after(ms, act) {
    const timer = setTimeout(act, Math.min(ms, timeoutMaxMs))
    timer.unref()
    return () => clearTimeout(timer)
  },
  soon: (act) => void setImmediate(act),
}

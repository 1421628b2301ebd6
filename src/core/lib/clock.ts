/** Time as the engine sees it; tests inject their own. */
export interface Clock {
  /** Epoch ms. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }

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

import type { Producer } from '../../src/core/index.ts'

export interface Rate {
  readonly perSecond: number
  /** Of one call, ms. */
  readonly p99: number
}

/** Does something again and again for a while. */
export async function rateOf(ms: number, act: () => Promise<unknown>): Promise<Rate> {
  const times: number[] = []
  const end = performance.now() + ms
  while (performance.now() < end) {
    const at = performance.now()
    await act()
    times.push(performance.now() - at)
  }
  times.sort((a, b) => a - b)
  return { perSecond: (times.length * 1000) / ms, p99: times[Math.floor(times.length * 0.99)]! }
}

export function sendRate(producer: Producer, topic: string, ms: number): Promise<Rate> {
  return rateOf(ms, () => producer.send({ topic, body: 'x' }))
}

export function compared(before: Rate, after: Rate): string {
  const rates = `${before.perSecond.toFixed(0)} → ${after.perSecond.toFixed(0)}/s`
  return `${rates}, p99 ${before.p99.toFixed(1)} → ${after.p99.toFixed(1)} ms`
}

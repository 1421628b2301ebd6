import type { Clock } from '../lib/clock.ts'
import type { Scalars } from '../model/client-data.ts'

const bucketMs = 10_000
/** StatsItemSet: rates of the last minute, failures of the last hour. */
const [minuteBuckets, hourBuckets] = [6, 360]

interface Bucket {
  readonly number: number
  pulls: number
  pullMs: number
  pulled: number
  consumeMs: number
  ok: number
  failed: number
}

/** What a consumer did with a topic of late; ConsumerStatsManager. */
export class ConsumerStats {
  readonly #clock: Clock
  readonly #topics = new Map<string, Bucket[]>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  pulled(topic: string, messages: number, tookMs: number): void {
    const bucket = this.#bucket(topic)
    bucket.pulls++
    bucket.pullMs += tookMs
    bucket.pulled += messages
  }

  consumed(topic: string, tookMs: number, ok: boolean): void {
    const bucket = this.#bucket(topic)
    bucket.consumeMs += tookMs
    if (ok) bucket.ok++
    else bucket.failed++
  }

  #bucket(topic: string): Bucket {
    const number = Math.floor(this.#clock.now() / bucketMs)
    let buckets = this.#topics.get(topic)
    if (buckets === undefined) this.#topics.set(topic, (buckets = []))
    const last = buckets.at(-1)
    if (last?.number === number) return last
    while (buckets.length > 0 && buckets[0]!.number <= number - hourBuckets) buckets.shift()
    const bucket = { number, pulls: 0, pullMs: 0, pulled: 0, consumeMs: 0, ok: 0, failed: 0 }
    buckets.push(bucket)
    return bucket
  }

  /** ConsumeStatus: RT in ms, TPS a second. */
  of(topic: string): Scalars {
    const number = Math.floor(this.#clock.now() / bucketMs)
    const hour = (this.#topics.get(topic) ?? []).filter((each) => each.number > number - hourBuckets)
    const minute = hour.filter((each) => each.number > number - minuteBuckets)
    const sum = (buckets: readonly Bucket[], what: (bucket: Bucket) => number): number =>
      buckets.reduce((total, each) => total + what(each), 0)
    const seconds = (minuteBuckets * bucketMs) / 1000
    const average = (total: number, count: number): number => (count === 0 ? 0 : total / count)
    const [ok, failed] = [sum(minute, (each) => each.ok), sum(minute, (each) => each.failed)]
    return {
      pullRT: average(
        sum(minute, (each) => each.pullMs),
        sum(minute, (each) => each.pulls),
      ),
      pullTPS: sum(minute, (each) => each.pulled) / seconds,
      consumeRT: average(
        sum(minute, (each) => each.consumeMs),
        ok + failed,
      ),
      consumeOKTPS: ok / seconds,
      consumeFailedTPS: failed / seconds,
      consumeFailedMsgs: sum(hour, (each) => each.failed),
    }
  }
}

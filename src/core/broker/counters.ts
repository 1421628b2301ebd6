import type { Clock } from '../lib/clock.ts'
import type { BrokerStatsData, StatsItem } from '../model/stats.ts'
import type { Broker } from './broker.ts'

const bucketMs = 10_000
const windows = { statsMinute: 60_000, statsHour: 3_600_000, statsDay: 86_400_000 } as const

/** Messages groups were given in this process, by `topic@group`: BrokerStatsManager's GROUP_GET_NUMS. */
export class GetCounters {
  readonly #clock: Clock
  /** Bucket (epoch ms / 10 s) and count, in order, of the last day. */
  readonly #counts = new Map<string, [bucket: number, count: number][]>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(topic: string, group: string, count: number): void {
    const key = `${topic}@${group}`
    const bucket = Math.floor(this.#clock.now() / bucketMs)
    let counts = this.#counts.get(key)
    if (counts === undefined) this.#counts.set(key, (counts = []))
    const last = counts.at(-1)
    // a clock that went back counts on where it was
    if (last !== undefined && last[0] >= bucket) last[1] += count
    else counts.push([bucket, count])
    while (counts[0]![0] < bucket - windows.statsDay / bucketMs) counts.shift()
  }

  /** Null: nothing was ever counted. */
  of(key: string): BrokerStatsData | null {
    const counts = this.#counts.get(key)
    if (counts === undefined) return null
    const now = this.#clock.now()
    return dataOf((windowMs) => {
      const first = Math.floor((now - windowMs) / bucketMs)
      return counts.reduce((sum, [bucket, count]) => (bucket > first ? sum + count : sum), 0)
    })
  }
}

/**
 * How many messages a topic was sent: TOPIC_PUT_NUMS. Counted in the log itself, so that a folder knows it
 * with nothing running.
 */
export function putCounts(broker: Broker, topic: string): BrokerStatsData | null {
  const config = broker.topics.get(topic)
  if (config === null) return null
  const queues = Array.from({ length: Math.max(config.readQueueNums, config.writeQueueNums) }, (_, i) => i)
  const now = broker.now()
  return dataOf((windowMs) =>
    queues.reduce((sum, queueId) => {
      const { endOffset } = broker.store.extent(topic, queueId)
      return sum + endOffset - broker.offsetByTime(topic, queueId, now - windowMs, false)
    }, 0),
  )
}

function dataOf(sumOver: (windowMs: number) => number): BrokerStatsData {
  const item = (windowMs: number): StatsItem => {
    const sum = sumOver(windowMs)
    return { sum, tps: sum / (windowMs / 1000), avgpt: 0 }
  }
  return {
    statsMinute: item(windows.statsMinute),
    statsHour: item(windows.statsHour),
    statsDay: item(windows.statsDay),
  }
}

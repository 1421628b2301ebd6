/** Where messages with a delay level wait; queue id is level − 1. TopicValidator.RMQ_SYS_SCHEDULE_TOPIC */
export const scheduleTopic = 'SCHEDULE_TOPIC_XXXX'

const [s, m, h] = [1000, 60_000, 3_600_000]

/** MessageStoreConfig.messageDelayLevel: `1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h` */
const delayLevelsMs: readonly number[] = [
  ...[1, 5, 10, 30].map((n) => n * s),
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30].map((n) => n * m),
  ...[1, 2].map((n) => n * h),
]

/** Wait of a level, 1 and up, in ms; levels above the highest are taken for it. */
export function levelDelayMs(level: number): number {
  return delayLevelsMs[Math.min(level, delayLevelsMs.length) - 1]!
}

/** The level after which a message comes again that was consumed in vain: 10 s, 30 s, 1 min and so on. */
export function retryLevel(reconsumeTimes: number): number {
  return 3 + reconsumeTimes
}

/** When a message of a level, 1 and up, is due (epoch ms); levels above the highest are taken for it. */
export function deliverTime(level: number, storeTimestamp: number): number {
  return storeTimestamp + levelDelayMs(level)
}

/** Where messages with a delay level wait; queue id is level − 1. TopicValidator.RMQ_SYS_SCHEDULE_TOPIC */
export const scheduleTopic = 'SCHEDULE_TOPIC_XXXX'

/** MessageStoreConfig.messageDelayLevel */
export const delayLevelsDefault = '1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h'

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Waits of the levels from 1 up, in ms; null: no such list. ScheduleMessageService.parseDelayLevel */
export function parseDelayLevels(text: string): readonly number[] | null {
  const words = text.trim().split(/ +/)
  if (!words.every((word) => /^\d{1,9}[smhd]$/.test(word))) return null
  return words.map((word) => Number(word.slice(0, -1)) * unitMs[word.slice(-1)]!)
}

const delayLevelsMs = parseDelayLevels(delayLevelsDefault)!

/** Wait of a level, 1 and up, in ms; levels above the highest are taken for it. */
export function levelDelayMs(level: number, levelsMs = delayLevelsMs): number {
  return levelsMs[Math.min(level, levelsMs.length) - 1]!
}

/** The level after which a message comes again that was consumed in vain: 10 s, 30 s, 1 min and so on. */
export function retryLevel(reconsumeTimes: number): number {
  return 3 + reconsumeTimes
}

/** When a message of a level, 1 and up, is due (epoch ms); levels above the highest are taken for it. */
export function deliverTime(level: number, storeTimestamp: number, levelsMs = delayLevelsMs): number {
  return storeTimestamp + levelDelayMs(level, levelsMs)
}

/** Where messages wait for an exact time; TimerMessageStore.TIMER_TOPIC, queue 0. */
export const wheelTopic = 'rmq_sys_wheel_timer'

/** MessageStoreConfig.timerMaxDelaySec, in ms: three days. */
export const timerDelayMaxMs = 259_200_000

/** MessageStoreConfig.timerPrecisionMs: a slot of the wheel. */
export const timerPrecisionMs = 1000

/** What another broker has delivered: messages below the offset whose slot is before the time. */
export interface DeliveredTimers {
  /** Epoch ms. */
  readonly slotEnd: number
  readonly offsetEnd: number
}

/** Under which state.db keeps that, as JSON. */
export const deliveredTimersKey = 'deliveredTimers'

/** The slot of a time, TIMER_OUT_MS: the whole second before it. HookUtils.transformTimerMessage */
export function timerSlot(deliverAt: number): number {
  return Math.ceil(deliverAt / timerPrecisionMs) * timerPrecisionMs - timerPrecisionMs
}

/** Names a message that waits for its time, so that it can be taken back. */
export interface RecallHandle {
  readonly topic: string
  readonly brokerName: string
  /** Epoch ms: the slot and one. */
  readonly timestamp: number
  readonly uniqueKey: string
}

/** RecallMessageHandle.HandleV1 */
export function formatRecallHandle({ topic, brokerName, timestamp, uniqueKey }: RecallHandle): string {
  const text = Buffer.from(['v1', topic, brokerName, timestamp, uniqueKey].join(' ')).toString('base64url')
  // Java pads
  return text + '='.repeat((4 - (text.length % 4)) % 4)
}

/** Null for text that is none. */
export function parseRecallHandle(text: string): RecallHandle | null {
  if (!/^[\w-]+={0,2}$/.test(text)) return null
  const [version, topic, brokerName, time, uniqueKey] = Buffer.from(text, 'base64url').toString().split(' ')
  const timestamp = Number(time)
  if (version !== 'v1' || !topic || !brokerName || !uniqueKey || !Number.isSafeInteger(timestamp)) return null
  return { topic, brokerName, timestamp, uniqueKey }
}

/** TIMER_DEL_UNIQKEY: which message a delete marker is for; TimerMessageStore.buildDeleteKey */
export function recallKey(topic: string, uniqueKey: string): string {
  return `${topic}+${uniqueKey}`
}

import type { ConsumerRunningInfo, Scalars } from '../core/model/client-data.ts'
import type { MessageQueue } from '../core/model/queue.ts'

/** Members are only asked to agree once all have had the time to start. */
const startedForMs = 120_000
/** Messages that lie for longer are stuck. */
const stuckMs = 60_000

export type Infos = ReadonlyMap<string, ConsumerRunningInfo>

/** Whether all members subscribe to the same; ConsumerRunningInfo.analyzeSubscription. */
export function haveSameSubscriptions(infos: Infos, now: number): boolean {
  const [first, ...others] = [...infos.values()]
  if (first === undefined || !isPush(first)) return true
  if (now - Number(first.properties['PROP_CONSUMER_START_TIMESTAMP']) <= startedForMs) return true
  return others.every((other) => subscribed(other) === subscribed(first))
}

function subscribed({ subscriptions }: ConsumerRunningInfo): string {
  const said = subscriptions.map(({ topic, subString, expressionType, tagsSet }) =>
    JSON.stringify([topic, subString, expressionType, [...tagsSet].sort()]),
  )
  return said.sort().join('\n')
}

function isPush({ properties }: ConsumerRunningInfo): boolean {
  return properties['PROP_CONSUME_TYPE'] === 'CONSUME_PASSIVELY'
}

export interface Finding {
  readonly queue: MessageQueue
  readonly what: string
}

/** Queues in which a member is stuck; ConsumerRunningInfo.analyzeProcessQueue. */
export function stuckQueues(info: ConsumerRunningInfo, now: number): Finding[] {
  if (!isPush(info)) return []
  const inOrder = info.properties['PROP_CONSUMEORDERLY'] === 'true'
  return info.queues.flatMap(({ info: held, ...queue }) => {
    const what = inOrder ? unlocked(held, now) : blocked(held, now)
    return what === null ? [] : [{ queue, what }]
  })
}

function unlocked(held: Scalars, now: number): string | null {
  if (held['locked'] !== true) return `can't lock for a while, ${now - Number(held['lastLockTimestamp'])}ms`
  const tries = Number(held['tryUnlockTimes'])
  return held['droped'] === true && tries > 0 ? `unlock ${tries} times, still failed` : null
}

function blocked(held: Scalars, now: number): string | null {
  const ms = now - Number(held['lastConsumeTimestamp'])
  const isBlocked = ms > stuckMs && Number(held['cachedMsgCount']) > 0
  return isBlocked ? `can't consume for a while, maybe blocked, ${ms}ms` : null
}

import { MqError } from '../../errors.ts'
import { deliverTime, scheduleTopic } from '../../model/delay-level.ts'
import { formatProperties, parseProperties, Property, propertyReader } from '../../model/properties.ts'
import { timerDelayMaxMs, timerSlot, wheelTopic } from '../../model/timer.ts'

/** Where a message waits, and until when. */
export interface Deferral {
  readonly topic: string
  readonly queueId: number
  readonly properties: string
  /** Epoch ms. */
  readonly dueAt: number
  /** TIMER_OUT_MS: the message can be recalled; null: it cannot. */
  readonly slot: number | null
}

const delayLevelOf = propertyReader(Property.delayLevel)
const relativeTimes = [Property.delaySec, Property.delayMs] as const

/**
 * Whether a message has to wait, by its properties, and where: HookUtils.handleScheduleMessage. Null: it is
 * for now, because nothing says otherwise or its time is over.
 * @param aheadMs of the clock that `now` is of: a time that somebody named is so much later by it
 * @throws MQ_MESSAGE_ILLEGAL
 */
export function deferralOf(
  topic: string,
  queueId: number,
  section: string,
  now: number,
  levelsMs: readonly number[],
  aheadMs = 0,
): Deferral | null {
  const said = delayLevelOf(section)
  if (said === null && !section.includes('TIMER_')) return null
  const level = Number(said ?? 0)
  if (!Number.isInteger(level)) throw new MqError('MQ_MESSAGE_ILLEGAL', `the delay level "${said}" is none`)
  const properties = parseProperties(section)
  if (level > 0) return atLevel(topic, queueId, properties, Math.min(level, levelsMs.length), now, levelsMs)
  if (properties[Property.timerOutMs] !== undefined) return null
  const named = deliverAtOf(properties, now)
  if (named === null) return null
  const isAbsolute = relativeTimes.every((name) => properties[name] === undefined)
  // a delete marker names the slot that a message was given
  const isMarker = properties[Property.timerDeleteKey] !== undefined
  const deliverAt = isAbsolute && !isMarker ? named + aheadMs : named
  if (deliverAt > now + timerDelayMaxMs) throw tooFar(deliverAt, now)
  if (deliverAt > now) return atTime(topic, queueId, properties, deliverAt)
  if (isMarker) throw new MqError('MQ_MESSAGE_ILLEGAL', 'the time of the message to be deleted is over')
  return null
}

function atLevel(
  realTopic: string,
  realQueueId: number,
  properties: Record<string, string>,
  level: number,
  now: number,
  levelsMs: readonly number[],
): Deferral {
  for (const name of [...relativeTimes, Property.deliverMs]) Reflect.deleteProperty(properties, name)
  properties[Property.delayLevel] = String(level)
  setPlace(properties, realTopic, realQueueId)
  return {
    topic: scheduleTopic,
    queueId: level - 1,
    properties: formatProperties(properties),
    dueAt: deliverTime(level, now, levelsMs),
    slot: null,
  }
}

function atTime(
  realTopic: string,
  realQueueId: number,
  properties: Record<string, string>,
  deliverAt: number,
): Deferral {
  const slot = timerSlot(deliverAt)
  properties[Property.timerOutMs] = String(slot)
  setPlace(properties, realTopic, realQueueId)
  return { topic: wheelTopic, queueId: 0, properties: formatProperties(properties), dueAt: deliverAt, slot }
}

function setPlace(properties: Record<string, string>, realTopic: string, realQueueId: number): void {
  properties[Property.realTopic] = realTopic
  properties[Property.realQueueId] = String(realQueueId)
}

/** Epoch ms, as a message's properties say it, relative ones from `now` on. Null: they do not. */
export function deliverAtOf(properties: Readonly<Record<string, string>>, now: number): number | null {
  const [name] = [...relativeTimes, Property.deliverMs].filter((each) => properties[each] !== undefined)
  if (name === undefined) return null
  const text = properties[name]!
  const value = /^-?\d+$/.test(text) ? Number(text) : NaN
  if (!Number.isSafeInteger(value)) throw new MqError('MQ_MESSAGE_ILLEGAL', `${name} is "${text}", no time`)
  if (name === Property.deliverMs) return value
  return now + value * (name === Property.delaySec ? 1000 : 1)
}

function tooFar(deliverAt: number, now: number): MqError {
  return new MqError(
    'MQ_MESSAGE_ILLEGAL',
    `timer message illegal, the delay time should not be bigger than the max delay ${timerDelayMaxMs}ms`,
    { hint: `it would wait ${deliverAt - now} ms; three days are the most` },
  )
}

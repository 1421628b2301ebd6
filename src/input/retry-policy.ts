import { MqError } from '../core/errors.ts'
import type { GroupRetryPolicy } from '../core/model/group.ts'

/** RocketMQ's GroupRetryPolicy as a user writes it. @throws MQ_INPUT */
export function readRetryPolicy(value: unknown): GroupRetryPolicy {
  const { type, exponentialRetryPolicy, customizedRetryPolicy } = objectOf(value)
  if (type === 'EXPONENTIAL') {
    // ExponentialRetryPolicy's defaults
    const { initial = 5000, max = 7_200_000, multiplier = 2 } = objectOf(exponentialRetryPolicy ?? {})
    const policy = { initial: time(initial), max: time(max), multiplier: time(multiplier) }
    return { type, exponentialRetryPolicy: policy, customizedRetryPolicy: null }
  }
  if (type !== 'CUSTOMIZED') throw fault('its "type" is CUSTOMIZED or EXPONENTIAL')
  if (customizedRetryPolicy === undefined || customizedRetryPolicy === null)
    return { type, exponentialRetryPolicy: null, customizedRetryPolicy: null }
  const { next } = objectOf(customizedRetryPolicy)
  if (!Array.isArray(next) || next.length === 0) throw fault('"customizedRetryPolicy.next" is a list of ms')
  return { type, exponentialRetryPolicy: null, customizedRetryPolicy: { next: next.map(time) } }
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw fault('it and its policies are objects')
}

function time(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value
  throw fault(`${JSON.stringify(value)} is no whole number above 0`)
}

function fault(what: string): MqError {
  return new MqError('MQ_INPUT', `no retry policy: ${what}`, {
    hint: 'write {"type":"CUSTOMIZED","customizedRetryPolicy":{"next":[1000,5000,10000]}}',
  })
}

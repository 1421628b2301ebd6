import { MqError } from '../errors.ts'

interface AttributeRow {
  /** Fixed once the topic exists. */
  readonly fixed: boolean
  readonly values: readonly string[] | 'number' | 'text'
}

type AttributeTable = Readonly<Record<string, AttributeRow>>

/** TopicAttributes.ALL of 5.5.0. MIXED is refused unless enableMixedMessageType (default false). */
export const topicAttributes: AttributeTable = {
  'queue.type': { fixed: true, values: ['SimpleCQ', 'BatchCQ'] },
  'cleanup.policy': { fixed: true, values: ['DELETE', 'COMPACTION'] },
  'message.type': {
    fixed: false,
    values: ['UNSPECIFIED', 'NORMAL', 'FIFO', 'DELAY', 'TRANSACTION', 'MIXED'],
  },
  'reserve.time': { fixed: false, values: 'number' },
}

/** SubscriptionGroupAttributes.ALL of 5.5.0; those of lite topics are kept for brokers that know them. */
export const groupAttributes: AttributeTable = {
  'priority.factor': { fixed: false, values: 'number' },
  'lite.bind.topic': { fixed: false, values: 'text' },
  'lite.sub.model': { fixed: false, values: ['Shared', 'Exclusive'] },
  'lite.sub.reset.offset.exclusive': { fixed: false, values: ['true', 'false'] },
  'lite.sub.reset.offset.unsubscribe': { fixed: false, values: ['true', 'false'] },
  'lite.sub.client.quota': { fixed: false, values: 'number' },
  'lite.sub.client.max.event.cnt': { fixed: false, values: 'number' },
}

/**
 * Attributes after an update, AttributeUtil.alterCurrentAttributes: `+key` sets, `-key` removes.
 * @param before null: the topic or group is being made
 * @throws MQ_FAILED with RocketMQ's words
 */
export function attributesAfter(
  attributes: AttributeTable,
  before: Readonly<Record<string, string>> | null,
  change: Readonly<Record<string, string>>,
): Record<string, string> {
  const after = { ...before }
  for (const [signed, value] of Object.entries(change)) {
    const sign = signed[0]
    const key = signed.slice(1)
    if (sign !== '+' && sign !== '-') throw new MqError('MQ_FAILED', `wrong format key: ${signed}`)
    const row = Object.hasOwn(attributes, key) ? attributes[key]! : null
    if (row === null) throw new MqError('MQ_FAILED', `unsupported key: ${key}`)
    if (row.fixed && before !== null)
      throw new MqError('MQ_FAILED', `attempt to update an unchangeable attribute. key: ${key}`)
    if (sign === '-') {
      if (before === null)
        throw new MqError('MQ_FAILED', `only add attribute is supported while creating topic. key: ${signed}`)
      if (!Object.hasOwn(after, key))
        throw new MqError('MQ_FAILED', `attempt to delete a nonexistent key: ${key}`)
      Reflect.deleteProperty(after, key)
      continue
    }
    const legal =
      row.values === 'text' || (row.values === 'number' ? /^-?\d+$/.test(value) : row.values.includes(value))
    if (!legal) throw new MqError('MQ_FAILED', `value is not in set: ${value}`)
    if (value === 'MIXED') throw new MqError('MQ_INVALID_PARAMETER', 'MIXED message type is not supported.')
    after[key] = value
  }
  return after
}

import { MqError } from '../errors.ts'
import type { Broker } from './broker.ts'

type Goal = { readonly offset: number } | { readonly timestamp: number }

/**
 * Moves a group: in one queue to an offset, else in all queues to read to a time (below 0: their ends).
 * AdminBrokerProcessor.resetOffsetInner, which lets an offset lie one behind the end: it would skip one.
 * @returns the offset of each queue @throws MQ_TOPIC_NOT_EXIST, MQ_GROUP_NOT_EXIST, MQ_FAILED
 */
export function resetOffsets(
  broker: Broker,
  group: string,
  topic: string,
  queueId: number | null,
  to: Goal,
): { readonly queueId: number; readonly offset: number }[] {
  const config = broker.topics.get(topic)
  if (config === null) throw new MqError('MQ_TOPIC_NOT_EXIST', `Topic ${topic} does not exist`)
  if (broker.groups.get(group) === null)
    throw new MqError('MQ_GROUP_NOT_EXIST', `Group ${group} does not exist`)
  const queueIds = queueId === null ? Array.from({ length: config.readQueueNums }, (_, i) => i) : [queueId]
  const moves = queueIds.map((id) => ({ queueId: id, offset: goalIn(broker, topic, id, to) }))
  const hasMembers = broker.clients.consumerGroup(group) !== null
  for (const { queueId: id, offset } of moves) {
    broker.offsets.reset(topic, group, id, offset, hasMembers)
    if (hasMembers) broker.wakePulls(topic, id)
  }
  return moves
}

/**
 * Tells the members of a group where to go on, which they then commit themselves; Broker2Client.resetOffset,
 * for useServerSideResetOffset=false. @param isForce false: a queue is only moved back
 * @returns the offset of each queue @throws MQ_TOPIC_NOT_EXIST, MQ_CONSUMER_NOT_ONLINE, MQ_FAILED
 */
export function pushOffsets(
  broker: Broker,
  group: string,
  topic: string,
  timestamp: number,
  isForce: boolean,
  asList: boolean,
): { readonly queueId: number; readonly offset: number }[] {
  const config = broker.topics.get(topic)
  if (config === null) throw new MqError('MQ_TOPIC_NOT_EXIST', `no topic in this broker. topic=${topic}`)
  const moves = Array.from({ length: config.writeQueueNums }, (_, queueId) => {
    const before = broker.offsets.get(topic, group, queueId)
    if (before === null) throw new MqError('MQ_FAILED', `The consumer group <${group}> not exist`)
    const goal = goalIn(broker, topic, queueId, { timestamp })
    return { queueId, offset: isForce || goal < before ? goal : before }
  })
  const members = broker.clients.consumers(group)
  if (members.length === 0) {
    const which = `Group: ${group} Topic: ${topic} Timestamp: ${timestamp}`
    throw new MqError('MQ_CONSUMER_NOT_ONLINE', `Consumer not online, so can not reset offset, ${which}`)
  }
  const offsets = moves.map((move) => ({ topic, brokerName: broker.brokerName, ...move }))
  for (const { channel } of members)
    broker.push.resetOffsets(channel, { group, topic, timestamp, offsets, asList })
  return moves
}

function goalIn(broker: Broker, topic: string, queueId: number, to: Goal): number {
  const { minOffset, endOffset } = broker.store.extent(topic, queueId)
  if ('timestamp' in to)
    return to.timestamp < 0 ? endOffset : broker.offsetByTime(topic, queueId, to.timestamp, false)
  if (to.offset >= minOffset && to.offset <= endOffset) return to.offset
  throw new MqError(
    'MQ_FAILED',
    `Target offset ${to.offset} not in consume queue range [${minOffset}-${endOffset}]`,
  )
}

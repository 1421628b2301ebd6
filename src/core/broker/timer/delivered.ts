import { parseProperties, Property } from '../../model/properties.ts'
import { readRecord } from '../../model/record.ts'
import type { AppendRequest } from '../../store/append-batch.ts'
import { fittingSection } from '../fitting-section.ts'

/** What only tells how it waited. */
const dispensable = [
  Property.timerDequeueMs,
  Property.timerEnqueueMs,
  Property.realQueueId,
  Property.realTopic,
]

/**
 * What a message becomes whose wait is over: its properties stay as they are, and one of the wheel has its
 * times, too (measured on 5.5.0; ScheduleMessageService.messageTimeUp, TimerMessageStore.convert). Null: the
 * record does not say where it belongs.
 */
export function delivered(record: Buffer, of: 'level' | 'timer', now: number): AppendRequest | null {
  const stored = readRecord(record, 0)
  const properties = parseProperties(stored.properties.toString('utf8'))
  const topic = properties[Property.realTopic]
  const queueId = Number(properties[Property.realQueueId] ?? NaN)
  if (topic === undefined || !Number.isInteger(queueId) || queueId < 0) return null
  Reflect.deleteProperty(properties, Property.crc32)
  if (of === 'timer') {
    properties[Property.timerEnqueueMs] = String(stored.storeTimestamp)
    properties[Property.timerDequeueMs] = String(now)
  }
  return {
    topic,
    queueId,
    flag: stored.flag,
    sysFlag: stored.sysFlag,
    bornTimestamp: stored.bornTimestamp,
    bornHost: stored.bornHost,
    storeHost: stored.storeHost,
    reconsumeTimes: stored.reconsumeTimes,
    preparedTransactionOffset: stored.preparedTransactionOffset,
    body: stored.body,
    properties: fittingSection(properties, dispensable),
  }
}

import { dlqPrefix } from '../model/names.ts'
import { offsetMsgId } from '../model/ids.ts'
import { formatProperties, parseProperties, Property } from '../model/properties.ts'
import type { StoredRecord } from '../model/record.ts'
import { SysFlag } from '../model/sys-flag.ts'
import type { AppendRequest } from '../store/append-batch.ts'

/**
 * The record a message becomes that nobody could consume: AbstractSendMessageProcessor.consumerSendMsgBack.
 * Body, tags, keys and unique key stay, so does where and when it was born.
 */
export function deadLetter(record: StoredRecord, group: string, reconsumeTimes: number): AppendRequest {
  const properties = parseProperties(record.properties.toString('utf8'))
  const topic = record.topic.toString('utf8')
  const id = offsetMsgId(record.storeHost, record.physicalOffset)
  properties[Property.retryTopic] ??= topic
  properties[Property.originMessageId] ??= id
  properties[Property.dlqOriginTopic] ??= properties[Property.retryTopic]!
  properties[Property.dlqOriginMessageId] ??= properties[Property.originMessageId]!
  properties[Property.waitStoreOk] = 'false'
  for (const name of [Property.delayLevel, Property.crc32, Property.popCheckpoint])
    Reflect.deleteProperty(properties, name)
  return {
    topic: dlqPrefix + group,
    queueId: 0,
    flag: record.flag,
    sysFlag: record.sysFlag & ~SysFlag.transactionMask,
    bornTimestamp: record.bornTimestamp,
    bornHost: record.bornHost,
    storeHost: record.storeHost,
    reconsumeTimes,
    preparedTransactionOffset: 0,
    body: record.body,
    properties: formatProperties(properties),
  }
}

import type { HostBytes } from '../model/host.ts'
import { retryLevel } from '../model/delay-level.ts'
import { offsetMsgId } from '../model/ids.ts'
import { dlqPrefix, retryPrefix } from '../model/names.ts'
import { parseProperties, Property } from '../model/properties.ts'
import type { StoredRecord } from '../model/record.ts'
import { SysFlag } from '../model/sys-flag.ts'
import type { AppendRequest } from '../store/append-batch.ts'
import { fittingSection } from './fitting-section.ts'

/** CONSUMER_SEND_MSG_BACK's header. */
export interface SendBackRequest {
  readonly group: string
  /** Of the message that was consumed in vain. */
  readonly commitLogOffset: number
  /** 0: by how often it was consumed; below: it is a dead letter. */
  readonly delayLevel: number
  /** Null: the group's. */
  readonly retriesMax: number | null
  readonly storeHost: HostBytes
}

type Properties = Record<string, string>

/** What a broker has added, the least telling first. */
const dispensable = [
  Property.dlqOriginMessageId,
  Property.dlqOriginTopic,
  Property.waitStoreOk,
  Property.traceOn,
  Property.region,
  Property.cluster,
  Property.originMessageId,
  Property.retryTopic,
]

/**
 * The record by which a message comes again to the group that consumed it in vain:
 * AbstractSendMessageProcessor.consumerSendMsgBack.
 */
export function retryOf(record: StoredRecord, request: SendBackRequest): AppendRequest {
  const { group, delayLevel, storeHost } = request
  const properties = originOf(record)
  const level = delayLevel === 0 ? retryLevel(record.reconsumeTimes) : delayLevel
  properties[Property.delayLevel] = String(level)
  const topic = retryPrefix + group
  return { ...again(record, properties), topic, storeHost, reconsumeTimes: record.reconsumeTimes + 1 }
}

/** The record a message becomes that nobody could consume. */
export function deadLetter(record: StoredRecord, group: string, reconsumeTimes: number): AppendRequest {
  const properties = originOf(record)
  properties[Property.dlqOriginTopic] ??= properties[Property.retryTopic]!
  properties[Property.dlqOriginMessageId] ??= properties[Property.originMessageId]!
  for (const name of [Property.delayLevel, Property.deliverMs, Property.delayMs, Property.delaySec])
    Reflect.deleteProperty(properties, name)
  return { ...again(record, properties), topic: dlqPrefix + group, reconsumeTimes }
}

/** Its own, and where it comes from, unless it has come from there before. */
function originOf(record: StoredRecord): Properties {
  const properties = parseProperties(record.properties.toString('utf8'))
  properties[Property.retryTopic] ??= record.topic.toString('utf8')
  properties[Property.originMessageId] ??= offsetMsgId(record.storeHost, record.physicalOffset)
  properties[Property.waitStoreOk] = 'false'
  for (const name of [Property.crc32, Property.popCheckpoint]) Reflect.deleteProperty(properties, name)
  return properties
}

/** Body, tags, keys and unique key stay, so does where and when it was born. */
function again(
  record: StoredRecord,
  properties: Properties,
): Omit<AppendRequest, 'topic' | 'reconsumeTimes'> {
  return {
    queueId: 0,
    flag: record.flag,
    sysFlag: record.sysFlag & ~SysFlag.transactionMask,
    bornTimestamp: record.bornTimestamp,
    bornHost: record.bornHost,
    storeHost: record.storeHost,
    preparedTransactionOffset: 0,
    body: record.body,
    properties: fittingSection(properties, dispensable),
  }
}

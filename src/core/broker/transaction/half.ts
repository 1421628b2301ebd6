import { formatProperties, parseProperties, Property } from '../../model/properties.ts'
import { readRecord, recordSize, recordVersion, writeRecord, type StoredRecord } from '../../model/record.ts'
import { SysFlag } from '../../model/sys-flag.ts'
import { decidedTag, halfTopic, opTopic, undecidedTopic } from '../../model/transaction.ts'
import type { AppendRequest } from '../../store/append-batch.ts'
import { fittingSection } from '../fitting-section.ts'

/** MessageStoreConfig.fileReservedTime: an older half message is given up. */
const decidableMs = 72 * 3600 * 1000

/** A message that is stored, and seen by nobody until it is committed; TransactionalMessageBridge. */
export function halfOf(message: AppendRequest, now: number): AppendRequest {
  const properties = parseProperties(message.properties)
  const uniqueKey = properties[Property.uniqueKey]
  if (uniqueKey !== undefined) properties[Property.transactionId] = uniqueKey
  properties[Property.realTopic] = message.topic
  properties[Property.realQueueId] = String(message.queueId)
  return {
    ...message,
    topic: halfTopic,
    queueId: 0,
    sysFlag: message.sysFlag & ~SysFlag.transactionMask,
    properties: formatProperties(properties),
    dueAt: givenUpAt(now),
  }
}

/** When a half message is given up that nobody decides, epoch ms. */
export function givenUpAt(since: number): number {
  return since + decidableMs
}

/** The message of a committed half message. Null: the record does not say where it belongs. */
export function committed(half: StoredRecord): AppendRequest | null {
  const properties = parseProperties(half.properties.toString('utf8'))
  const topic = properties[Property.realTopic]
  const queueId = Number(properties[Property.realQueueId] ?? NaN)
  if (topic === undefined || !Number.isInteger(queueId) || queueId < 0) return null
  const gone = [
    Property.realTopic,
    Property.realQueueId,
    Property.transactionPrepared,
    Property.atomicId,
    Property.crc32,
  ]
  for (const name of gone) Reflect.deleteProperty(properties, name)
  return {
    ...partsOf(half),
    topic,
    queueId,
    sysFlag: (half.sysFlag & ~SysFlag.transactionMask) | SysFlag.commit,
    preparedTransactionOffset: half.physicalOffset,
    properties: formatProperties(properties),
  }
}

/** Says that a half message is decided, either way; TransactionalMessageServiceImpl.deletePrepareMessage */
export function decided(half: StoredRecord, uniqueKey: string, now: number): AppendRequest {
  return {
    topic: opTopic,
    queueId: 0,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: now,
    bornHost: half.storeHost,
    storeHost: half.storeHost,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body: Buffer.from(`${half.queueOffset},`),
    properties: formatProperties({ [Property.tags]: decidedTag, [Property.uniqueKey]: uniqueKey }),
  }
}

/** What becomes of a half message that nobody decides; DefaultTransactionalMessageCheckListener. */
export function undecided(half: StoredRecord): AppendRequest {
  const properties = parseProperties(half.properties.toString('utf8'))
  Reflect.deleteProperty(properties, Property.crc32)
  const place = { topic: undecidedTopic, queueId: 0, preparedTransactionOffset: 0 }
  // a record that RocketMQ wrote has no CRC of ours, and room for none
  const section = fittingSection(properties, [Property.transactionPrepared, Property.transactionId])
  return { ...partsOf(half), ...place, sysFlag: half.sysFlag, properties: section }
}

function partsOf(half: StoredRecord) {
  const { flag, bornTimestamp, bornHost, storeHost, reconsumeTimes, body } = half
  return { flag, bornTimestamp, bornHost, storeHost, reconsumeTimes, body }
}

/** The record a producer is asked about: under its own topic and queue, told how often it was asked. */
export function askedAbout(bytes: Buffer, checks: number): Buffer {
  const half = readRecord(bytes, 0)
  const properties = parseProperties(half.properties.toString('utf8'))
  const topic = Buffer.from(properties[Property.realTopic] ?? '')
  Reflect.deleteProperty(properties, Property.crc32)
  properties[Property.checkTimes] = String(checks)
  const record: StoredRecord = {
    ...half,
    version: recordVersion(topic.length),
    topic,
    queueId: Number(properties[Property.realQueueId] ?? 0),
    properties: Buffer.from(formatProperties(properties)),
  }
  const asked = Buffer.alloc(recordSize(record))
  writeRecord(asked, 0, record)
  return asked
}

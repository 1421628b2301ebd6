import { decompressOrNull } from './decompress.ts'
import { formatHost } from './host.ts'
import { offsetMsgId } from './ids.ts'
import type { Message } from './message.ts'
import { keySeparator, parseProperties, Property } from './properties.ts'
import { readRecord, recordSize, type StoredRecord } from './record.ts'
import { SysFlag } from './sys-flag.ts'

/**
 * Records as a pull answer carries them, one behind the other.
 * @throws RangeError when they do not fit the body.
 */
export function decodeMessages(records: Buffer, brokerName: string): Message[] {
  const messages: Message[] = []
  for (let at = 0; at < records.length;) {
    messages.push(decodeMessage(readRecord(records, at), brokerName))
    at += records.readInt32BE(at)
  }
  return messages
}

/**
 * A record as people see it: the body decompressed, and the sysFlag bit that said so cleared, as Java's
 * client does. A body that cannot be decompressed, or only to more than 64 MiB, stays as stored and keeps the
 * bit: one such message must not hide the others.
 */
export function decodeMessage(record: StoredRecord, brokerName: string): Message {
  const properties = parseProperties(record.properties.toString('utf8'))
  const keys = properties[Property.keys]
  const id = offsetMsgId(record.storeHost, record.physicalOffset)
  const decompressed =
    record.sysFlag & SysFlag.compressed ? decompressOrNull(record.body, record.sysFlag) : null
  return {
    topic: record.topic.toString('utf8'),
    brokerName,
    queueId: record.queueId,
    queueOffset: record.queueOffset,
    commitLogOffset: record.physicalOffset,
    msgId: properties[Property.uniqueKey] ?? id,
    offsetMsgId: id,
    tag: properties[Property.tags] ?? null,
    keys: keys === undefined ? [] : keys.split(keySeparator).filter((key) => key !== ''),
    properties,
    bornTimestamp: record.bornTimestamp,
    storeTimestamp: record.storeTimestamp,
    bornHost: formatHost(record.bornHost),
    storeHost: formatHost(record.storeHost),
    reconsumeTimes: record.reconsumeTimes,
    sysFlag: decompressed === null ? record.sysFlag : record.sysFlag & ~SysFlag.compressed,
    flag: record.flag,
    bodyCrc: record.bodyCrc,
    storeSize: recordSize(record),
    preparedTransactionOffset: record.preparedTransactionOffset,
    body: decompressed ?? record.body,
  }
}

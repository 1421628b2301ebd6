import { javaHash } from '../lib/hash.ts'
import { dedupIndexKey } from '../model/dedup.ts'
import { deliverTime, scheduleTopic } from '../model/delay-level.ts'
import { keysOf, keySeparator, Property, propertyReader, tagOf, uniqueKeyOf } from '../model/properties.ts'
import { recordPlaces } from '../model/record.ts'
import { SysFlag } from '../model/sys-flag.ts'
import type { DispatchedRecord } from './index-rows.ts'

/**
 * What the index keeps of a record, or null for one without place in a queue: prepared and rolled-back
 * transaction records (CommitLog's DispatchRequest and CommitLogDispatcherBuildConsumeQueue).
 */
export function dispatchedRecord(
  source: Buffer,
  at: number,
  physicalOffset: number,
): DispatchedRecord | null {
  const places = recordPlaces(source, at)
  return dispatchOf(
    topicAt(source, places.topicAt, places.topicEnd),
    places.queueId,
    places.queueOffset,
    physicalOffset,
    places.end - at,
    places.sysFlag,
    source.toString('utf8', places.propertiesAt, places.end),
    places.storeTimestamp,
  )
}

let lastTopic = { bytes: Buffer.alloc(0), name: '' }

/** Neighbours mostly have one topic: its text is made once. */
function topicAt(source: Buffer, at: number, end: number): string {
  if (source.compare(lastTopic.bytes, 0, lastTopic.bytes.length, at, end) !== 0) {
    lastTopic = { bytes: Buffer.from(source.subarray(at, end)), name: source.toString('utf8', at, end) }
  }
  return lastTopic.name
}

/** The same of a record whose parts are at hand. */
export function dispatchOf(
  topic: string,
  queueId: number,
  queueOffset: number,
  physicalOffset: number,
  size: number,
  sysFlag: number,
  properties: string,
  storeTimestamp: number,
): DispatchedRecord | null {
  const transaction = sysFlag & SysFlag.transactionMask
  if (transaction === SysFlag.prepared || transaction === SysFlag.rollback) return null
  return {
    topic,
    queueId,
    queueOffset,
    physicalOffset,
    size,
    tagsCode: tagsCodeOf(topic, properties, storeTimestamp),
    keys: indexedKeys(properties),
    storeTimestamp,
  }
}

const delayLevelOf = propertyReader(Property.delayLevel)
const dedupKeyOf = propertyReader(Property.dedupKey)

/** CommitLog.checkMessageAndReturnSize */
function tagsCodeOf(topic: string, properties: string, storeTimestamp: number): number {
  if (topic === scheduleTopic) {
    const level = Number(delayLevelOf(properties) ?? 0)
    if (Number.isInteger(level) && level > 0) return deliverTime(level, storeTimestamp)
  }
  const tag = tagOf(properties)
  return tag === null ? 0 : javaHash(tag)
}

/** The unique key, then each word of KEYS: IndexService.buildIndex. */
function indexedKeys(properties: string): string[] {
  const unique = uniqueKeyOf(properties)
  const words = keysOf(properties)
  const keys = unique === null ? [] : [unique]
  const dedup = dedupKeyOf(properties)
  if (dedup !== null) keys.push(dedupIndexKey(dedup))
  if (words === null) return keys
  if (!words.includes(keySeparator)) keys.push(words)
  else for (const word of words.split(keySeparator)) if (word !== '') keys.push(word)
  return keys
}

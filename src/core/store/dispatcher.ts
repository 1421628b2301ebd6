import { javaHashIn, KeyHash } from '../lib/hash.ts'
import { dedupIndexKey } from '../model/dedup.ts'
import { deliverTime, scheduleTopic } from '../model/delay-level.ts'
import { keySeparator, Property } from '../model/properties.ts'
import { recordPlaces } from '../model/record.ts'
import { SysFlag } from '../model/sys-flag.ts'
import type { DispatchedRecord } from './index-rows.ts'

/**
 * What the index keeps of a record, or null for one without place in a queue (CommitLog's DispatchRequest).
 */
export function dispatchedRecord(
  source: Buffer,
  at: number,
  physicalOffset: number,
): DispatchedRecord | null {
  const places = recordPlaces(source, at)
  if (!isInQueue(places.sysFlag)) return null
  const { queueId, queueOffset, storeTimestamp, end } = places
  const topic = topicAt(source, places.topicAt, places.topicEnd)
  const properties = source.toString('utf8', places.propertiesAt, end)
  const keyHashes: number[] = []
  const tagsCode = indexedProperties(topic, properties, storeTimestamp, (hash) => keyHashes.push(hash))
  return { topic, queueId, queueOffset, physicalOffset, size: end - at, tagsCode, keyHashes, storeTimestamp }
}

let lastTopic = { bytes: Buffer.alloc(0), name: '' }

/** Neighbours mostly have one topic: its text is made once. */
function topicAt(source: Buffer, at: number, end: number): string {
  if (source.compare(lastTopic.bytes, 0, lastTopic.bytes.length, at, end) !== 0) {
    lastTopic = { bytes: Buffer.from(source.subarray(at, end)), name: source.toString('utf8', at, end) }
  }
  return lastTopic.name
}

/**
 * Whether a record has a place in a queue: prepared and rolled-back transaction records have none
 * (CommitLogDispatcherBuildConsumeQueue).
 */
export function isInQueue(sysFlag: number): boolean {
  const transaction = sysFlag & SysFlag.transactionMask
  return transaction !== SysFlag.prepared && transaction !== SysFlag.rollback
}

/**
 * Where values lie in a property section that the index is interested in; an end of 0: it has none. All are
 * found with one look at the section: it is read for each message.
 */
class IndexedValues {
  uniqueAt = 0
  uniqueEnd = 0
  keysAt = 0
  keysEnd = 0
  tagsAt = 0
  tagsEnd = 0
  dedupAt = 0
  dedupEnd = 0
  delayAt = 0
  delayEnd = 0

  /** Of pairs with one name the last that has a value counts; parseProperties. */
  find(section: string): void {
    this.uniqueEnd = this.keysEnd = this.tagsEnd = this.dedupEnd = this.delayEnd = 0
    const { length } = section
    for (let at = 0; at < length;) {
      const found = section.indexOf('\u0002', at)
      const end = found === -1 ? length : found
      let valueAt = at
      while (valueAt < end && section.charCodeAt(valueAt) !== 1) valueAt++
      valueAt++
      if (valueAt > at + 1 && valueAt < end) this.#note(section, at, valueAt, end)
      at = end + 1
    }
  }

  #note(section: string, nameAt: number, valueAt: number, end: number): void {
    const size = valueAt - 1 - nameAt
    if (size === 8 && section.startsWith(Property.uniqueKey, nameAt)) {
      this.uniqueAt = valueAt
      this.uniqueEnd = end
    } else if (size === 4 && section.startsWith(Property.keys, nameAt)) {
      this.keysAt = valueAt
      this.keysEnd = end
    } else if (size === 4 && section.startsWith(Property.tags, nameAt)) {
      this.tagsAt = valueAt
      this.tagsEnd = end
    } else if (size === 9 && section.startsWith(Property.dedupKey, nameAt)) {
      this.dedupAt = valueAt
      this.dedupEnd = end
    } else if (size === 5 && section.startsWith(Property.delayLevel, nameAt)) {
      this.delayAt = valueAt
      this.delayEnd = end
    }
  }
}

const values = new IndexedValues()

/**
 * What the index keeps of a record's properties.
 * @param addKey called for each hash of the topic and a key
 * @returns the tags code; CommitLog.checkMessageAndReturnSize
 */
export function indexedProperties(
  topic: string,
  properties: string,
  storeTimestamp: number,
  addKey: (hash: number) => void,
): number {
  values.find(properties)
  // the unique key, then each word of KEYS: IndexService.buildIndex
  const hash = hashOf(topic)
  if (values.uniqueEnd > 0) addKey(hash.of(properties, values.uniqueAt, values.uniqueEnd))
  if (values.dedupEnd > 0) addKey(hash.of(dedupIndexKey(properties.slice(values.dedupAt, values.dedupEnd))))
  for (let at = values.keysAt; at < values.keysEnd;) {
    const found = properties.indexOf(keySeparator, at)
    const end = found === -1 || found > values.keysEnd ? values.keysEnd : found
    if (end > at) addKey(hash.of(properties, at, end))
    at = end + 1
  }
  if (topic === scheduleTopic && values.delayEnd > 0) {
    const level = Number(properties.slice(values.delayAt, values.delayEnd))
    if (Number.isInteger(level) && level > 0) return deliverTime(level, storeTimestamp)
  }
  return values.tagsEnd > 0 ? javaHashIn(properties, values.tagsAt, values.tagsEnd) : 0
}

let lastHash = new KeyHash('#')

/** Neighbours mostly have one topic. */
function hashOf(topic: string): KeyHash {
  const { prefix } = lastHash
  if (prefix.length !== topic.length + 1 || !prefix.startsWith(topic)) lastHash = new KeyHash(`${topic}#`)
  return lastHash
}

/**
 * Key entries are hashes of topic and key, as in RocketMQ's IndexService.buildKey; readers compare the text.
 */
export function topicKeyHash(topic: string, key: string): number {
  return hashOf(topic).of(key)
}

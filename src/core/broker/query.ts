import { keysOf, keySeparator, uniqueKeyOf } from '../model/properties.ts'
import { readRecord, storeTimestampOf } from '../model/record.ts'
import type { MessageStore } from '../store/message-store.ts'

/**
 * Records of a topic that carry a key or unique key, newest first, stored within [begin, end] (epoch ms). The
 * index knows hashes only; here the text decides.
 */
export function queryMessages(
  store: MessageStore,
  topic: string,
  key: string,
  begin: number,
  end: number,
  countMax: number,
): Buffer[] {
  const found: Buffer[] = []
  for (const offset of store.find(topic, key)) {
    if (found.length >= countMax) break
    const bytes = store.record(offset)
    if (bytes === null) continue
    const record = readRecord(bytes, 0)
    if (record.storeTimestamp < begin || record.storeTimestamp > end) continue
    if (record.topic.toString('utf8') !== topic) continue
    if (hasKey(record.properties.toString('utf8'), key)) found.push(bytes)
  }
  return found
}

function hasKey(properties: string, key: string): boolean {
  if (uniqueKeyOf(properties) === key) return true
  return keysOf(properties)?.split(keySeparator).includes(key) ?? false
}

/**
 * First queue offset whose message was stored at or after a time; `upper`: the last one stored at or before
 * it.
 */
export function offsetByTime(
  store: MessageStore,
  topic: string,
  queueId: number,
  timestamp: number,
  upper: boolean,
): number {
  const { minOffset, endOffset } = store.extent(topic, queueId)
  let low = minOffset
  let high = endOffset
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const stored = storeTimestampAt(store, topic, queueId, middle)
    if (stored === null || (upper ? stored <= timestamp : stored < timestamp)) low = middle + 1
    else high = middle
  }
  return upper ? Math.max(minOffset, low - 1) : low
}

/** When the message at a queue offset was stored, epoch ms; null when it cannot be read. */
export function storeTimestampAt(
  store: MessageStore,
  topic: string,
  queueId: number,
  queueOffset: number,
): number | null {
  const [entry] = store.entries(topic, queueId, queueOffset, 1)
  if (entry?.queueOffset !== queueOffset) return null
  const record = store.record(entry.physicalOffset, entry.size)
  return record === null ? null : storeTimestampOf(record, 0)
}

import { keysOf, keySeparator, uniqueKeyOf } from '../model/properties.ts'
import { readRecord } from '../model/record.ts'
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

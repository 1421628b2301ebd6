import { javaHash } from '../lib/hash.ts'
import { keysOf, keySeparator, tagOf, uniqueKeyOf } from '../model/properties.ts'
import { readRecord, storeTimestampOf } from '../model/record.ts'
import type { QueueExtent } from '../store/index-db.ts'
import type { MessageStore } from '../store/message-store.ts'

export interface MessageQuery {
  readonly topic: string
  /** A key, a unique key, or a tag. */
  readonly key: string
  readonly by: 'key' | 'tag'
  /** Stored within, epoch ms. */
  readonly begin: number
  readonly end: number
  readonly countMax: number
  /** Goes on behind the message at this log offset, which an earlier answer ended with. */
  readonly behind?: number
}

/**
 * Records of a topic that carry a key, a unique key or a tag, newest first. The indexes know hashes only;
 * here the text decides. RocketMQ has an index of tags of its own, here the consume queues are one.
 */
export function queryMessages(store: MessageStore, query: MessageQuery): Buffer[] {
  const { topic, key, by, begin, end, countMax, behind = Infinity } = query
  const found: Buffer[] = []
  for (const offset of by === 'tag' ? tagged(store, topic, key) : store.find(topic, key)) {
    if (found.length >= countMax) break
    if (offset >= behind) continue
    const bytes = store.record(offset)
    if (bytes === null) continue
    const record = readRecord(bytes, 0)
    if (record.storeTimestamp < begin || record.storeTimestamp > end) continue
    if (record.topic.toString('utf8') !== topic) continue
    const properties = record.properties.toString('utf8')
    if (by === 'tag' ? tagOf(properties) === key : hasKey(properties, key)) found.push(bytes)
  }
  return found
}

function hasKey(properties: string, key: string): boolean {
  if (uniqueKeyOf(properties) === key) return true
  return keysOf(properties)?.split(keySeparator).includes(key) ?? false
}

/** Log offsets of messages that may have a tag, newest first. */
function* tagged(store: MessageStore, topic: string, tag: string): Generator<number> {
  const hash = javaHash(tag)
  const queues = store
    .extents()
    .filter((queue) => queue.topic === topic)
    .map((queue) => taggedIn(store, queue, hash))
  const heads = queues.map((queue) => queue.next())
  for (;;) {
    let newest: { at: number; offset: number } | null = null
    for (const [at, { done, value: offset }] of heads.entries())
      if (done !== true && (newest === null || offset > newest.offset)) newest = { at, offset }
    if (newest === null) return
    yield newest.offset
    heads[newest.at] = queues[newest.at]!.next()
  }
}

const entriesAtOnce = 512

function* taggedIn(
  store: MessageStore,
  { topic, queueId, minOffset, endOffset }: QueueExtent,
  hash: number,
): Generator<number, void> {
  for (let to = endOffset; to > minOffset;) {
    const from = Math.max(minOffset, to - entriesAtOnce)
    const entries = store.entries(topic, queueId, from, to - from)
    for (const { tagsCode, physicalOffset } of entries.reverse())
      if ((tagsCode | 0) === hash) yield physicalOffset
    to = from
  }
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

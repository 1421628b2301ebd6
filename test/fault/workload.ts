import { parseHost } from '../../src/core/model/host.ts'
import { readRecord } from '../../src/core/model/record.ts'
import type { AppendRequest } from '../../src/core/store/append-batch.ts'
import type { FileSystem } from '../../src/core/store/file-system.ts'
import { keepsAll, type Retention } from '../../src/core/store/retention.ts'
import { Store } from '../../src/core/store/store.ts'

const host = parseHost('127.0.0.1:9876')
const hostV6 = parseHost('[::1]:9876')

export const segmentSize = 64 * 1024

/** Time stands still unless a test moves it. */
export const clock = {
  time: 1_700_000_000_000,
  now(): number {
    return this.time
  },
}

export interface OpenOptions {
  readonly writer?: 'turn' | 'hold'
  readonly flush?: 'sync' | 'async'
  readonly segmentSize?: number
  readonly retention?: Retention
  readonly lockTimeoutMs?: number
  readonly clock?: { now(): number }
}

export function openStore(fs: FileSystem, folder: string, options: OpenOptions = {}): Store {
  // nothing expires by itself: the operation `expire` is one of those that are crashed
  const retention = keepsAll
  return new Store({
    folder,
    fs,
    clock,
    segmentSize,
    writer: 'turn',
    lockTimeoutMs: 2000,
    retention,
    ...options,
  })
}

export function request(topic: string, queueId: number, text: string, size = 0): AppendRequest {
  const v6 = text.endsWith('6')
  return {
    topic,
    queueId,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 1,
    bornHost: v6 ? hostV6 : host,
    storeHost: v6 ? hostV6 : host,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body: Buffer.from(text.padEnd(size, '.')),
    properties: `KEYS\u0001${keyOf(text)}\u0002TAGS\u0001t${text.length % 3}\u0002`,
  }
}

export function keyOf(text: string): string {
  return `k-${text.replaceAll(' ', '-')}`
}

/** Appends and commits at once. @returns the queue offset; null: it was not acknowledged */
export function send(store: Store, topic: string, queueId: number, text: string, size = 0): number | null {
  let offset: number | null = null
  try {
    store.append(request(topic, queueId, text, size), (error, result) => {
      if (error === null) offset = result!.queueOffset
    })
  } catch {
    return null
  }
  store.commit()
  return offset
}

/** All of it at once. */
export function rebuild(store: Store): void {
  const steps = store.rebuild()
  while (steps.next().done !== true);
}

export interface QueueContent {
  readonly min: number
  readonly end: number
  /** Offset to text; a damaged message is missing. */
  readonly texts: ReadonlyMap<number, string>
}

/** What a consumer is served, in the order of the queue. */
export function readQueue(store: Store, topic: string, queueId: number): QueueContent {
  const { minOffset, endOffset } = store.extent(topic, queueId)
  const texts = new Map<number, string>()
  for (let from = minOffset; ;) {
    const entries = store.entries(topic, queueId, from, 1000)
    if (entries.length === 0) break
    store.records(topic, queueId, entries).forEach((record, i) => {
      if (record !== null) texts.set(entries[i]!.queueOffset, textOf(record))
    })
    from = entries.at(-1)!.queueOffset + 1
  }
  return { min: minOffset, end: endOffset, texts }
}

export function textOf(record: Buffer): string {
  return readRecord(record, 0).body.toString('utf8').replace(/\.+$/, '')
}

/** Texts that a key leads to, as a query finds them. */
export function findTexts(store: Store, topic: string, text: string): string[] {
  return store.find(topic, keyOf(text)).flatMap((offset) => {
    const record = store.record(offset)
    if (record === null) return []
    const { topic: name } = readRecord(record, 0)
    return name.toString() === topic ? [textOf(record)] : []
  })
}

/** Everything the index answers, to compare with the index of a full scan. */
export function dumpIndex(store: Store, queues: readonly (readonly [string, number])[]): string {
  const lines = queues.map(([topic, queueId]) => {
    const extent = store.extent(topic, queueId)
    const entries = store.entries(topic, queueId, extent.minOffset, 1_000_000)
    const keys = entries.map((entry) => {
      const record = store.record(entry.physicalOffset, entry.size)
      return record === null ? null : store.find(topic, keyOf(textOf(record)))
    })
    return JSON.stringify({ extent, entries, keys })
  })
  return lines.join('\n')
}

import type { Clock } from '../../../src/core/lib/clock.ts'
import { parseHost } from '../../../src/core/model/host.ts'
import { nodeFileSystem } from '../../../src/core/store/file-system.ts'
import type { AppendResult } from '../../../src/core/store/append-batch.ts'
import { Store } from '../../../src/core/store/store.ts'

const host = parseHost('127.0.0.1:9876')
export const clock: Clock = { now: () => 1_700_000_000_000 }

export function openOwn(folder: string, segmentSize = 64 * 1024): Store {
  return new Store({ folder, fs: nodeFileSystem, clock, segmentSize, writer: 'turn', lockTimeoutMs: 2000 })
}

export function append(
  store: Store,
  topic: string,
  queueId: number,
  body: string,
  properties = '',
): Promise<AppendResult> {
  return new Promise((resolve, reject) => {
    const request = {
      topic,
      queueId,
      flag: 0,
      sysFlag: 0,
      bornTimestamp: 1,
      bornHost: host,
      storeHost: host,
      reconsumeTimes: 0,
      preparedTransactionOffset: 0,
      body: Buffer.from(body),
      properties,
    }
    store.append(request, (error, result) => (error === null ? resolve(result!) : reject(error)))
  })
}

/** Everything that the folder serves: entries of each queue with their bytes, and what keys lead to. */
export function served(folder: string, keys: readonly string[] = []): unknown {
  const store = openOwn(folder)
  try {
    const queues = store.extents().map((extent) => {
      const entries = store.entries(extent.topic, extent.queueId, 0, 100_000)
      const records = store.records(extent.topic, extent.queueId, entries)
      return { extent, entries, records: records.map((bytes) => bytes?.toString('latin1') ?? null) }
    })
    queues.sort((a, b) =>
      `${a.extent.topic}/${a.extent.queueId}` < `${b.extent.topic}/${b.extent.queueId}` ? -1 : 1,
    )
    return { queues, found: keys.map((key) => store.find('t', key)) }
  } finally {
    store.close()
  }
}

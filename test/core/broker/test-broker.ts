import { Broker } from '../../../src/core/broker/broker.ts'
import {
  silentPush,
  type ClientChannel,
  type ClientPush,
  type Timers,
} from '../../../src/core/broker/ports.ts'
import type { PullCaps } from '../../../src/core/broker/pull.ts'
import type { PutRequest } from '../../../src/core/broker/put.ts'
import type { Clock } from '../../../src/core/lib/clock.ts'
import { parseHost } from '../../../src/core/model/host.ts'
import type { TopicConfig } from '../../../src/core/model/topic.ts'
import { nodeFileSystem } from '../../../src/core/store/file-system.ts'
import type { AppendResult } from '../../../src/core/store/append-batch.ts'
import { Store, type StoreOptions } from '../../../src/core/store/store.ts'

/** Time that stands still until it is moved, and the timers that hang on it. */
export class ManualTime implements Clock, Timers {
  #now = 1_700_000_000_000
  readonly #waiting = new Set<{ readonly at: number; readonly act: () => void }>()

  now(): number {
    return this.#now
  }

  after(ms: number, act: () => void): () => void {
    const timer = { at: this.#now + ms, act }
    this.#waiting.add(timer)
    return () => this.#waiting.delete(timer)
  }

  soon(act: () => void): void {
    queueMicrotask(act)
  }

  get waiting(): number {
    return this.#waiting.size
  }

  advance(ms: number): void {
    this.#now += ms
    for (const timer of [...this.#waiting].sort((a, b) => a.at - b.at)) {
      if (timer.at <= this.#now && this.#waiting.delete(timer)) timer.act()
    }
  }
}

/** A client's connection. */
export class FakeChannel implements ClientChannel {
  readonly remoteAddress: string
  congested = false
  closed = false

  constructor(port = 1) {
    this.remoteAddress = `127.0.0.1:${port}`
  }

  close(): void {
    this.closed = true
  }
}

export const host = parseHost('127.0.0.1:9876')

export function openBroker(
  folder: string,
  time: Clock & Timers,
  pullCaps: PullCaps = { messagesMax: 32, bytesMax: 256 * 1024 },
  storeOptions: Partial<StoreOptions> = {},
  push: ClientPush = silentPush,
): Broker {
  const store = new Store({
    folder,
    fs: nodeFileSystem,
    clock: time,
    writer: 'hold',
    segmentSize: 1024 * 1024,
    ...storeOptions,
  })
  return new Broker({
    store,
    clock: time,
    timers: time,
    push,
    pullCaps,
  })
}

export function closeBroker(broker: Broker): void {
  broker.close()
  broker.store.close()
}

export function topicConfig(topicName: string, change: Partial<TopicConfig> = {}): TopicConfig {
  return {
    topicName,
    readQueueNums: 4,
    writeQueueNums: 4,
    perm: 6,
    topicFilterType: 'SINGLE_TAG',
    topicSysFlag: 0,
    order: false,
    attributes: {},
    ...change,
  }
}

export function putRequest(change: Partial<PutRequest> = {}): PutRequest {
  return {
    topic: 'T',
    defaultTopic: 'TBW102',
    defaultTopicQueueNums: 4,
    queueId: 0,
    sysFlag: 0,
    flag: 0,
    bornTimestamp: 1,
    bornHost: host,
    storeHost: host,
    properties: '',
    reconsumeTimes: 0,
    unitMode: false,
    body: Buffer.from('hello'),
    ...change,
  }
}

/** Stores a message; those who waited for it have been told when the promise is fulfilled. */
export function put(
  broker: Broker,
  change: Partial<PutRequest> = {},
): Promise<AppendResult & { queueId: number }> {
  return new Promise((resolve, reject) => {
    broker.put(putRequest(change), (error, queueId, result) =>
      setImmediate(() => (error === null ? resolve({ ...result!, queueId }) : reject(error))),
    )
  })
}

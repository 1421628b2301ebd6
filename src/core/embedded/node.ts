import { systemClock, type Clock } from '../lib/clock.ts'
import { Broker } from '../broker/broker.ts'
import { brokerHandlers } from '../broker/handlers/index.ts'
import { silentPush, systemTimers, type ClientPush, type Timers } from '../broker/ports.ts'
import { loopbackPullCaps, remotePullCaps } from '../broker/pull.ts'
import { masterId } from '../model/route.ts'
import { namesrvHandlers } from '../namesrv/handlers.ts'
import { Routes } from '../namesrv/routes.ts'
import type { Handlers } from '../remoting/handlers.ts'
import { nodeFileSystem, type FileSystem } from '../store/file-system.ts'
import { isForeign } from '../store/foreign-log.ts'
import type { MessageStore } from '../store/message-store.ts'
import { Store } from '../store/store.ts'
import { openForeignStore } from './foreign.ts'
import { kvConfigDb } from './kv-config-db.ts'

export interface NodeOptions {
  readonly folder: string
  /** 'turn' for commands, 'hold' for a server; see StoreOptions. */
  readonly writer: 'turn' | 'hold'
  readonly segmentSize?: number
  readonly fs?: FileSystem
  readonly clock?: Clock
  readonly timers?: Timers
  /** Absent: clients are told nothing unasked; the loopback has none that listen. */
  readonly push?: ClientPush
  readonly lockTimeoutMs?: number
}

/** How often a server syncs the log and flushes the index: RocketMQ's flushIntervalCommitLog. */
const flushIntervalMs = 500

/** The composition root: store, broker, name server and their handlers, over one folder. */
export class EmbeddedNode {
  readonly broker: Broker
  readonly handlers: Handlers
  readonly store: MessageStore
  #cancelFlush: () => void = () => undefined

  constructor(options: NodeOptions) {
    const { folder, writer, clock = systemClock, fs = nodeFileSystem, timers = systemTimers } = options
    const lockTimeout = options.lockTimeoutMs === undefined ? {} : { lockTimeoutMs: options.lockTimeoutMs }
    const segmentSize = options.segmentSize === undefined ? {} : { segmentSize: options.segmentSize }
    // a server writes: it is refused where the store is opened
    const foreign = writer === 'turn' && isForeign(fs, folder)
    this.store = foreign
      ? openForeignStore({ folder, fs, ...lockTimeout })
      : new Store({ folder, fs, clock, writer, ...segmentSize, ...lockTimeout })
    const pullCaps = writer === 'turn' ? loopbackPullCaps : remotePullCaps
    const exclusiveModes = writer === 'turn'
    const push = options.push ?? silentPush
    this.broker = new Broker({ store: this.store, clock, timers, push, pullCaps, exclusiveModes })
    const { broker } = this
    const routes = new Routes([
      {
        cluster: broker.clusterName,
        brokerName: broker.brokerName,
        brokerId: masterId,
        addrFor: (dialled) => dialled,
        topic: (name) => broker.topics.get(name),
        topics: () => broker.topics.all(),
      },
    ])
    this.handlers = { ...brokerHandlers(broker), ...namesrvHandlers(routes, kvConfigDb(this.store.state)) }
    if (writer === 'hold') {
      this.#flushEvery(timers)
      broker.clients.expireEvery(timers)
      broker.due.start()
      broker.transactions.start()
    }
  }

  #flushEvery(timers: Timers): void {
    this.#cancelFlush = timers.after(flushIntervalMs, () => {
      this.store.syncLater()
      this.#flushEvery(timers)
    })
  }

  close(): void {
    this.#cancelFlush()
    this.broker.close()
    this.store.close()
  }
}

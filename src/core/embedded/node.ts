import { SteadyClock, systemClock, systemTimers, type Clock, type Timers } from '../lib/clock.ts'
import { Broker } from '../broker/broker.ts'
import { brokerHandlers } from '../broker/handlers/index.ts'
import { silentPush, type ClientPush } from '../broker/ports.ts'
import { loopbackPullCaps, remotePullCaps } from '../broker/pull.ts'
import { MqError } from '../errors.ts'
import { delayLevelsDefault, parseDelayLevels } from '../model/delay-level.ts'
import { masterId } from '../model/route.ts'
import type { LocalBroker } from '../namesrv/routes.ts'
import type { Channel, Handlers } from '../remoting/handlers.ts'
import { nodeFileSystem, type FileSystem } from '../store/file-system.ts'
import { isForeign } from '../store/foreign-log.ts'
import type { MessageStore } from '../store/message-store.ts'
import type { Retention } from '../store/retention.ts'
import { Store, type StoreOptions } from '../store/store.ts'
import { addressText, type Advertised } from './advertise.ts'
import { openForeignStore } from './foreign.ts'
import { kvConfigDb } from './kv-config-db.ts'
import { NameServer } from './name-server.ts'

export interface NodeOptions {
  readonly folder: string
  /** 'turn' for commands, 'hold' for a server; see StoreOptions. */
  readonly writer: 'turn' | 'hold'
  readonly segmentSize?: number
  /** What a folder is created with, and keeps: another name for a folder that has one is an error. */
  readonly brokerName?: string
  readonly clusterName?: string
  readonly flush?: 'sync' | 'async'
  readonly retention?: Retention
  /** Default true. */
  readonly autoCreateTopics?: boolean
  /** RocketMQ's messageDelayLevel; a folder keeps the last one it was given. */
  readonly messageDelayLevel?: string
  /** How often producers are asked about open transactions; default 30 s. */
  readonly transactionCheckMs?: number
  /** Where routes send clients; absent: where the caller dialled. */
  readonly advertise?: Advertised
  /** True: brokers of other processes may register. Default false. */
  readonly takesBrokers?: boolean
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
  readonly #nameServer: NameServer
  #cancelFlush: () => void = () => undefined

  /** @throws MQ_USAGE for a folder of another broker, and what Store throws */
  constructor(options: NodeOptions) {
    const { writer, timers = systemTimers } = options
    const { clock = writer === 'hold' ? new SteadyClock() : systemClock } = options
    this.store = openStore(options, clock)
    let delayLevelsMs: readonly number[]
    try {
      checkNames(this.store, options)
      checkSegmentSize(this.store, options)
      delayLevelsMs = delayLevels(this.store, options.messageDelayLevel)
    } catch (error) {
      this.store.close()
      throw error
    }
    this.broker = new Broker({
      store: this.store,
      clock,
      timers,
      push: options.push ?? silentPush,
      pullCaps: writer === 'turn' ? loopbackPullCaps : remotePullCaps,
      exclusiveModes: writer === 'turn',
      ...(options.autoCreateTopics !== undefined && { autoCreateTopics: options.autoCreateTopics }),
      delayLevelsMs,
      ...(options.transactionCheckMs !== undefined && { transactionCheckMs: options.transactionCheckMs }),
    })
    this.#nameServer = new NameServer({
      clock,
      timers,
      kvConfig: kvConfigDb(this.store.state),
      local: localBroker(this.broker, options.advertise),
      takesBrokers: options.takesBrokers ?? false,
    })
    this.handlers = { ...brokerHandlers(this.broker), ...this.#nameServer.handlers }
    if (writer === 'hold') {
      this.#flushEvery(timers)
      this.broker.clients.expireEvery(timers)
      this.broker.due.start()
      this.broker.transactions.start()
    }
  }

  #flushEvery(timers: Timers): void {
    this.#cancelFlush = timers.after(flushIntervalMs, () => {
      this.store.syncLater()
      this.#flushEvery(timers)
    })
  }

  disconnected(channel: Channel): void {
    this.broker.disconnected(channel)
    this.#nameServer.disconnected(channel)
  }

  close(): void {
    this.#cancelFlush()
    this.#nameServer.close()
    this.broker.close()
    this.store.close()
  }
}

function openStore(options: NodeOptions, clock: Clock): MessageStore {
  const { folder, writer, fs = nodeFileSystem, lockTimeoutMs, segmentSize } = options
  const lockTimeout = lockTimeoutMs === undefined ? {} : { lockTimeoutMs }
  // a server writes: it is refused where the store is opened
  if (writer === 'turn' && isForeign(fs, folder)) return openForeignStore({ folder, fs, ...lockTimeout })
  const { brokerName, clusterName, flush, retention } = options
  const given: Partial<StoreOptions> = {
    ...(segmentSize !== undefined && { segmentSize }),
    ...(brokerName !== undefined && { brokerName }),
    ...(clusterName !== undefined && { clusterName }),
    ...(flush !== undefined && { flush }),
    ...(retention !== undefined && { retention }),
  }
  return new Store({ folder, fs, clock, writer, ...lockTimeout, ...given })
}

/** Records, routes and offsets name the broker: it cannot become another one. */
function checkNames(store: MessageStore, options: NodeOptions): void {
  const { brokerName = store.brokerName, clusterName = store.clusterName } = options
  if (brokerName === store.brokerName && clusterName === store.clusterName) return
  throw new MqError(
    'MQ_USAGE',
    `${options.folder} is that of ${store.brokerName} in ${store.clusterName}, not of ${brokerName} in ${clusterName}`,
    { hint: 'a folder keeps the names it was made with: leave them out, or choose another folder' },
  )
}

/** As a broker of RocketMQ's does: it does not start on segments of another size. */
function checkSegmentSize(
  store: MessageStore,
  { folder, segmentSize = store.segmentSize }: NodeOptions,
): void {
  if (segmentSize === store.segmentSize) return
  throw new MqError(
    'MQ_USAGE',
    `${folder} has segments of ${store.segmentSize} bytes, not of ${segmentSize}`,
    {
      hint: 'a folder keeps the size it was made with: leave it out, or choose another folder',
    },
  )
}

const delayLevelsKey = 'messageDelayLevel'

/** @throws MQ_INVALID_PARAMETER */
function delayLevels(store: MessageStore, given: string | undefined): readonly number[] {
  const text = given ?? store.state.meta(delayLevelsKey) ?? delayLevelsDefault
  const levels = parseDelayLevels(text)
  if (levels === null) {
    throw new MqError('MQ_INVALID_PARAMETER', `messageDelayLevel: "${text}" is no list of delays`, {
      hint: 'write the delays of the levels as 1s 5s 1m 2h, with blanks between',
    })
  }
  if (given !== undefined) store.state.setMeta(delayLevelsKey, given)
  return levels
}

function localBroker(broker: Broker, advertise: Advertised | undefined): LocalBroker {
  return {
    cluster: broker.clusterName,
    brokerName: broker.brokerName,
    brokerId: masterId,
    addrFor: (dialled) => {
      if (advertise === undefined) return dialled
      return addressText(advertise.host, advertise.port ?? dialled.slice(dialled.lastIndexOf(':') + 1))
    },
    topic: (name) => {
      const config = broker.topics.get(name)
      return config === null ? null : broker.settings.routed(config)
    },
    topics: () => broker.topics.all(),
    dataVersion: () => broker.topics.dataVersion(),
  }
}

import type { Clock, Timers } from '../lib/clock.ts'
import { MqError } from '../errors.ts'
import {
  masterId,
  type BrokerData,
  type BrokerTopics,
  type ClusterInfo,
  type DataVersion,
  type QueueData,
  type TopicRoute,
} from '../model/route.ts'
import { Perm, type TopicConfig } from '../model/topic.ts'

/** A broker in this process: always there, never registered. */
export interface LocalBroker {
  readonly cluster: string
  readonly brokerName: string
  readonly brokerId: number
  /** `host:port` for a caller who dialled `dialled`: it is where the caller already is, or so advertised. */
  addrFor(dialled: string): string
  topic(name: string): TopicConfig | null
  topics(): readonly TopicConfig[]
  dataVersion(): DataVersion
}

/** A registered broker's connection; identity is the object. */
export interface BrokerChannel {
  close(): void
}

/** REGISTER_BROKER, read. */
export interface Registration extends BrokerTopics {
  readonly cluster: string
  readonly brokerName: string
  readonly brokerId: number
  readonly brokerAddr: string
  readonly haServerAddr: string
  /** Null: the default. */
  readonly heartbeatTimeoutMs: number | null
  /** Null: a broker before 5.0. */
  readonly enableActingMaster: boolean | null
}

/** What a slave is told. */
export interface MasterOf {
  readonly masterAddr: string
  readonly haServerAddr: string
}

type BrokerAddress = Pick<Registration, 'cluster' | 'brokerAddr'>

interface RemoteBroker {
  readonly cluster: string
  readonly brokerName: string
  enableActingMaster: boolean
  readonly addrs: Map<number, string>
}

interface Live extends BrokerAddress {
  readonly brokerName: string
  lastSeen: number
  readonly timeoutMs: number
  readonly dataVersion: DataVersion
  readonly channel: BrokerChannel
  readonly haServerAddr: string
}

type PermChange = 'wipe' | 'add'

/** RouteInfoManager.DEFAULT_BROKER_CHANNEL_EXPIRED_TIME */
const expiryMs = 120_000
/** NamesrvConfig.scanNotActiveBrokerInterval */
const scanMs = 5000

/**
 * Where brokers and topics are, in memory: brokers say it again every 30 s; RouteInfoManager. A broker is
 * dropped when its connection goes, when it says so, and when it has been silent for two minutes.
 */
export class Routes {
  readonly #clock: Clock
  readonly #local: LocalBroker | null
  readonly #brokers = new Map<string, RemoteBroker>()
  /** Topic to broker name to queues. */
  readonly #topics = new Map<string, Map<string, QueueData>>()
  readonly #live = new Map<string, Live>()
  /** Until the local broker's topics change: what a registration with changed topics does to the others. */
  #localPerm: { readonly change: PermChange; readonly at: DataVersion } | null = null
  #cancelScan: () => void = () => undefined

  constructor(clock: Clock, local: LocalBroker | null) {
    this.#clock = clock
    this.#local = local
  }

  /**
   * @returns a slave's master, null where there is none to tell
   * @throws MQ_FAILED where a broker may not register
   */
  register(registration: Registration, channel: BrokerChannel): MasterOf | null {
    const { cluster, brokerName, brokerId, brokerAddr, dataVersion, topics } = registration
    const local = this.#local
    if (local?.brokerName === brokerName) {
      throw new MqError('MQ_FAILED', `register broker failed: ${brokerName} is this name server's own broker`)
    }
    const known = this.#brokers.get(brokerName)
    const oldAddr = known?.addrs.get(brokerId)
    if (oldAddr !== undefined && oldAddr !== brokerAddr && this.#isNewer(cluster, oldAddr, dataVersion)) {
      this.#live.delete(keyOf(registration))
      return null
    }
    // a single topic is a change: the whole must have been told before
    if (oldAddr === undefined && topics.length === 1) throw new MqError('MQ_FAILED', 'register broker failed')
    const broker = known ?? {
      cluster,
      brokerName,
      enableActingMaster: false,
      addrs: new Map<number, string>(),
    }
    this.#brokers.set(brokerName, broker)
    broker.enableActingMaster = registration.enableActingMaster ?? false
    // a slave that became master has one address, under its new id
    for (const [id, address] of broker.addrs) if (address === brokerAddr) broker.addrs.delete(id)
    broker.addrs.set(brokerId, brokerAddr)
    this.#takeTopics(registration, broker, oldAddr === undefined)
    this.#live.set(keyOf(registration), {
      cluster,
      brokerName,
      brokerAddr,
      lastSeen: this.#clock.now(),
      timeoutMs: registration.heartbeatTimeoutMs ?? expiryMs,
      dataVersion,
      channel,
      haServerAddr: registration.haServerAddr,
    })
    return brokerId === masterId ? null : this.#masterOf(broker)
  }

  #isNewer(cluster: string, brokerAddr: string, than: DataVersion): boolean {
    const live = this.#live.get(keyOf({ cluster, brokerAddr }))
    return live !== undefined && live.dataVersion.stateVersion > than.stateVersion
  }

  /** A master's topics count, and those of the first slave of a 5.x broker name. */
  #takeTopics(registration: Registration, broker: RemoteBroker, first: boolean): void {
    const { brokerId, brokerName, enableActingMaster, topics } = registration
    const standsIn =
      enableActingMaster !== null && brokerId !== masterId && brokerId === Math.min(...broker.addrs.keys())
    if (brokerId !== masterId && !standsIn) return
    const changed = first || this.isChanged(registration, registration.dataVersion)
    const permMask = standsIn && broker.enableActingMaster ? ~Perm.write : ~0
    for (const config of topics) {
      let owners = this.#topics.get(config.topicName)
      if (owners === undefined) this.#topics.set(config.topicName, (owners = new Map<string, QueueData>()))
      if (changed || !owners.has(brokerName)) {
        owners.set(brokerName, queueData(brokerName, { ...config, perm: config.perm & permMask }))
      }
    }
  }

  #masterOf({ cluster, addrs }: RemoteBroker): MasterOf | null {
    const masterAddr = addrs.get(masterId)
    if (masterAddr === undefined) return null
    const live = this.#live.get(keyOf({ cluster, brokerAddr: masterAddr }))
    return live === undefined ? null : { masterAddr, haServerAddr: live.haServerAddr }
  }

  /** Whether a broker's topics are others than those registered; true for one that is not known. */
  isChanged(address: BrokerAddress, version: DataVersion): boolean {
    const known = this.registeredVersion(address)
    return (
      known?.counter !== version.counter ||
      known.timestamp !== version.timestamp ||
      known.stateVersion !== version.stateVersion
    )
  }

  registeredVersion(address: BrokerAddress): DataVersion | null {
    return this.#live.get(keyOf(address))?.dataVersion ?? null
  }

  heartbeat(address: BrokerAddress): void {
    const live = this.#live.get(keyOf(address))
    if (live !== undefined) live.lastSeen = this.#clock.now()
  }

  /** The broker goes; with the last address of its name its topics go as well. */
  unregister(address: BrokerAddress & { readonly brokerName: string }): void {
    this.#live.delete(keyOf(address))
    const broker = this.#brokers.get(address.brokerName)
    if (broker === undefined) return
    for (const [id, brokerAddr] of broker.addrs)
      if (brokerAddr === address.brokerAddr) broker.addrs.delete(id)
    const gone = broker.addrs.size === 0
    if (gone) this.#brokers.delete(broker.brokerName)
    else if (!broker.enableActingMaster || broker.addrs.has(masterId)) return
    for (const [topic, owners] of this.#topics) {
      const queues = owners.get(broker.brokerName)
      if (queues === undefined) continue
      if (!gone) owners.set(broker.brokerName, { ...queues, perm: queues.perm & ~Perm.write })
      else if (owners.delete(broker.brokerName) && owners.size === 0) this.#topics.delete(topic)
    }
  }

  /** The connection of a broker is gone, and so is the broker: RouteInfoManager.onChannelDestroy. */
  disconnected(channel: unknown): void {
    for (const live of [...this.#live.values()]) if (live.channel === channel) this.unregister(live)
  }

  /** From now on brokers that are silent for too long are dropped. */
  expireEvery(timers: Timers): void {
    this.#cancelScan = timers.after(scanMs, () => {
      const now = this.#clock.now()
      for (const live of [...this.#live.values()]) {
        if (live.lastSeen + live.timeoutMs >= now) continue
        this.unregister(live)
        live.channel.close()
      }
      this.expireEvery(timers)
    })
  }

  close(): void {
    this.#cancelScan()
  }

  /** @returns how many topics the broker has; it may have none, or not be known */
  changePerm(brokerName: string, change: PermChange): number {
    const local = this.#local
    if (local?.brokerName === brokerName) {
      this.#localPerm = { change, at: local.dataVersion() }
      return local.topics().length
    }
    let count = 0
    for (const owners of this.#topics.values()) {
      const queues = owners.get(brokerName)
      if (queues === undefined) continue
      owners.set(brokerName, { ...queues, perm: permAfter(queues.perm, change) })
      count++
    }
    return count
  }

  /** Null for a topic that no broker has. */
  route(topic: string, dialled: string): TopicRoute | null {
    const local = this.#localQueues(topic)
    const remote = [...(this.#topics.get(topic)?.values() ?? [])]
    const queueDatas = local === null ? remote : [local, ...remote]
    const brokerDatas = queueDatas.flatMap(({ brokerName }) => this.#brokerData(brokerName, dialled) ?? [])
    return brokerDatas.length === 0 ? null : { brokerDatas, filterServerTable: {}, queueDatas }
  }

  #localQueues(topic: string): QueueData | null {
    const local = this.#local
    const config = local?.topic(topic) ?? null
    if (local === null || config === null) return null
    if (this.#localPerm?.at.counter !== local.dataVersion().counter) this.#localPerm = null
    const perm = this.#localPerm === null ? config.perm : permAfter(config.perm, this.#localPerm.change)
    return queueData(local.brokerName, { ...config, perm })
  }

  #brokerData(brokerName: string, dialled: string): BrokerData | null {
    const local = this.#local
    if (local?.brokerName === brokerName) {
      const brokerAddrs = { [local.brokerId]: local.addrFor(dialled) }
      return { brokerAddrs, brokerName, cluster: local.cluster, enableActingMaster: false }
    }
    const broker = this.#brokers.get(brokerName)
    if (broker === undefined) return null
    const { addrs, cluster, enableActingMaster } = broker
    return { brokerAddrs: Object.fromEntries(addrs), brokerName, cluster, enableActingMaster }
  }

  /** Its cluster and addresses; null for a name that nobody has. */
  members(brokerName: string, dialled: string): BrokerData | null {
    return this.#brokerData(brokerName, dialled)
  }

  clusterInfo(dialled: string): ClusterInfo {
    const names = [...(this.#local === null ? [] : [this.#local.brokerName]), ...this.#brokers.keys()]
    const brokers = names.map((name) => this.#brokerData(name, dialled)!)
    const clusters = new Map<string, string[]>()
    for (const { cluster, brokerName } of brokers) {
      const members = clusters.get(cluster)
      if (members === undefined) clusters.set(cluster, [brokerName])
      else members.push(brokerName)
    }
    return {
      brokerAddrTable: Object.fromEntries(brokers.map((broker) => [broker.brokerName, broker])),
      clusterAddrTable: Object.fromEntries(clusters),
    }
  }

  /** @param brokerNames only what these have */
  topicNames(brokerNames?: readonly string[]): string[] {
    const wanted = (name: string): boolean => brokerNames?.includes(name) ?? true
    const local = this.#local !== null && wanted(this.#local.brokerName) ? this.#local.topics() : []
    const remote = [...this.#topics].filter(([, owners]) => [...owners.keys()].some(wanted))
    return [...new Set([...local.map(({ topicName }) => topicName), ...remote.map(([topic]) => topic)])]
  }

  /**
   * Until its brokers register it again; RouteInfoManager.deleteTopic. The local broker's topics are its own.
   * @param cluster only there; null: everywhere
   */
  forgetTopic(topic: string, cluster: string | null): void {
    const owners = this.#topics.get(topic)
    if (owners === undefined) return
    for (const name of [...owners.keys()])
      if (cluster === null || this.#brokers.get(name)?.cluster === cluster) owners.delete(name)
    if (owners.size === 0) this.#topics.delete(topic)
  }
}

function keyOf({ cluster, brokerAddr }: BrokerAddress): string {
  return `${cluster}\n${brokerAddr}`
}

function permAfter(perm: number, change: PermChange): number {
  return change === 'wipe' ? perm & ~Perm.write : Perm.read | Perm.write
}

function queueData(
  brokerName: string,
  { perm, readQueueNums, topicSysFlag, writeQueueNums }: TopicConfig,
): QueueData {
  return { brokerName, perm, readQueueNums, topicSysFlag, writeQueueNums }
}

import type { Clock } from '../lib/clock.ts'
import type {
  ClientConnection,
  ConsumerConnection,
  ConsumerData,
  HeartbeatData,
  ProducerInstance,
  Subscription,
} from '../model/client-data.ts'
import type { ClientChannel, ClientPush, Timers } from './ports.ts'
import type { QueueChanges } from './queue-changes.ts'

/** BrokerConfig.channelExpiredTimeout: four heartbeats missed. */
const expiryMs = 120_000
/** ClientHousekeepingService */
const expiryScanMs = 10_000

interface Member {
  readonly connection: ClientConnection
  /** Epoch ms of its last heartbeat. */
  readonly lastSeen: number
}

interface ConsumerGroup {
  consumer: Omit<ConsumerData, 'subscriptions'>
  /** Of its last heartbeat; null before the first. */
  fingerprint: number | null
  readonly subscriptions: Map<string, Subscription>
  readonly members: Map<ClientChannel, Member>
}

/** The groups of a connection. */
interface Memberships {
  readonly producers: Set<string>
  readonly consumers: Set<string>
}

/**
 * Who is connected, by group; ConsumerManager and ProducerManager. Lives in memory: clients say it again
 * every 30 s.
 */
export class Clients {
  readonly #clock: Clock
  readonly #push: ClientPush
  readonly #queueChanges: QueueChanges
  readonly #notifies: (group: string) => boolean
  readonly #consumers = new Map<string, ConsumerGroup>()
  readonly #producers = new Map<string, Map<ClientChannel, Member>>()
  /** So that one of thousands that goes is not looked for in the groups of all the others. */
  readonly #memberships = new Map<ClientChannel, Memberships>()
  #turn = 0
  #cancelExpiry: () => void = () => undefined

  /** @param notifies a group's notifyConsumerIdsChangedEnable */
  constructor(
    clock: Clock,
    push: ClientPush,
    queueChanges: QueueChanges,
    notifies: (group: string) => boolean,
  ) {
    this.#clock = clock
    this.#push = push
    this.#queueChanges = queueChanges
    this.#notifies = notifies
  }

  /**
   * Answers whether the client should send its subscriptions again, IS_SUB_CHANGE: always without a
   * fingerprint (0); else when it is another one than the group's last, or when subscriptions were left out
   * that are not known here. ClientManageProcessor.heartBeatV2 does not look for the last: a broker started
   * anew would refuse pulls for want of a subscription until the client has a new one.
   */
  heartbeat(channel: ClientChannel, connection: ClientConnection, data: HeartbeatData): boolean {
    const member = { connection, lastSeen: this.#clock.now() }
    const own = this.#membershipsOf(channel)
    for (const name of data.producerGroups) {
      own.producers.add(name)
      let members = this.#producers.get(name)
      if (members === undefined) this.#producers.set(name, (members = new Map<ClientChannel, Member>()))
      members.set(channel, member)
    }
    let sendAgain = data.fingerprint === 0
    let told = false
    for (const { subscriptions, ...consumer } of data.consumers) {
      const group = this.#groupOf(consumer)
      if (group.fingerprint !== null && group.fingerprint !== data.fingerprint) sendAgain = true
      if (data.withoutSub && group.subscriptions.size === 0) sendAgain = true
      group.fingerprint = data.fingerprint
      own.consumers.add(consumer.groupName)
      const joined = !group.members.has(channel)
      group.members.set(channel, member)
      const changed = !data.withoutSub && updateSubscriptions(group.subscriptions, subscriptions)
      if (!this.#notifies(consumer.groupName)) continue
      if (joined || changed) this.#notify(group)
      else if (!told && this.#hasOtherQueues(group)) {
        // whatever group it is told of, it shares out the queues of all
        told = true
        this.#push.consumerIdsChanged(channel, consumer.groupName)
      }
    }
    return sendAgain
  }

  #hasOtherQueues({ subscriptions }: ConsumerGroup): boolean {
    for (const topic of subscriptions.keys()) if (this.#queueChanges.has(topic)) return true
    return false
  }

  #membershipsOf(channel: ClientChannel): Memberships {
    let own = this.#memberships.get(channel)
    if (own === undefined)
      this.#memberships.set(channel, (own = { producers: new Set(), consumers: new Set() }))
    return own
  }

  #groupOf(consumer: ConsumerGroup['consumer']): ConsumerGroup {
    let group = this.#consumers.get(consumer.groupName)
    if (group === undefined) {
      group = { consumer, fingerprint: null, subscriptions: new Map(), members: new Map() }
      this.#consumers.set(consumer.groupName, group)
    }
    group.consumer = consumer
    return group
  }

  leave(channel: ClientChannel, producerGroup: string | null, consumerGroup: string | null): void {
    const own = this.#memberships.get(channel)
    if (own === undefined) return
    if (producerGroup !== null && own.producers.delete(producerGroup))
      this.#leaveProducers(channel, producerGroup)
    if (consumerGroup !== null && own.consumers.delete(consumerGroup))
      this.#leaveConsumers(channel, consumerGroup, this.#notifies(consumerGroup))
    if (own.producers.size + own.consumers.size === 0) this.#memberships.delete(channel)
  }

  #leaveProducers(channel: ClientChannel, name: string): void {
    const members = this.#producers.get(name)!
    members.delete(channel)
    if (members.size === 0) this.#producers.delete(name)
  }

  #leaveConsumers(channel: ClientChannel, name: string, notifies: boolean): void {
    const group = this.#consumers.get(name)!
    group.members.delete(channel)
    if (group.members.size === 0) this.#consumers.delete(name)
    else if (notifies) this.#notify(group)
  }

  /** The connection is gone: it leaves everything, and that is told whatever the group's setting. */
  disconnected(channel: ClientChannel): void {
    const own = this.#memberships.get(channel)
    if (own === undefined) return
    for (const group of own.producers) this.#leaveProducers(channel, group)
    for (const group of own.consumers) this.#leaveConsumers(channel, group, true)
    this.#memberships.delete(channel)
  }

  /** Each member of a broadcasting group has all queues for itself. */
  #notify({ consumer, members }: ConsumerGroup): void {
    if (consumer.messageModel === 'BROADCASTING') return
    for (const channel of members.keys()) this.#push.consumerIdsChanged(channel, consumer.groupName)
  }

  /** From now on those without a heartbeat for two minutes are hung up on, as in RocketMQ. */
  expireEvery(timers: Timers): void {
    this.#cancelExpiry = timers.after(expiryScanMs, () => {
      this.#expire()
      this.expireEvery(timers)
    })
  }

  #expire(): void {
    const before = this.#clock.now() - expiryMs
    const expired = new Set<ClientChannel>()
    const groups = [...this.#producers.values(), ...[...this.#consumers.values()].map((each) => each.members)]
    for (const members of groups)
      for (const [channel, { lastSeen }] of members) if (lastSeen < before) expired.add(channel)
    for (const channel of expired) {
      this.disconnected(channel)
      channel.close()
    }
  }

  close(): void {
    this.#cancelExpiry()
  }

  /** A producer of a group that can be asked something, another one each time; null: none is there. */
  producerOf(group: string): ClientChannel | null {
    const channels = [...(this.#producers.get(group)?.keys() ?? [])]
    if (channels.length > 0) this.#turn++
    const inTurn = channels.map((_, i) => channels[(i + this.#turn) % channels.length]!)
    return inTurn.find(({ congested }) => !congested) ?? null
  }

  /** The connection of a client that sends; null: there is none. */
  producerNamed(clientId: string): ClientChannel | null {
    for (const members of this.#producers.values())
      for (const [channel, { connection }] of members) if (connection.clientId === clientId) return channel
    return null
  }

  /** The connections of a group's members. */
  consumers(group: string): { readonly channel: ClientChannel; readonly connection: ClientConnection }[] {
    const members = this.#consumers.get(group)?.members ?? new Map<ClientChannel, Member>()
    return [...members].map(([channel, { connection }]) => ({ channel, connection }))
  }

  /** Null when no member is connected. */
  consumerGroup(group: string): ConsumerConnection | null {
    const found = this.#consumers.get(group)
    if (found === undefined) return null
    return {
      connections: [...found.members.values()].map((member) => member.connection),
      consumeType: found.consumer.consumeType,
      messageModel: found.consumer.messageModel,
      consumeFromWhere: found.consumer.consumeFromWhere,
      subscriptions: [...found.subscriptions.values()],
    }
  }

  subscription(group: string, topic: string): Subscription | null {
    return this.#consumers.get(group)?.subscriptions.get(topic) ?? null
  }

  /** Members of a group of producers; none when nobody is connected. */
  producers(group: string): ClientConnection[] {
    return [...(this.#producers.get(group)?.values() ?? [])].map(({ connection }) => connection)
  }

  /** Every producer, by group. */
  allProducers(): ProducerInstance[] {
    return [...this.#producers].flatMap(([group, members]) =>
      [...members.values()].map(({ connection: { clientId, clientAddr, language, version }, lastSeen }) => ({
        group,
        clientId,
        remoteIP: `/${clientAddr}`,
        language,
        version,
        lastUpdateTimestamp: lastSeen,
      })),
    )
  }

  groupsOf(topic: string): string[] {
    return [...this.#consumers].filter(([, group]) => group.subscriptions.has(topic)).map(([name]) => name)
  }
}

/** True when a topic is new or gone; a newer version of a known one is no change (ConsumerGroupInfo). */
function updateSubscriptions(known: Map<string, Subscription>, named: readonly Subscription[]): boolean {
  const topics = new Set(named.map((each) => each.topic))
  let changed = false
  for (const topic of [...known.keys()]) if (!topics.has(topic)) changed = known.delete(topic)
  for (const each of named) {
    const before = known.get(each.topic)
    if (before === undefined) changed = true
    if (before === undefined || each.subVersion > before.subVersion) known.set(each.topic, each)
  }
  return changed
}

import type { Clock } from '../lib/clock.ts'
import type {
  ClientConnection,
  ConsumerConnection,
  ConsumerData,
  HeartbeatData,
  Subscription,
} from '../model/client-data.ts'
import type { ClientChannel } from './ports.ts'

interface Member {
  readonly connection: ClientConnection
  lastSeen: number
}

interface ConsumerGroup {
  consumer: Omit<ConsumerData, 'subscriptions'>
  readonly subscriptions: Map<string, Subscription>
  readonly members: Map<ClientChannel, Member>
}

/**
 * Who is connected, by group; ConsumerManager and ProducerManager. Lives in memory: clients say it again
 * every 30 s.
 */
export class Clients {
  readonly #clock: Clock
  readonly #consumers = new Map<string, ConsumerGroup>()
  readonly #producers = new Map<string, Map<ClientChannel, Member>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  heartbeat(channel: ClientChannel, connection: ClientConnection, data: HeartbeatData): void {
    const member = { connection, lastSeen: this.#clock.now() }
    for (const group of data.producerGroups) {
      let members = this.#producers.get(group)
      if (members === undefined) this.#producers.set(group, (members = new Map<ClientChannel, Member>()))
      members.set(channel, member)
    }
    for (const consumer of data.consumers) this.#addConsumer(channel, member, consumer, data.withoutSub)
  }

  #addConsumer(channel: ClientChannel, member: Member, data: ConsumerData, withoutSub: boolean): void {
    const { subscriptions, ...consumer } = data
    let group = this.#consumers.get(data.groupName)
    if (group === undefined) {
      group = { consumer, subscriptions: new Map(), members: new Map() }
      this.#consumers.set(data.groupName, group)
    }
    group.consumer = consumer
    group.members.set(channel, member)
    if (withoutSub) return
    const topics = new Set(subscriptions.map((each) => each.topic))
    for (const topic of group.subscriptions.keys()) if (!topics.has(topic)) group.subscriptions.delete(topic)
    for (const each of subscriptions) {
      const known = group.subscriptions.get(each.topic)
      if (known === undefined || each.subVersion > known.subVersion) group.subscriptions.set(each.topic, each)
    }
  }

  leave(channel: ClientChannel, producerGroup: string | null, consumerGroup: string | null): void {
    if (producerGroup !== null) this.#remove(this.#producers, producerGroup, channel)
    if (consumerGroup === null) return
    const group = this.#consumers.get(consumerGroup)
    group?.members.delete(channel)
    if (group?.members.size === 0) this.#consumers.delete(consumerGroup)
  }

  /** The connection is gone: it leaves everything. */
  disconnected(channel: ClientChannel): void {
    for (const group of [...this.#producers.keys()]) this.leave(channel, group, null)
    for (const group of [...this.#consumers.keys()]) this.leave(channel, null, group)
  }

  #remove(groups: Map<string, Map<ClientChannel, Member>>, group: string, channel: ClientChannel): void {
    const members = groups.get(group)
    members?.delete(channel)
    if (members?.size === 0) groups.delete(group)
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

  groupsOf(topic: string): string[] {
    return [...this.#consumers].filter(([, group]) => group.subscriptions.has(topic)).map(([name]) => name)
  }
}

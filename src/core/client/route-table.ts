import { MqError } from '../errors.ts'
import { systemClock, type Clock } from '../lib/clock.ts'
import { autoCreateTopic } from '../model/names.ts'
import { compareQueues, type MessageQueue } from '../model/queue.ts'
import { Perm } from '../model/topic.ts'
import { masterId, type TopicRoute } from '../model/route.ts'
import { addressOf, type NameServers } from './name-servers.ts'

/** DefaultMQProducer.defaultTopicQueueNums: queues of a topic that a first send creates. */
export const defaultTopicQueueNums = 4

/** Where a producer may send: a topic's writable queues on masters. */
export interface PublishInfo {
  readonly queues: readonly MessageQueue[]
  /** Broker name to address. */
  readonly addresses: ReadonlyMap<string, string>
  /** False: no broker has the topic yet, it will be made by the first send. */
  readonly exists: boolean
}

/** MQClientInstance asks for all routes again every 30 s (pollNameServerInterval). */
const refreshMs = 30_000

interface Known {
  readonly route: TopicRoute
  readonly publish: PublishInfo
  askedAt: number
}

/**
 * Routes as a client needs them: TopicPublishInfo and MQClientInstance.topicRouteTable. One that is used and
 * older than 30 s is asked for again while the old one serves: name servers that are all gone do not disturb.
 */
export class RouteTable {
  readonly #nameServers: NameServers
  readonly #clock: Clock
  readonly #known = new Map<string, Known>()
  /** Questions under way: many sends of one turn share the first one's. */
  readonly #asked = new Map<string, Promise<Known | null>>()

  constructor(nameServers: NameServers, clock: Clock = systemClock) {
    this.#nameServers = nameServers
    this.#clock = clock
  }

  /** Where a topic is sent to, without a promise; null: ask `publishInfo`. */
  knownPublishInfo(topic: string): PublishInfo | null {
    const known = this.#fresh(topic)
    return known === null || known.publish.queues.length === 0 ? null : known.publish
  }

  /**
   * An unknown topic has the queues of TBW102, at most `defaultTopicQueueNums`.
   * @throws MQ_TOPIC_NOT_EXIST, MQ_NO_PERMISSION
   */
  async publishInfo(topic: string): Promise<PublishInfo> {
    const known = this.#fresh(topic) ?? (await this.#ask(topic))
    const info = known === null ? await this.#templateInfo(topic) : known.publish
    if (info.queues.length === 0)
      throw new MqError('MQ_NO_PERMISSION', `topic ${topic} has no writable queue`)
    return info
  }

  #fresh(topic: string): Known | null {
    const known = this.#known.get(topic)
    if (known === undefined) return null
    const now = this.#clock.now()
    if (now - known.askedAt >= refreshMs) {
      known.askedAt = now
      // who cannot be asked now is asked again in 30 s
      this.#ask(topic).catch(() => undefined)
    }
    return known
  }

  #ask(topic: string): Promise<Known | null> {
    let asked = this.#asked.get(topic)
    if (asked === undefined) {
      asked = this.#nameServers
        .routeOrNull(topic)
        .then((route) => this.#take(topic, route))
        .finally(() => this.#asked.delete(topic))
      this.#asked.set(topic, asked)
    }
    return asked
  }

  #take(topic: string, route: TopicRoute | null): Known | null {
    if (route === null) {
      this.#known.delete(topic)
      return null
    }
    const publish = publishInfo(topic, route, Infinity, true)
    const known = { route, publish, askedAt: this.#clock.now() }
    this.#known.set(topic, known)
    return known
  }

  async #templateInfo(topic: string): Promise<PublishInfo> {
    const template = await this.#nameServers.routeOrNull(autoCreateTopic)
    if (template === null)
      throw new MqError('MQ_TOPIC_NOT_EXIST', `no such topic: ${topic}, and no broker creates topics`)
    return publishInfo(topic, template, defaultTopicQueueNums, false)
  }

  /** Readable queues in RocketMQ's order. @throws MQ_TOPIC_NOT_EXIST */
  async subscribeQueues(topic: string): Promise<MessageQueue[]> {
    const route = await this.route(topic)
    const readable = route.queueDatas.filter((data) => (data.perm & Perm.read) !== 0)
    const queues = readable.flatMap(({ brokerName, readQueueNums }) =>
      Array.from({ length: readQueueNums }, (_, queueId) => ({ topic, brokerName, queueId })),
    )
    return queues.sort(compareQueues)
  }

  /** @throws MQ_TOPIC_NOT_EXIST, MQ_BROKER_NOT_EXIST */
  async addressOf(queue: MessageQueue): Promise<string> {
    return addressOf(await this.route(queue.topic), queue.brokerName)
  }

  /** @throws MQ_TOPIC_NOT_EXIST */
  async route(topic: string): Promise<TopicRoute> {
    const known = this.#fresh(topic) ?? (await this.#ask(topic))
    if (known === null) throw new MqError('MQ_TOPIC_NOT_EXIST', `no such topic: ${topic}`)
    return known.route
  }

  /** The next question is asked anew. */
  forget(topic: string): void {
    this.#known.delete(topic)
    this.#asked.delete(topic)
  }
}

function publishInfo(topic: string, route: TopicRoute, queuesMax: number, exists: boolean): PublishInfo {
  const addresses = new Map<string, string>()
  for (const { brokerName, brokerAddrs } of route.brokerDatas) {
    const master = brokerAddrs[masterId]
    if (master !== undefined) addresses.set(brokerName, master)
  }
  const queues = route.queueDatas
    .filter(({ perm, brokerName }) => (perm & Perm.write) !== 0 && addresses.has(brokerName))
    .flatMap(({ brokerName, writeQueueNums }) =>
      Array.from({ length: Math.min(writeQueueNums, queuesMax) }, (_, queueId) => ({
        topic,
        brokerName,
        queueId,
      })),
    )
  return { queues: queues.sort(compareQueues), addresses, exists }
}

import { MqError } from '../errors.ts'
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

/**
 * Routes as a client needs them, asked once a topic: TopicPublishInfo and MQClientInstance.topicRouteData2….
 */
export class RouteTable {
  readonly #nameServers: NameServers
  readonly #publish = new Map<string, PublishInfo>()
  /** Questions under way: many sends of one turn share the first one's. */
  readonly #asked = new Map<string, Promise<PublishInfo>>()
  readonly #routes = new Map<string, TopicRoute>()

  constructor(nameServers: NameServers) {
    this.#nameServers = nameServers
  }

  /**
   * An unknown topic has the queues of TBW102, at most `defaultTopicQueueNums`.
   * @throws MQ_TOPIC_NOT_EXIST, MQ_NO_PERMISSION
   */
  publishInfo(topic: string): Promise<PublishInfo> {
    const known = this.#publish.get(topic)
    if (known !== undefined) return Promise.resolve(known)
    let asked = this.#asked.get(topic)
    if (asked === undefined) {
      asked = this.#ask(topic).finally(() => this.#asked.delete(topic))
      this.#asked.set(topic, asked)
    }
    return asked
  }

  async #ask(topic: string): Promise<PublishInfo> {
    const route = await this.#nameServers.routeOrNull(topic)
    const info = route === null ? await this.#templateInfo(topic) : publishInfo(topic, route, Infinity, true)
    if (info.queues.length === 0)
      throw new MqError('MQ_NO_PERMISSION', `topic ${topic} has no writable queue`)
    if (info.exists) this.#publish.set(topic, info)
    return info
  }

  async #templateInfo(topic: string): Promise<PublishInfo> {
    const template = await this.#nameServers.routeOrNull(autoCreateTopic)
    if (template === null)
      throw new MqError('MQ_TOPIC_NOT_EXIST', `no such topic: ${topic}, and no broker creates topics`)
    return publishInfo(topic, template, defaultTopicQueueNums, false)
  }

  /** Readable queues in RocketMQ's order. @throws MQ_TOPIC_NOT_EXIST */
  async subscribeQueues(topic: string): Promise<MessageQueue[]> {
    const route = await this.#route(topic)
    const readable = route.queueDatas.filter((data) => (data.perm & Perm.read) !== 0)
    const queues = readable.flatMap(({ brokerName, readQueueNums }) =>
      Array.from({ length: readQueueNums }, (_, queueId) => ({ topic, brokerName, queueId })),
    )
    return queues.sort(compareQueues)
  }

  /** @throws MQ_TOPIC_NOT_EXIST, MQ_BROKER_NOT_EXIST */
  async addressOf(queue: MessageQueue): Promise<string> {
    return addressOf(await this.#route(queue.topic), queue.brokerName)
  }

  async #route(topic: string): Promise<TopicRoute> {
    let route = this.#routes.get(topic)
    if (route === undefined) this.#routes.set(topic, (route = await this.#nameServers.route(topic)))
    return route
  }

  forget(topic: string): void {
    this.#publish.delete(topic)
    this.#asked.delete(topic)
    this.#routes.delete(topic)
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

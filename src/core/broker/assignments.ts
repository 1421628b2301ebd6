import { MqError } from '../errors.ts'
import { retryPrefix } from '../model/names.ts'
import { allocateAveragely, type MessageQueue } from '../model/queue.ts'
import type { Clients } from './clients.ts'
import type { RequestMode, RequestModes } from './pop/request-modes.ts'
import type { Topics } from './topics.ts'

/** A client that asks for its queues of a topic. */
export interface AssignmentRequest {
  readonly topic: string
  readonly consumerGroup: string
  readonly clientId: string
  readonly messageModel: string
  readonly strategyName: string
}

type Strategy = <Q>(queues: readonly Q[], index: number, consumers: number) => Q[]

/** Those a broker knows; QueryAssignmentProcessor. */
const strategies: Readonly<Record<string, Strategy>> = {
  AVG: allocateAveragely,
  AVG_BY_CIRCLE: (queues, index, consumers) => queues.filter((_, i) => i % consumers === index),
}

/** Any queue of a topic, for clients that pop. */
const anyQueue = -1

/** Shares queues out among clients of a group that do not do so themselves: QueryAssignmentProcessor. */
export class Assignments {
  readonly #topics: Topics
  readonly #clients: Clients
  readonly #modes: RequestModes
  readonly #brokerName: string

  constructor(topics: Topics, clients: Clients, modes: RequestModes, brokerName: string) {
    this.#topics = topics
    this.#clients = clients
    this.#modes = modes
    this.#brokerName = brokerName
  }

  mode({ topic, consumerGroup }: Pick<AssignmentRequest, 'topic' | 'consumerGroup'>): RequestMode {
    return this.#modes.of(topic, consumerGroup) ?? 'PULL'
  }

  /** Null: nothing can be said, the client keeps what it has. */
  queuesOf(request: AssignmentRequest): MessageQueue[] | null {
    const { topic, consumerGroup, clientId, messageModel, strategyName } = request
    const config = this.#topics.get(topic)
    if (config === null) return null
    const queues = Array.from({ length: config.readQueueNums }, (_, queueId) => this.#queue(topic, queueId))
    if (messageModel === 'BROADCASTING') return queues
    const group = this.#clients.consumerGroup(consumerGroup)
    const strategy = Object.hasOwn(strategies, strategyName) ? strategies[strategyName] : undefined
    if (group === null || strategy === undefined) return null
    const members = [...new Set(group.connections.map((each) => each.clientId))].sort()
    const index = members.indexOf(clientId)
    if (index === -1) return []
    if (this.mode(request) === 'PULL') return strategy(queues, index, members.length)
    const share = this.#modes.shareQueues(topic, consumerGroup)
    if (share <= 0 || share >= members.length - 1) return [this.#queue(topic, anyQueue)]
    // everyone has some
    if (members.length > queues.length) return [queues[index % queues.length]!]
    const sharers = Array.from({ length: share + 1 }, (_, i) => (index + i) % members.length)
    return sharers.flatMap((each) => strategy(queues, each, members.length))
  }

  #queue(topic: string, queueId: number): MessageQueue {
    return { topic, brokerName: this.#brokerName, queueId }
  }

  /** @throws MQ_NO_PERMISSION, MQ_TOPIC_NOT_EXIST, MQ_INVALID_PARAMETER */
  setMode(topic: string, group: string, mode: string, shareQueues: number): void {
    if (topic.startsWith(retryPrefix))
      throw new MqError('MQ_NO_PERMISSION', 'retry topic is not allowed to set mode')
    this.#topics.existing(topic)
    if (mode !== 'PULL' && mode !== 'POP')
      throw new MqError('MQ_INVALID_PARAMETER', `the mode is PULL or POP, not ${mode}`)
    this.#modes.set(topic, group, mode, shareQueues)
  }
}

import type { Clock } from '../lib/clock.ts'
import { MqError } from '../errors.ts'
import { UniqueKeys } from '../model/ids.ts'
import { Perm, type TopicConfig } from '../model/topic.ts'
import { readRecord } from '../model/record.ts'
import type { AppendResult } from '../store/append-batch.ts'
import type { MessageStore } from '../store/message-store.ts'
import { Clients } from './clients.ts'
import { tagFilter, type EntryFilter } from './filter/tag.ts'
import { Groups, type GroupConfig } from './groups.ts'
import { LongPoll } from './long-poll.ts'
import { Offsets } from './offsets.ts'
import { Pop, type Delivery, type PopAnswer } from './pop/pop.ts'
import { RequestModes } from './pop/request-modes.ts'
import type { ClientChannel, ClientPush, Timers } from './ports.ts'
import { getMessages, type PullAnswer, type PullCaps } from './pull.ts'
import { parseBatch, PutChecks, type PutRequest } from './put.ts'
import { QueueLocks } from './queue-locks.ts'
import { queryMessages } from './query.ts'
import { Stats } from './stats.ts'
import { Topics } from './topics.ts'

export interface BrokerOptions {
  readonly store: MessageStore
  readonly clock: Clock
  readonly timers: Timers
  readonly push: ClientPush
  readonly pullCaps: PullCaps
  /**
   * True where nothing is running that could share queues out: a group of a topic is PULL or POP from its
   * first use on, and the other is refused.
   */
  readonly exclusiveModes?: boolean
  /** False: a send to an unknown topic is refused; RocketMQ's autoCreateTopicEnable. Default true. */
  readonly autoCreateTopics?: boolean
}

/** POP_MESSAGE's header. */
export interface BrokerPopRequest {
  readonly group: string
  readonly topic: string
  /** Below 0: any. */
  readonly queueId: number
  readonly messagesMax: number
  readonly invisibleMs: number
  readonly expression: string
  readonly expressionType: string
  readonly from: 'min' | 'max'
  readonly order: boolean
  /** How long to wait when there is nothing; 0: not at all. */
  readonly waitMs: number
}

/** SubscriptionGroupConfig.retryMaxTimes */
const retriesMaxDefault = 16

/** Where and how a consumer reads; PULL_MESSAGE's header. */
export interface PullRequest {
  readonly group: string
  readonly topic: string
  readonly queueId: number
  readonly offset: number
  readonly messagesMax: number
  readonly bytesMax: number | null
  /** Null: the one the group registered by heartbeat. */
  readonly subscription: { readonly expression: string; readonly type: string } | null
  readonly subVersion: number
  /** Stored as the group's offset first; null: not. */
  readonly commitOffset: number | null
  /** How long to wait when there is nothing; 0: not at all. */
  readonly suspendMs: number
}

/** Where pops of any queue wait. */
const anyQueue = -1
/** PopMessageProcessor */
const popMessagesMax = 32

/** The story of a broker: put, pull, and what they need. Everything else asks the parts. */
export class Broker {
  readonly store: MessageStore
  readonly topics: Topics
  readonly groups: Groups
  readonly offsets: Offsets
  readonly clients: Clients
  readonly stats: Stats
  readonly #clock: Clock
  readonly #checks: PutChecks
  readonly #longPoll: LongPoll
  readonly #pullCaps: PullCaps
  readonly #pop: Pop
  readonly #popWaiters: LongPoll
  readonly #exclusiveModes: boolean
  #closed = false
  readonly requestModes: RequestModes
  readonly queueLocks: QueueLocks

  constructor(options: BrokerOptions) {
    const { store, clock } = options
    this.store = store
    this.#clock = clock
    const { autoCreateTopics = true } = options
    this.topics = new Topics(store.state, clock, store.clusterName, store.brokerName, autoCreateTopics)
    this.groups = new Groups(store.state, clock)
    this.offsets = new Offsets(store.state)
    this.clients = new Clients(clock, options.push)
    this.stats = new Stats(clock)
    this.#checks = new PutChecks(this.topics, store.clusterName, new UniqueKeys(() => clock.now()))
    this.#longPoll = new LongPoll(options.timers)
    this.#pullCaps = options.pullCaps
    this.#pop = new Pop(store, this.topics, clock)
    this.#popWaiters = new LongPoll(options.timers)
    this.#exclusiveModes = options.exclusiveModes ?? false
    this.queueLocks = new QueueLocks(clock)
    this.requestModes = new RequestModes(store.state)
    store.onDispatched = (record) => {
      this.#longPoll.arrived(record.topic, record.queueId, record.queueOffset, record.tagsCode)
      this.#popWaiters.arrived(record.topic, anyQueue, 0, record.tagsCode)
    }
  }

  now(): number {
    return this.#clock.now()
  }

  get brokerName(): string {
    return this.store.brokerName
  }

  get clusterName(): string {
    return this.store.clusterName
  }

  /** Stores one message. @throws what PutChecks.single and Store.append throw */
  put(
    request: PutRequest,
    done: (error: MqError | null, queueId: number, result: AppendResult | null) => void,
  ): void {
    const append = this.#checks.single(request)
    this.store.append(append, (error, result) => {
      if (error === null) this.stats.put(1, request.body.length)
      done(error, append.queueId, result)
    })
  }

  /**
   * Stores the messages of a batch one behind the other.
   * @throws what PutChecks.batch and Store.append throw
   */
  putBatch(
    request: PutRequest,
    done: (error: MqError | null, queueId: number, results: readonly AppendResult[] | null) => void,
  ): void {
    const appends = this.#checks.batch(request, parseBatch(request.body))
    this.store.appendBatch(appends, (error, results) => {
      if (error === null) this.stats.put(appends.length, request.body.length)
      done(error, appends[0]!.queueId, results)
    })
  }

  /**
   * Reads messages, or waits for one. `done` may be called later; never, once `channel` is disconnected.
   * @throws MQ_GROUP_NOT_EXIST, MQ_NO_PERMISSION, MQ_TOPIC_NOT_EXIST, MQ_INVALID_PARAMETER, MQ_SUBSCRIPTION_*
   */
  pull(channel: ClientChannel, request: PullRequest, done: (answer: PullAnswer) => void): void {
    const { group, topic, queueId, offset } = request
    this.#checkReadable(group, topic, queueId)
    const matches = this.#filter(request)
    if (request.commitOffset !== null) {
      if (this.#exclusiveModes) this.requestModes.use(topic, group, 'PULL')
      this.offsets.set(topic, group, queueId, request.commitOffset)
    }
    const answer = this.#get(request, matches)
    const nothingYet =
      answer.status === 'OFFSET_OVERFLOW_ONE' || (answer.status === 'NO_MESSAGE_IN_QUEUE' && offset === 0)
    if (!nothingYet || request.suspendMs <= 0) return done(answer)
    this.#longPoll.park({
      channel,
      topic,
      queueId,
      offset,
      timeoutMs: request.suspendMs,
      matches,
      // one that does not read gets no more: it asks again once it has read what it was sent
      retry: () => done(channel.congested ? answer : this.#get(request, matches)),
    })
  }

  /**
   * Hands messages out for an invisible time, or waits for one. `done` as in `pull`.
   * @throws as `pull`, and MQ_NO_PERMISSION for a group that pulls
   */
  pop(channel: ClientChannel, request: BrokerPopRequest, done: (answer: PopAnswer) => void): void {
    const { group, topic, queueId, messagesMax, waitMs } = request
    if (messagesMax < 1 || messagesMax > popMessagesMax)
      throw new MqError('MQ_INVALID_PARAMETER', `the broker's pop max message nums is ${popMessagesMax}`)
    this.#checkReadable(group, topic, Math.max(0, queueId))
    if (this.#exclusiveModes) this.requestModes.use(topic, group, 'POP')
    const queues = this.topic(topic).readQueueNums
    const parts = {
      ...request,
      queueIds: queueId < 0 ? Array.from({ length: queues }, (_, i) => i) : [queueId],
      matches: filterOf(request.expressionType, request.expression),
      bytesMax: this.#pullCaps.bytesMax,
      retriesMax: this.#retriesMax(group),
    }
    // with nothing running nobody would wake it: whoever calls asks again
    const deadline = this.now() + (this.#exclusiveModes ? 0 : waitMs)
    const attempt = (): void => {
      const answer = this.#pop.pop(parts)
      const leftMs = deadline - this.now()
      if (answer.count > 0 || leftMs <= 0 || channel.congested || this.#closed) {
        if (answer.count > 0) this.stats.get(answer.count, answer.records.length)
        return done(answer)
      }
      const dueAt = this.#pop.nextDueAt(topic, group) ?? Infinity
      this.#popWaiters.park({
        channel,
        topic,
        queueId: anyQueue,
        offset: 0,
        timeoutMs: Math.max(1, Math.min(leftMs, dueAt - this.now())),
        matches: parts.matches,
        retry: attempt,
      })
    }
    attempt()
  }

  /** @returns false when the message is someone else's meanwhile @throws MQ_TOPIC_NOT_EXIST, MQ_NO_MESSAGE */
  ack(delivery: Delivery): boolean {
    this.topic(delivery.topic)
    return this.#pop.ack(delivery)
  }

  /**
   * Hides a message that was handed out for `invisibleMs` from now on; `nack`: it was consumed in vain.
   * @returns the time that names the delivery from now on @throws MQ_TOPIC_NOT_EXIST, MQ_NO_MESSAGE
   */
  changeInvisible(delivery: Delivery, invisibleMs: number, nack: boolean): number {
    this.topic(delivery.topic)
    const popTime = this.#pop.changeInvisible(delivery, invisibleMs, nack, this.#retriesMax(delivery.group))
    // it may be due before what those who wait have counted on
    this.#popWaiters.topicChanged(delivery.topic, anyQueue)
    return popTime
  }

  #retriesMax(group: string): number {
    const { retryMaxTimes = retriesMaxDefault } = this.groups.getOrCreate(group) as GroupConfig & {
      readonly retryMaxTimes?: number
    }
    return retryMaxTimes
  }

  #get(request: PullRequest, matches: EntryFilter): PullAnswer {
    const caps: PullCaps = {
      messagesMax: Math.max(1, Math.min(request.messagesMax, this.#pullCaps.messagesMax)),
      bytesMax: Math.min(request.bytesMax ?? Infinity, this.#pullCaps.bytesMax),
    }
    const answer = getMessages(this.store, request.topic, request.queueId, request.offset, caps, matches)
    if (answer.status === 'FOUND') this.stats.get(answer.count, answer.records.length)
    return answer
  }

  /** PullMessageProcessor's checks 3 to 7, in its order. */
  #checkReadable(group: string, topic: string, queueId: number): void {
    if (!this.groups.getOrCreate(group).consumeEnable) {
      throw new MqError('MQ_NO_PERMISSION', `subscription group no permission, ${group}`)
    }
    const config = this.topic(topic)
    if (!(config.perm & Perm.read))
      throw new MqError('MQ_NO_PERMISSION', `the topic[${topic}] pulling message is forbidden`)
    if (queueId < 0 || queueId >= config.readQueueNums) {
      throw new MqError(
        'MQ_INVALID_PARAMETER',
        `queueId[${queueId}] is illegal, topic:[${topic}] topicConfig.readQueueNums:[${config.readQueueNums}]`,
      )
    }
  }

  /** @throws MQ_TOPIC_NOT_EXIST */
  topic(name: string): TopicConfig {
    const config = this.topics.get(name)
    if (config === null)
      throw new MqError('MQ_TOPIC_NOT_EXIST', `topic[${name}] not exist, apply first please!`)
    return config
  }

  /** PullMessageProcessor's check 8. */
  #filter({ group, topic, subscription, subVersion }: PullRequest): EntryFilter {
    if (subscription !== null) return filterOf(subscription.type, subscription.expression)
    if (this.clients.consumerGroup(group) === null) {
      throw new MqError('MQ_SUBSCRIPTION_NOT_EXIST', `the consumer's group info not exist, group: ${group}`)
    }
    const registered = this.clients.subscription(group, topic)
    if (registered === null) {
      throw new MqError(
        'MQ_SUBSCRIPTION_NOT_EXIST',
        `the consumer's subscription not exist, group: ${group}, topic: ${topic}`,
      )
    }
    if (registered.subVersion < subVersion) {
      throw new MqError('MQ_SUBSCRIPTION_NOT_LATEST', "the consumer's subscription not latest")
    }
    return filterOf(registered.expressionType, registered.subString)
  }

  /** QUERY_MESSAGE: records with a key, newest first. */
  query(topic: string, key: string, begin: number, end: number, countMax: number): Buffer[] {
    return queryMessages(this.store, topic, key, begin, end, countMax)
  }

  /**
   * First queue offset whose message was stored at or after a time; `upper`: the last one stored at or before
   * it.
   */
  offsetByTime(topic: string, queueId: number, timestamp: number, upper: boolean): number {
    const { minOffset, endOffset } = this.store.extent(topic, queueId)
    let low = minOffset
    let high = endOffset
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const stored = this.storeTimestamp(topic, queueId, middle)
      if (stored === null || (upper ? stored <= timestamp : stored < timestamp)) low = middle + 1
      else high = middle
    }
    return upper ? Math.max(minOffset, low - 1) : low
  }

  /** When the message at a queue offset was stored, epoch ms; null when it cannot be read. */
  storeTimestamp(topic: string, queueId: number, queueOffset: number): number | null {
    const [entry] = this.store.entries(topic, queueId, queueOffset, 1)
    if (entry?.queueOffset !== queueOffset) return null
    const record = this.store.record(entry.physicalOffset, entry.size)
    return record === null ? null : readRecord(record, 0).storeTimestamp
  }

  /** Store time of the first message there is, epoch ms; null: none. */
  earliestMessageTimestamp(): number | null {
    const record = this.store.record(this.store.commitLogMinOffset)
    return record === null ? null : readRecord(record, 0).storeTimestamp
  }

  /** A connection is gone: it leaves its groups, and its pulls wait no more. */
  disconnected(channel: ClientChannel): void {
    this.clients.disconnected(channel)
    this.#longPoll.disconnected(channel)
    this.#popWaiters.disconnected(channel)
  }

  /** Answers everyone who waits; the store is closed by its owner. */
  close(): void {
    this.#closed = true
    this.clients.close()
    this.#longPoll.wakeAll()
    this.#popWaiters.wakeAll()
  }
}

/** enablePropertyFilter is off, as on a RocketMQ broker by default: SQL92 is refused in its words. */
function filterOf(type: string, expression: string): EntryFilter {
  if (type === '' || type === 'TAG') return tagFilter(expression)
  if (type === 'SQL92')
    throw new MqError('MQ_FAILED', 'The broker does not support consumer to filter message by SQL92')
  throw new MqError('MQ_SUBSCRIPTION_PARSE_FAILED', `unknown expression type: ${type}`)
}

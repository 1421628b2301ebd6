import { toldTime, type Clock } from '../lib/clock.ts'
import { MqError } from '../errors.ts'
import { delayLevelsDefault, parseDelayLevels } from '../model/delay-level.ts'
import { UniqueKeys } from '../model/ids.ts'
import type { TopicConfig } from '../model/topic.ts'
import { readRecord, storeTimestampOf } from '../model/record.ts'
import type { AppendRequest, AppendResult } from '../store/append-batch.ts'
import type { MessageStore } from '../store/message-store.ts'
import { Assignments } from './assignments.ts'
import type { BrokerOptions } from './broker-options.ts'
import { Clients } from './clients.ts'
import { GetCounters } from './counters.ts'
import { Dedup } from './dedup.ts'
import { everyMessage, type MessageFilter } from './filter/message-filter.ts'
import { parseFilter } from './filter/parse-filter.ts'
import { Groups } from './groups.ts'
import { LongPoll } from './long-poll.ts'
import { Offsets } from './offsets.ts'
import { Pop, type AwaitRequest, type BrokerPopRequest, type Delivery, type PopAnswer } from './pop/pop.ts'
import { RequestModes } from './pop/request-modes.ts'
import type { ClientChannel, ClientPush } from './ports.ts'
import { getMessages, resetAnswer, type PullAnswer, type PullCaps, type PullRequest } from './pull.ts'
import { PullChecks } from './pull-checks.ts'
import { parseBatch, PutChecks, type Placed, type PutDone, type PutRequest } from './put.ts'
import { QueueLocks } from './queue-locks.ts'
import { offsetByTime, storeTimestampAt } from './query.ts'
import { Replies } from './replies.ts'
import { Settings } from './settings.ts'
import { deadLetter, retryOf, type SendBackRequest } from './send-back.ts'
import { Stats } from './stats.ts'
import { DueWork } from './timer/due-work.ts'
import { checkedHandle, recallMarker, type RecallRequest } from './timer/recall.ts'
import { Topics } from './topics.ts'
import { Halves } from './transaction/halves.ts'
import { transactionCheckMsDefault, Transactions } from './transaction/transactions.ts'

/** Where pops of any queue wait. */
const anyQueue = -1
/** PopMessageProcessor */
const popMessagesMax = 32

/** The story of a broker: put, pull, and what they need. Everything else asks the parts. */
export class Broker {
  readonly store: MessageStore
  readonly settings: Settings
  readonly topics: Topics
  readonly groups: Groups
  readonly offsets: Offsets
  readonly clients: Clients
  readonly push: ClientPush
  readonly stats: Stats
  readonly gets: GetCounters
  readonly #clock: Clock
  readonly checks: PutChecks
  readonly #pullChecks: PullChecks
  readonly #dedup: Dedup
  readonly #longPoll: LongPoll
  readonly #pullCaps: PullCaps
  readonly #pop: Pop
  readonly #popWaiters: LongPoll
  readonly #exclusiveModes: boolean
  #closed = false
  readonly requestModes: RequestModes
  readonly queueLocks: QueueLocks
  readonly due: DueWork
  readonly transactions: Transactions
  readonly replies: Replies
  readonly assignments: Assignments

  constructor(options: BrokerOptions) {
    const { store, clock } = options
    this.#exclusiveModes = options.exclusiveModes ?? false
    this.store = store
    this.#clock = clock
    const settings = new Settings(store, clock, { autoCreateTopicEnable: options.autoCreateTopics })
    this.settings = settings
    const createsTopics = (): boolean => settings.isOn('autoCreateTopicEnable')
    const traces = (): boolean => settings.isOn('traceTopicEnable')
    this.topics = new Topics(store.state, clock, store.clusterName, store.brokerName, createsTopics, traces)
    this.groups = new Groups(store.state, clock, () => settings.isOn('autoCreateSubscriptionGroup'))
    this.offsets = new Offsets(store.state, options.timers)
    this.push = options.push
    const notifies = (group: string): boolean => this.groups.notifies(group)
    this.clients = new Clients(clock, options.push, this.topics.queueChanges, notifies)
    this.stats = new Stats(clock)
    this.gets = new GetCounters(clock)
    const { clusterName, brokerName } = store
    const levelsMs = options.delayLevelsMs ?? parseDelayLevels(delayLevelsDefault)!
    const uniqueKeys = new UniqueKeys(() => clock.now())
    const { topics } = this
    this.#pullChecks = new PullChecks(settings, topics, this.groups, this.clients)
    this.queueLocks = new QueueLocks(clock)
    const retries = {
      maxOf: (group: string) => this.#retriesMax(group),
      isOrdered: (group: string) => this.queueLocks.holds(group),
    }
    this.checks = new PutChecks({ topics, clusterName, brokerName, uniqueKeys, clock, levelsMs, retries })
    const { timers, push } = options
    this.transactions = new Transactions({
      ...{ store, clock, timers, push, uniqueKeys, clients: this.clients },
      halves: new Halves(store, this.offsets),
      topics,
      place: (request) => this.#placed(request),
      shared: this.#exclusiveModes,
      checkMs: options.transactionCheckMs ?? transactionCheckMsDefault,
    })
    this.#dedup = new Dedup(store, clock, this.#exclusiveModes)
    this.due = new DueWork({ store, clock, timers, levelsMs, transactions: this.transactions })
    const put = (request: PutRequest, done: PutDone): void => this.put(request, done)
    this.replies = new Replies(this.clients, push, put, this.#exclusiveModes)
    const pulls = (this.#longPoll = new LongPoll(options.timers))
    this.#pullCaps = options.pullCaps
    this.#pop = new Pop(store, this.topics, clock)
    const pops = (this.#popWaiters = new LongPoll(options.timers))
    this.requestModes = new RequestModes(store.state)
    this.assignments = new Assignments(topics, this.clients, this.requestModes, brokerName)
    store.neededFrom = () => this.due.neededFrom()
    store.onDispatched = (record) => {
      const { topic, queueId, queueOffset, tagsCode } = record
      const [isPulled, isPopped] = [pulls.isAwaited(topic, queueId), pops.isAwaited(topic, anyQueue)]
      if (!isPulled && !isPopped) return
      let bytes: Buffer | null | undefined
      const read = (): Buffer | null => (bytes ??= store.record(record.physicalOffset, record.size))
      if (isPulled) pulls.arrived({ topic, queueId, queueOffset, tagsCode, read })
      if (isPopped) pops.arrived({ topic, queueId: anyQueue, queueOffset: 0, tagsCode, read })
    }
  }

  readonly now = (): number => this.#clock.now()

  readonly sinceToldMs = (timestamp: number): number => Math.max(0, toldTime(this.#clock) - timestamp)

  get brokerName(): string {
    return this.store.brokerName
  }

  get clusterName(): string {
    return this.store.clusterName
  }

  /** Stores one message. @throws what PutChecks.single and Store.append throw */
  put(request: PutRequest, done: PutDone): void {
    const placed = this.checks.single(request)
    const isKeyed = this.#dedup.once(
      placed,
      (stored) =>
        this.#store(placed, (...answer) => {
          stored()
          done(...answer)
        }),
      ({ queueId, uniqueKey, ...first }) => done(null, queueId, { ...first, duplicateOf: uniqueKey }, null),
    )
    if (!isKeyed) this.#store(placed, done)
  }

  /**
   * A message was consumed in vain: it comes again by the group's retry topic, or is a dead letter.
   * @throws MQ_GROUP_NOT_EXIST, MQ_FAILED for a message that is not there, and what `putAgain` throws
   */
  sendBack(request: SendBackRequest, done: PutDone): void {
    const { group, commitLogOffset, delayLevel } = request
    const retriesMax = request.retriesMax ?? this.#retriesMax(group)
    this.topics.createRetryTopic(group)
    const bytes = this.store.record(commitLogOffset)
    if (bytes === null) throw new MqError('MQ_FAILED', `look message by offset failed, ${commitLogOffset}`)
    const record = readRecord(bytes, 0)
    const { reconsumeTimes } = record
    if (reconsumeTimes < retriesMax && delayLevel >= 0) return this.putAgain(retryOf(record, request), done)
    this.topics.createDlqTopic(group)
    this.putAgain(deadLetter(record, group, reconsumeTimes + 1), done)
  }

  /** Takes back a message that waits for its time. @throws MQ_ILLEGAL_OPERATION, MQ_TOPIC_NOT_EXIST */
  recall(request: RecallRequest, done: (error: MqError | null, uniqueKey: string) => void): void {
    this.topic(request.topic)
    const handle = checkedHandle(request, this.brokerName, this.now())
    this.putAgain(recallMarker(request, handle, this.now()), (error) => done(error, handle.uniqueKey))
  }

  /** Stores a message that is made of another. @throws what PutChecks.place and Store.append throw */
  putAgain(request: AppendRequest, done: PutDone): void {
    this.#store(this.checks.place(request), done)
  }

  /** For whoever stores it. @throws MQ_MESSAGE_ILLEGAL */
  #placed(request: AppendRequest): AppendRequest {
    const { append } = this.checks.place(request)
    if (append.dueAt !== undefined) this.due.expect(append.dueAt)
    return append
  }

  #store({ append, queueId, recallHandle }: Placed, done: PutDone): void {
    this.store.append(append, (error, result) => {
      if (error === null) this.stats.put(1, append.body.length)
      done(error, queueId, result, recallHandle)
    })
    if (append.dueAt !== undefined) this.due.expect(append.dueAt)
  }

  /**
   * Stores the messages of a batch one behind the other.
   * @throws what PutChecks.batch and Store.append throw
   */
  putBatch(
    request: PutRequest,
    done: (error: MqError | null, queueId: number, results: readonly AppendResult[] | null) => void,
  ): void {
    const appends = this.checks.batch(request, parseBatch(request.body))
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
    this.#pullChecks.readable(group, topic, queueId)
    const filter = this.#pullChecks.filter(request)
    if (request.commitOffset !== null) {
      if (this.#exclusiveModes) this.requestModes.use(topic, group, 'PULL')
      // a process that has no server's timer ends before it would be stored
      if (this.#exclusiveModes) this.offsets.set(topic, group, queueId, request.commitOffset)
      else this.offsets.note(topic, group, queueId, request.commitOffset)
    }
    const resetTo = this.offsets.takeReset(topic, group, queueId)
    if (resetTo !== null) return done(resetAnswer(this.store.extent(topic, queueId), resetTo))
    const answer = this.#get(request, filter)
    const nothingYet =
      answer.status === 'OFFSET_OVERFLOW_ONE' || (answer.status === 'NO_MESSAGE_IN_QUEUE' && offset === 0)
    if (!nothingYet || request.suspendMs <= 0) return done(answer)
    this.#longPoll.park({
      channel,
      group,
      topic,
      queueId,
      offset,
      timeoutMs: request.suspendMs,
      filter,
      // one that does not read gets no more: it asks again once it has read what it was sent
      retry: () => done(channel.congested ? answer : this.#get(request, filter)),
      giveUp: () => done(answer),
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
    this.#pullChecks.readable(group, topic, Math.max(0, queueId))
    if (this.#exclusiveModes) this.#joinAlone(topic, group)
    else this.offsets.store()
    const parts = {
      ...request,
      queueIds: this.#queueIds(topic, queueId),
      filter: parseFilter(request.expressionType, request.expression),
      bytesMax: this.#pullCaps.bytesMax,
      retriesMax: this.#retriesMax(group),
    }
    // with nothing running nobody would wake it: whoever calls asks again
    const deadline = this.now() + (this.#exclusiveModes ? 0 : waitMs)
    const attempt = (): void => {
      const answer = this.#pop.pop(parts)
      const leftMs = deadline - this.now()
      if (answer.count > 0 || leftMs <= 0 || channel.congested || this.#closed) {
        if (answer.count > 0) this.#given(request, answer)
        return done(answer)
      }
      const dueAt = this.#pop.nextDueAt(topic, group) ?? Infinity
      this.#popWaiters.park({
        channel,
        group,
        topic,
        queueId: anyQueue,
        offset: 0,
        timeoutMs: Math.max(1, Math.min(leftMs, dueAt - this.now())),
        filter: parts.filter,
        retry: attempt,
        giveUp: () => done(answer),
      })
    }
    attempt()
  }

  /** Whether there is something to pop, now or within `waitMs`. `done` as in `pull`. @throws as `pull` */
  awaitMessage(channel: ClientChannel, request: AwaitRequest, done: (hasMessage: boolean) => void): void {
    const { group, topic, queueId, waitMs } = request
    this.#pullChecks.readable(group, topic, Math.max(0, queueId))
    const answer = (): boolean => this.#pop.hasMessage(topic, group, this.#queueIds(topic, queueId))
    if (answer() || waitMs <= 0 || this.#exclusiveModes) return done(answer())
    const dueInMs = (this.#pop.nextDueAt(topic, group) ?? Infinity) - this.now()
    const timeoutMs = Math.max(1, Math.min(waitMs, dueInMs))
    const place = { channel, group, topic, queueId: anyQueue, offset: 0, timeoutMs, filter: everyMessage }
    this.#popWaiters.park({ ...place, retry: () => done(answer()), giveUp: () => done(false) })
  }

  /** Requests of a group that wait for something to pop. */
  waitingPops(topic: string, group: string): number {
    return this.#popWaiters.count(this.topic(topic).topicName, anyQueue, group)
  }

  #queueIds(topic: string, queueId: number): number[] {
    if (queueId >= 0) return [queueId]
    return Array.from({ length: this.topic(topic).readQueueNums }, (_, i) => i)
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

  #given(to: { topic: string; group: string }, { count, records }: { count: number; records: Buffer }): void {
    this.stats.get(count, records.length)
    this.gets.add(to.topic, to.group, count)
  }

  #retriesMax(group: string): number {
    return this.groups.getOrCreate(group).retryMaxTimes
  }

  /** What a heartbeat does for a group, where nothing is running that one could be sent to. */
  #joinAlone(topic: string, group: string): void {
    this.requestModes.use(topic, group, 'POP')
    this.topics.createRetryTopic(group)
  }

  #get(request: PullRequest, filter: MessageFilter): PullAnswer {
    const caps: PullCaps = {
      messagesMax: Math.max(1, Math.min(request.messagesMax, this.#pullCaps.messagesMax)),
      bytesMax: Math.min(request.bytesMax ?? Infinity, this.#pullCaps.bytesMax),
    }
    const answer = getMessages(this.store, request.topic, request.queueId, request.offset, caps, filter)
    if (answer.status === 'FOUND') this.#given(request, answer)
    return answer
  }

  /** @throws MQ_TOPIC_NOT_EXIST */
  topic(name: string): TopicConfig {
    return this.topics.existing(name)
  }

  /** `offsetByTime` of query.ts. */
  offsetByTime(topic: string, queueId: number, timestamp: number, upper: boolean): number {
    return offsetByTime(this.store, topic, queueId, timestamp, upper)
  }

  /** Members of the group that wait there ask again at once, and are told where to go on. */
  wakePulls(topic: string, queueId: number): void {
    this.#longPoll.topicChanged(topic, queueId)
  }

  /** When the message at a queue offset was stored, epoch ms; null when it cannot be read. */
  storeTimestamp(topic: string, queueId: number, queueOffset: number): number | null {
    return storeTimestampAt(this.store, topic, queueId, queueOffset)
  }

  /** Store time of the first message there is, epoch ms; null: none. */
  earliestMessageTimestamp(): number | null {
    const record = this.store.record(this.store.commitLogMinOffset)
    return record === null ? null : storeTimestampOf(record, 0)
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
    this.offsets.storeIfPossible()
    this.due.close()
    this.transactions.close()
    this.clients.close()
    this.#longPoll.wakeAll()
    this.#popWaiters.wakeAll()
  }
}

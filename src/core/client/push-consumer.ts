import type { Clock, Timers } from '../lib/clock.ts'
import type {
  ConsumeDirectlyResult,
  ConsumerData,
  ConsumerRunningInfo,
  Subscription,
} from '../model/client-data.ts'
import type { Message } from '../model/message.ts'
import { retryPrefix } from '../model/names.ts'
import { Property } from '../model/properties.ts'
import { allocateAveragely, queueKey, type MessageQueue } from '../model/queue.ts'
import type { QueueOffset } from '../model/stats.ts'
import { ResponseCode } from '../remoting/response-codes.ts'
import type { MessageAdmin } from './admin.ts'
import type { Invoker } from './invoker.ts'
import { ifNoTopic, Membership } from './membership.ts'
import { checkSuccess, headerOf } from './name-servers.ts'
import type { AskedConsumer } from './consumer-requests.ts'
import { ConsumerStats } from './consumer-stats.ts'
import { ProcessQueue } from './process-queue.ts'
import type { RouteTable } from './route-table.ts'
import { runningInfo } from './running-info.ts'
import { tagSubscription } from './subscription.ts'

export interface PushConsumerOptions {
  readonly group: string
  /** Topic to tag expression, `*` for all: the same for all members of the group. */
  readonly subscriptions: Readonly<Record<string, string>>
  /** Where a group begins that never consumed: RocketMQ's consumeFromWhere. */
  readonly from: 'first' | 'last' | Date
  /** Messages worked on at once. */
  readonly parallel: number
  /** Deliveries after the first one; then a message is a dead letter. */
  readonly maxReconsumeTimes: number
  /** What went wrong and is tried again: a broker that cannot be reached, a handler that threw. */
  readonly onError: (error: Error) => void
}

export interface PushConsumerParts {
  /** Tells each in the group apart; unique among all its members. */
  readonly clientId: string
  /** For what is answered at once. */
  readonly invoker: Invoker
  readonly routes: RouteTable
  /** Over an invoker that waits for answers longer than `suspendMs`. */
  readonly messages: Pick<MessageAdmin, 'pull' | 'minOffset' | 'maxOffset' | 'searchOffset'>
  readonly clock: Clock
  readonly timers: Timers
}

/** MQClientInstance, RebalanceService, DefaultMQPushConsumer, DefaultMQPushConsumerImpl */
const heartbeatMs = 30_000
const rebalanceMs = 20_000
const commitMs = 5000
const suspendMs = 15_000
const pullAgainAfterErrorMs = 3000
const pullAgainWhenFullMs = 50
const consumeAgainMs = 5000
const pullBatch = 32

interface Task {
  readonly from: ProcessQueue
  readonly message: Message
}

/**
 * Consumes with the other members of a group, as DefaultMQPushConsumer does with concurrent messages and
 * clustering: queues are shared out among the members, messages pulled ahead, offsets reported every 5 s. A
 * message whose handler throws comes again by the group's retry topic, with RocketMQ's back-off.
 */
export class PushConsumer implements AskedConsumer {
  readonly group: string
  readonly #options: PushConsumerOptions
  readonly #handler: (message: Message) => unknown
  readonly #parts: PushConsumerParts
  readonly #subscriptions: readonly Subscription[]
  readonly #stats: ConsumerStats
  readonly #membership: Membership
  readonly #startedAt: number
  readonly #queues = new Map<string, ProcessQueue>()
  readonly #waiting: Task[] = []
  readonly #running = new Set<Promise<void>>()
  readonly #cancels = new Set<() => void>()
  #rebalancing: Promise<void> | null = null
  #again = false
  #closed = false

  /** @param handler done with a message when it returns or resolves; tried again later when it throws */
  constructor(
    options: PushConsumerOptions,
    handler: (message: Message) => unknown,
    parts: PushConsumerParts,
  ) {
    this.#options = options
    this.#handler = handler
    this.#parts = parts
    this.group = options.group
    this.#stats = new ConsumerStats(parts.clock)
    const version = (this.#startedAt = parts.clock.now())
    const retry = { [retryPrefix + options.group]: '*' }
    this.#subscriptions = Object.entries({ ...options.subscriptions, ...retry }).map(([topic, expression]) =>
      tagSubscription(topic, expression, version),
    )
    this.#membership = new Membership(parts, options.group, this.#subscriptions, (error) =>
      this.#report(error),
    )
  }

  /** Resolves when brokers know of it and it has its first queues. @throws MQ_NAMESRV_UNREACHABLE, … */
  async start(): Promise<void> {
    const topics = Object.keys(this.#options.subscriptions)
    await Promise.all(topics.map((topic) => this.#membership.addresses(topic)))
    await this.#membership.heartbeat(this.#consumerData())
    await this.rebalance()
    this.#every(heartbeatMs, () => this.#membership.heartbeat(this.#consumerData()))
    this.#every(rebalanceMs, () => this.rebalance())
    this.#every(commitMs, () => this.#commitAll())
  }

  /** Lets handlers end, reports how far it came, leaves the group. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const cancel of this.#cancels) cancel()
    this.#waiting.length = 0
    await Promise.all(this.#running)
    await this.#rebalancing
    await this.#commitAll()
    await this.#membership.leave()
  }

  /** Takes the queues that are this member's now. Also when a broker says that members came or went. */
  rebalance(): Promise<void> {
    this.#again = true
    this.#rebalancing ??= this.#rebalanceAll().finally(() => (this.#rebalancing = null))
    return this.#rebalancing
  }

  async #rebalanceAll(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false
      for (const { topic } of this.#subscriptions) {
        try {
          await this.#rebalanceTopic(topic)
        } catch (error) {
          this.#report(error)
        }
      }
    }
  }

  async #rebalanceTopic(topic: string): Promise<void> {
    const queues = await this.#parts.routes.subscribeQueues(topic).catch(ifNoTopic<MessageQueue[]>([]))
    const mine = queues.length === 0 ? [] : this.#share(queues, await this.#membership.members(topic))
    const keys = new Set(mine.map(queueKey))
    for (const [key, held] of this.#queues) {
      if (held.queue.topic !== topic || keys.has(key)) continue
      held.dropped = true
      this.#queues.delete(key)
      await this.#commit(held)
    }
    for (const queue of mine) {
      if (this.#queues.has(queueKey(queue)) || this.#closed) continue
      const held = new ProcessQueue(queue, await this.#startOffset(queue))
      this.#queues.set(queueKey(queue), held)
      void this.#pullOn(held)
    }
  }

  #share(queues: readonly MessageQueue[], clientIds: readonly string[]): MessageQueue[] {
    const members = [...new Set(clientIds)].sort()
    const index = members.indexOf(this.#parts.clientId)
    return index === -1 ? [] : allocateAveragely(queues, index, members.length)
  }

  /** RebalancePushImpl.computePullFromWhere */
  async #startOffset(queue: MessageQueue): Promise<number> {
    const { topic, queueId } = queue
    const { invoker, routes, messages } = this.#parts
    const address = await routes.addressOf(queue)
    const { from, group: consumerGroup } = this.#options
    // a queue that is found later begins at its first message: nobody could have consumed it before
    const header = { topic, queueId, consumerGroup, setZeroIfNotFound: from === 'last' }
    const reply = await invoker.invoke(address, 'QUERY_CONSUMER_OFFSET', { header, body: undefined })
    if (reply.code !== ResponseCode.queryNotFound) return headerOf(reply, `offset of ${topic}`).offset
    if (from === 'first' || topic.startsWith(retryPrefix)) return messages.minOffset(queue)
    return from === 'last' ? messages.maxOffset(queue) : messages.searchOffset(queue, from.getTime())
  }

  async #pullOn(held: ProcessQueue): Promise<void> {
    const { group, subscriptions } = this.#options
    const tag = subscriptions[held.queue.topic] ?? '*'
    while (!held.dropped && !this.#closed) {
      if (held.full) {
        await this.#pause(pullAgainWhenFullMs)
        continue
      }
      try {
        const pulledAt = (held.lastPullTimestamp = this.#parts.clock.now())
        const pull = { maxMsgNums: pullBatch, tag, group, suspendMs }
        const { messages, nextBeginOffset } = await this.#parts.messages.pull(
          held.queue,
          held.nextOffset,
          pull,
        )
        if (this.#lost(held)) return
        this.#stats.pulled(held.queue.topic, messages.length, this.#parts.clock.now() - pulledAt)
        held.take(messages, nextBeginOffset)
        for (const message of messages) this.#waiting.push({ from: held, message })
        this.#work()
      } catch (error) {
        if (this.#lost(held)) return
        this.#report(error)
        this.#parts.routes.forget(held.queue.topic)
        await this.#pause(pullAgainAfterErrorMs)
      }
    }
  }

  #lost(held: ProcessQueue): boolean {
    return held.dropped || this.#closed
  }

  #work(): void {
    while (this.#running.size < this.#options.parallel && this.#waiting.length > 0) {
      const task = this.#waiting.shift()!
      if (this.#lost(task.from)) continue
      const run = this.#consume(task).finally(() => {
        this.#running.delete(run)
        this.#work()
      })
      this.#running.add(run)
    }
  }

  async #consume({ from, message }: Task): Promise<void> {
    from.lastConsumeTimestamp = this.#parts.clock.now()
    try {
      await this.#handle(message)
      from.done(message)
    } catch (error) {
      this.#report(error)
      await this.#sendBack({ from, message })
    }
  }

  /** @throws what the handler throws */
  async #handle(message: Message): Promise<void> {
    const { clock } = this.#parts
    const begunAt = clock.now()
    let ok = false
    try {
      await this.#handler(withOrigin(message))
      ok = true
    } finally {
      this.#stats.consumed(message.topic, clock.now() - begunAt, ok)
    }
  }

  /** For a tool that asks by a broker. Whatever becomes of it is the tool's: it is not sent back. */
  async consumeDirectly(message: Message): Promise<ConsumeDirectlyResult> {
    const begunAt = this.#parts.clock.now()
    let remark: string | null = null
    let consumeResult = 'CR_SUCCESS'
    try {
      await this.#handle(message)
    } catch (error) {
      consumeResult = 'CR_THROW_EXCEPTION'
      remark = error instanceof Error ? error.message : String(error)
    }
    const spentTimeMills = this.#parts.clock.now() - begunAt
    return { order: false, autoCommit: true, consumeResult, remark, spentTimeMills }
  }

  runningInfo(jstack: boolean): ConsumerRunningInfo {
    return runningInfo({
      settings: { ...this.#options, consumeFromWhere: consumeFromWhere(this.#options.from) },
      startedAt: this.#startedAt,
      subscriptions: this.#subscriptions,
      queues: [...this.#queues.values()],
      stats: this.#stats,
      jstack,
    })
  }

  heldOffsets(topic: string): readonly QueueOffset[] {
    const held = [...this.#queues.values()].filter(({ queue }) => queue.topic === topic)
    return held.map(({ queue, commitOffset }) => ({ ...queue, offset: commitOffset }))
  }

  /** DefaultMQPushConsumer's, of MQClientInstance.resetOffset: what is held of those queues is dropped. */
  async resetOffsets(topic: string, offsets: readonly QueueOffset[]): Promise<void> {
    for (const { offset, ...queue } of offsets) {
      const held = this.#queues.get(queueKey(queue))
      if (held === undefined || queue.topic !== topic) continue
      held.dropped = true
      this.#queues.delete(queueKey(queue))
      await this.#commit(held, offset)
    }
    await this.rebalance()
  }

  /** What the broker does not take back is consumed again here: ConsumeMessageConcurrentlyService. */
  async #sendBack({ from, message }: Task): Promise<void> {
    const { invoker, routes } = this.#parts
    const { group, maxReconsumeTimes } = this.#options
    try {
      const address = await routes.addressOf(from.queue)
      const header = {
        offset: message.commitLogOffset,
        group,
        delayLevel: 0,
        originMsgId: message.offsetMsgId,
        originTopic: message.topic,
        maxReconsumeTimes,
      }
      const reply = await invoker.invoke(address, 'CONSUMER_SEND_MSG_BACK', { header, body: undefined })
      checkSuccess(reply, `message ${message.msgId} back`)
      from.done(message)
    } catch (error) {
      this.#report(error)
      this.#after(consumeAgainMs, () => {
        this.#waiting.push({ from, message: { ...message, reconsumeTimes: message.reconsumeTimes + 1 } })
        this.#work()
      })
    }
  }

  #consumerData(): ConsumerData {
    return {
      groupName: this.group,
      consumeType: 'CONSUME_PASSIVELY',
      messageModel: 'CLUSTERING',
      consumeFromWhere: consumeFromWhere(this.#options.from),
      subscriptions: this.#subscriptions,
      unitMode: false,
    }
  }

  async #commitAll(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((held) => this.#commit(held)))
  }

  async #commit(held: ProcessQueue, commitOffset = held.commitOffset): Promise<void> {
    const { queue } = held
    if (commitOffset === held.committed) return
    const { invoker, routes } = this.#parts
    try {
      const { topic, queueId } = queue
      const header = { topic, queueId, consumerGroup: this.#options.group, commitOffset }
      const address = await routes.addressOf(queue)
      checkSuccess(
        await invoker.invoke(address, 'UPDATE_CONSUMER_OFFSET', { header, body: undefined }),
        `offset of ${topic} queue ${queueId}`,
      )
      held.committed = commitOffset
    } catch (error) {
      this.#report(error)
    }
  }

  #every(ms: number, act: () => Promise<void>): void {
    this.#after(ms, () => {
      void act()
        .catch((error: unknown) => this.#report(error))
        .finally(() => this.#every(ms, act))
    })
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#after(ms, resolve))
  }

  #after(ms: number, act: () => void): void {
    if (this.#closed) return
    const cancel = this.#parts.timers.after(ms, () => {
      this.#cancels.delete(cancel)
      act()
    })
    this.#cancels.add(cancel)
  }

  #report(error: unknown): void {
    if (!this.#closed) this.#options.onError(error as Error)
  }
}

function consumeFromWhere(from: PushConsumerOptions['from']): string {
  if (from === 'first') return 'CONSUME_FROM_FIRST_OFFSET'
  return from === 'last' ? 'CONSUME_FROM_LAST_OFFSET' : 'CONSUME_FROM_TIMESTAMP'
}

/** One that comes again is shown in the topic it was sent to: resetRetryAndNamespace. */
function withOrigin(message: Message): Message {
  const topic = message.properties[Property.retryTopic]
  return topic === undefined ? message : { ...message, topic }
}

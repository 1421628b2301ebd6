import type { ConsumeDirectlyResult } from '../model/client-data.ts'
import type { Message, NewMessage, PullResult, SendResult } from '../model/message.ts'
import type { IndexType } from '../model/index-key.ts'
import type { MessageQueue } from '../model/queue.ts'
import type { QueueStats } from '../model/stats.ts'
import type { TopicRoute } from '../model/route.ts'
import type { TopicConfig } from '../model/topic.ts'
import type { BrokerAdmin, NameServerAdmin } from './broker-admin.ts'
import type { GroupAdmin } from './group-admin.ts'
import type { RequestAdmin } from './request-admin.ts'
import type { TransactionAdmin } from './transaction-admin.ts'

/**
 * What every command sees of a target, be it a folder, our server or a real RocketMQ cluster: written once,
 * over an Invoker. Every failure is an MqError.
 */
export interface MqAdmin {
  readonly target: Target
  readonly topics: TopicAdmin
  readonly messages: MessageAdmin
  readonly cluster: ClusterAdmin
  readonly groups: GroupAdmin
  readonly brokers: BrokerAdmin
  readonly nameServers: NameServerAdmin
  readonly transactions: TransactionAdmin
  readonly requests: RequestAdmin
  close(): Promise<void>
}

export type Target =
  | { readonly kind: 'cluster'; readonly namesrv: readonly string[] }
  | { readonly kind: 'folder'; readonly store: string }

/** Which brokers an operation is for: one address, or the masters of a cluster. */
export type Scope = { readonly brokerAddr: string } | { readonly clusterName: string }

/** The same, or the masters of every cluster that the name servers know. */
export type Reach = Scope | 'everywhere'

export interface TopicAdmin {
  /**
   * Creates or replaces a topic on every broker of the scope. `order: true` also writes the order
   * configuration to the name servers: the whole cluster's for a cluster, merged for one broker.
   * @throws MQ_CLUSTER_NOT_EXIST, MQ_BROKER_UNREACHABLE, MQ_INVALID_PARAMETER
   */
  update(config: TopicConfig, scope: Scope): Promise<TopicUpdate>
  /** Creates or replaces several with one request a broker. @returns the brokers' addresses */
  updateAll(configs: readonly TopicConfig[], scope: Scope): Promise<readonly string[]>
  /**
   * Deletes it with all it holds, on the brokers, then the name servers; one that is not there counts as
   * deleted. @returns the brokers' addresses @throws MQ_CLUSTER_NOT_EXIST, MQ_PARTIAL
   */
  delete(topic: string, scope: { readonly clusterName: string }): Promise<readonly string[]>
  /** What its queues hold, in RocketMQ's order. @throws MQ_TOPIC_NOT_EXIST */
  stats(topic: string, clusterName?: string): Promise<readonly QueueStats[]>
  /** Clusters that have it. @throws MQ_TOPIC_NOT_EXIST */
  clusters(topic: string): Promise<readonly string[]>
  /** Groups that subscribe to it or have offsets there. @throws MQ_TOPIC_NOT_EXIST */
  groups(topic: string): Promise<readonly string[]>
  /** Deletes what brokers still hold of topics that have no configuration. */
  cleanUnused(reach: Reach): Promise<void>
  /** `broker:queues;…`; null: there is none. */
  orderConf(topic: string): Promise<string | null>
  setOrderConf(topic: string, orderConf: string): Promise<void>
  deleteOrderConf(topic: string): Promise<void>
  /** All topic names known to the name server, in its order. */
  list(): Promise<readonly string[]>
  /**
   * A row per cluster, topic and group with offsets there; group '' where there is none. Without retry and
   * DLQ topics.
   */
  listByCluster(): Promise<readonly TopicOwner[]>
  /** @throws MQ_TOPIC_NOT_EXIST */
  route(topic: string): Promise<TopicRoute>
}

export interface TopicUpdate {
  readonly brokerAddrs: readonly string[]
  /** Written order configuration, `broker:queues;…`; null when none was written. */
  readonly orderConf: string | null
  readonly config: TopicConfig
}

export interface TopicOwner {
  readonly clusterName: string
  readonly topic: string
  readonly consumerGroup: string
}

export interface MessageAdmin {
  /** Sends messages; reused for many. Close it to wait for what is in flight. */
  producer(options?: ProducerOptions): Producer
  /** The readable queues of a topic, in RocketMQ's order. @throws MQ_TOPIC_NOT_EXIST, MQ_NO_PERMISSION */
  queues(topic: string): Promise<readonly MessageQueue[]>
  /** Queues to send to; of an unknown topic those it would be made with. @throws MQ_TOPIC_NOT_EXIST */
  publishQueues(topic: string): Promise<readonly MessageQueue[]>
  minOffset(queue: MessageQueue): Promise<number>
  maxOffset(queue: MessageQueue): Promise<number>
  /** First offset stored at or after a time (epoch ms). */
  searchOffset(queue: MessageQueue, timestamp: number): Promise<number>
  /** Shares a topic's messages with the others of a group, whichever queues they are in; POP. */
  popConsumer(topic: string, group: string, options?: PopOptions): PopConsumer
  pull(queue: MessageQueue, offset: number, options?: PullOptions): Promise<PullResult>
  /**
   * By offset id; any other id is looked up as a unique key of the last 3 days, as mqadmin does.
   * @throws MQ_MESSAGE_NOT_FOUND
   */
  byId(topic: string, msgId: string, options?: ByIdOptions): Promise<Message>
  /**
   * Takes back a message that waits for its time, named by the handle of its send. Brokers say no when its
   * time is over; RocketMQ's answer that it is done whether or not there was such a message.
   * @throws MQ_INVALID_PARAMETER, MQ_ILLEGAL_OPERATION, MQ_NO_PERMISSION
   */
  recall(recallHandle: string): Promise<Recalled>
  /**
   * Messages with a key or tag, of all brokers, newest first as each of them tells.
   * @throws MQ_MESSAGE_NOT_FOUND
   */
  byKey(topic: string, key: string, options?: KeyQuery): Promise<readonly Message[]>
  /** Messages with a unique key, oldest first; 32 at most. @throws MQ_MESSAGE_NOT_FOUND */
  byUniqueKey(topic: string, uniqueKey: string, options?: KeyQuery): Promise<readonly Message[]>
  /** What each group that has offsets in the topic of a message did with it. */
  tracks(message: Message): Promise<readonly MessageTrack[]>
  /** Hands one stored message to one connected consumer. @throws MQ_CONSUMER_NOT_ONLINE */
  consumeDirectly(message: Message, group: string, clientId: string): Promise<ConsumeDirectlyResult>
}

export interface ByIdOptions {
  readonly clusterName?: string
  /** Of several with one unique key the one that was stored last; default: first. */
  readonly newest?: boolean
}

export interface Recalled {
  readonly topic: string
  readonly brokerName: string
  /** Unique key of the message. */
  readonly msgId: string
}

export interface KeyQuery {
  readonly clusterName?: string
  /** Of each broker; default 64. */
  readonly maxNum?: number
  /** Stored within, epoch ms. */
  readonly begin?: number
  readonly end?: number
  /** Default K: the key is a key. T: it is a tag. */
  readonly indexType?: IndexType
  /** An index key of an earlier answer, behind which this one goes on. */
  readonly lastKey?: string
}

export interface ProducerOptions {
  readonly group?: string
  /**
   * Attempts after the first failed one, on another queue; RocketMQ's retryTimesWhenSendFailed, default 2.
   */
  readonly retries?: number
  /** For one send, default 3000. */
  readonly timeoutMs?: number
}

export interface Producer {
  /** `queue` chooses broker and queue; else the sharding key does, else round robin. */
  send(message: NewMessage, queue?: QueueChoice): Promise<SendResult>
  /**
   * The same without a promise a message. `done` is called once, in any order; the returned promise, if there
   * is one, resolves when there is room for more (at most 4 MiB of bodies are in flight).
   */
  submit(
    message: NewMessage,
    queue: QueueChoice | null,
    done: (error: Error | null, result: SendResult | null) => void,
  ): Promise<void> | null
  /** Resolves when nothing is in flight. */
  flush(): Promise<void>
}

export interface QueueChoice {
  readonly brokerName: string
  readonly queueId?: number
}

/** Which messages are wanted; where both are given, both must hold. */
export interface FilterOptions {
  /** `*`, or tags joined with `||`. Default `*`. */
  readonly tag?: string
  /**
   * RocketMQ's SQL92 over properties, evaluated by the broker. One that refuses it (enablePropertyFilter is
   * off by default) is asked for everything, and it is evaluated here.
   */
  readonly where?: string
  /** Called, perhaps often, when `where` is evaluated here. */
  readonly onWhereHere?: () => void
}

export interface PullOptions extends FilterOptions {
  /** Default 32. */
  readonly maxMsgNums?: number
  readonly group?: string
  /** How long the broker may hold the request when there is nothing; default 0. */
  readonly suspendMs?: number
  /** Messages are decoded when they are looked at, and hold on to the whole answer. Default false. */
  readonly lazily?: boolean
}

/** What the filter leaves out is done with for the group, and is never handed out. */
export interface PopOptions extends FilterOptions {
  /** How long a message that was handed out stays hidden from others, ms. Default 60,000. */
  readonly invisibleMs?: number
  /** Where a group begins that never consumed the topic. Default 'min'. */
  readonly from?: 'min' | 'max'
  /** One batch a queue at a time: the next only when it has come back. Default false. */
  readonly order?: boolean
}

/** A message that was handed out: it comes again unless it is acknowledged in its invisible time. */
export interface PoppedMessage {
  /** `reconsumeTimes`: deliveries before this one. */
  readonly message: Message
  /** Names this delivery; RocketMQ's POP_CK. */
  readonly receipt: string
  /** Epoch ms; by the broker's clock. */
  readonly invisibleUntil: number
}

export interface PopConsumer {
  /**
   * At most `max` messages (32 at most), of any queue; none when nothing came within `waitMs` (default 0).
   * @throws MQ_TOPIC_NOT_EXIST, MQ_NO_PERMISSION
   */
  pop(max: number, waitMs?: number): Promise<readonly PoppedMessage[]>
  /**
   * Done with it. False: it was too late, the message has been handed out again. (A RocketMQ broker does not
   * tell, and always answers true.)
   */
  ack(popped: PoppedMessage): Promise<boolean>
  /**
   * Not done: it comes again after `delayMs`, by default RocketMQ's back-off (10 s, 30 s, 1 min …), or goes
   * to `%DLQ%group` when it has come as often as the group allows. @throws MQ_NO_MESSAGE when it was too late
   */
  nack(popped: PoppedMessage, delayMs?: number): Promise<void>
  /**
   * More time to work on it, from now on; the delivery has another receipt then.
   * @throws MQ_NO_MESSAGE when it was too late
   */
  renew(popped: PoppedMessage, invisibleMs?: number): Promise<PoppedMessage>
}

/** RocketMQ's TrackType. */
export type TrackType =
  | 'CONSUMED'
  | 'CONSUMED_BUT_FILTERED'
  | 'PULL'
  | 'NOT_CONSUME_YET'
  | 'NOT_ONLINE'
  | 'CONSUME_BROADCASTING'
  | 'UNKNOWN'

export interface MessageTrack {
  readonly consumerGroup: string
  readonly trackType: TrackType
  readonly exceptionDesc: string | null
}

export interface ClusterAdmin {
  /** Addresses of its masters. @throws MQ_CLUSTER_NOT_EXIST */
  masters(clusterName: string): Promise<readonly string[]>
  /** A row per broker address, clusters and brokers in the name server's order, ids ascending. */
  members(clusterName?: string): Promise<readonly ClusterMember[]>
  /** The same, with what each broker says of itself. */
  list(clusterName?: string): Promise<readonly ClusterBroker[]>
}

export interface ClusterMember {
  readonly clusterName: string
  readonly brokerName: string
  readonly brokerId: number
  readonly brokerAddr: string
}

export interface ClusterBroker extends ClusterMember {
  /** GET_BROKER_RUNTIME_INFO's table; null where there is a failure instead. */
  readonly runtime: Readonly<Record<string, string>> | null
  /** Why the broker did not give it: a silent one, or one of RocketMQ's that has only just started. */
  readonly failure: string | null
}

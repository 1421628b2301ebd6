import type { MessageQueue } from './queue.ts'

/** One topic of a consumer group's subscription; RocketMQ's SubscriptionData. */
export interface Subscription {
  readonly topic: string
  /** `*`, tags joined with `||`, or a SQL92 expression. */
  readonly subString: string
  readonly expressionType: string
  readonly tagsSet: readonly string[]
  /** Java's String.hashCode of each tag. */
  readonly codeSet: readonly number[]
  readonly subVersion: number
  readonly classFilterMode: boolean
}

export interface ConsumerData {
  readonly groupName: string
  /** CONSUME_ACTIVELY (pull), CONSUME_PASSIVELY (push) or CONSUME_POP. */
  readonly consumeType: string
  /** CLUSTERING or BROADCASTING. */
  readonly messageModel: string
  readonly consumeFromWhere: string
  readonly subscriptions: readonly Subscription[]
  readonly unitMode: boolean
}

/** What a consumer has checked before it starts; RocketMQ's CheckClientRequestBody. */
export interface ClientCheck {
  readonly clientId: string
  readonly group: string
  /** Null: nothing to check. */
  readonly subscription: Subscription | null
}

/** What a client says of itself every 30 s; RocketMQ's HeartbeatData. */
export interface HeartbeatData {
  readonly clientId: string
  readonly producerGroups: readonly string[]
  readonly consumers: readonly ConsumerData[]
  readonly fingerprint: number
  /** Heartbeat V2: only the fingerprint is sent, subscriptions are as before. */
  readonly withoutSub: boolean
}

export interface ClientConnection {
  readonly clientId: string
  readonly clientAddr: string
  readonly language: string
  readonly version: number
}

/** The members of a consumer group; RocketMQ's ConsumerConnection. */
export interface ConsumerConnection {
  readonly connections: readonly ClientConnection[]
  readonly consumeType: string
  readonly messageModel: string
  readonly consumeFromWhere: string
  readonly subscriptions: readonly Subscription[]
}

/** How far a group is in each queue of a topic; RocketMQ's ConsumeStats. */
export interface ConsumeStats {
  readonly consumeTps: number
  readonly offsets: readonly {
    readonly queue: MessageQueue
    readonly brokerOffset: number
    readonly consumerOffset: number
    readonly pullOffset: number
    /** Store time of the message before consumerOffset, epoch ms; 0: none. */
    readonly lastTimestamp: number
  }[]
}

/** RocketMQ's ConsumeStatsList: every group of a broker. */
export interface BrokerConsumeStats {
  readonly brokerAddr: string
  /** Messages that groups have still to consume, and those handed out of them. */
  readonly totalDiff: number
  readonly totalInflightDiff: number
  /** One ConsumeStats a topic. */
  readonly groups: readonly { readonly group: string; readonly stats: readonly ConsumeStats[] }[]
}

/** One producer of a group on a broker; RocketMQ's ProducerInfo. */
export interface ProducerInstance {
  readonly group: string
  readonly clientId: string
  /** `/ip:port`, as Java prints a socket's address. */
  readonly remoteIP: string
  readonly language: string
  readonly version: number
  /** Of its last heartbeat, epoch ms. */
  readonly lastUpdateTimestamp: number
}

export type Scalars = Readonly<Record<string, string | number | boolean>>

/** What a consumer tells of itself when it is asked; RocketMQ's ConsumerRunningInfo. */
export interface ConsumerRunningInfo {
  /** `PROP_…` of the client, and all its settings as text. */
  readonly properties: Readonly<Record<string, string>>
  readonly subscriptions: readonly Subscription[]
  /** Queues it has, with what it knows of each (ProcessQueueInfo). */
  readonly queues: readonly (MessageQueue & { readonly info: Scalars })[]
  /** Queues it pops from (PopProcessQueueInfo). */
  readonly popQueues: readonly (MessageQueue & { readonly info: Scalars })[]
  /** By topic: ConsumeStatus. */
  readonly status: Readonly<Record<string, Scalars>>
  readonly userConsumerInfo: Readonly<Record<string, string>>
  /** Stacks of its threads, where they were asked for. */
  readonly jstack: string | null
}

/** Offsets that consumers hold in memory, by client id; RocketMQ's GetConsumerStatusBody. */
export type ConsumerStatus = Readonly<Record<string, readonly (MessageQueue & { readonly offset: number })[]>>

/** What a consumer made of a message that it was handed; RocketMQ's ConsumeMessageDirectlyResult. */
export interface ConsumeDirectlyResult {
  readonly order: boolean
  readonly autoCommit: boolean
  /** CR_SUCCESS, CR_LATER, CR_ROLLBACK, CR_COMMIT, CR_THROW_EXCEPTION or CR_RETURN_NULL. */
  readonly consumeResult: string
  readonly remark: string | null
  readonly spentTimeMills: number
}

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

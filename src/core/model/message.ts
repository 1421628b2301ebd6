/** A message on its way in. Bodies are bytes; a text body is its UTF-8. */
export interface NewMessage {
  readonly topic: string
  readonly body: Buffer
  readonly tag?: string
  readonly keys?: readonly string[]
  /** User properties; the names of `reservedProperties` are refused or dropped before this point. */
  readonly properties?: Readonly<Record<string, string>>
  readonly flag?: number
  /** One of the levels of messageDelayLevel, 1..18; 0 or absent: at once. */
  readonly delayLevel?: number
  /** Epoch ms; absent: at once. */
  readonly deliverAt?: number
  /** Ms from when the broker has it; absent: at once. */
  readonly delayMs?: number
  /** Consumers see it once it is committed. */
  readonly transaction?: boolean
  /** Of a transaction: all messages with this id are committed together, or none. */
  readonly atomicId?: string
  /** Default: a new one. A copy that has the one of another message is to consumers that message. */
  readonly uniqueKey?: string
  /** Of messages of a topic with one key within the window (default: five minutes) the first is stored. */
  readonly dedupKey?: string
  readonly dedupWindowMs?: number
  /** Messages with one sharding key go to one queue. */
  readonly shardingKey?: string
}

/** A stored message, as every reader sees it. Field names are the JSON names and frozen. */
export interface Message {
  readonly topic: string
  readonly brokerName: string
  readonly queueId: number
  readonly queueOffset: number
  readonly commitLogOffset: number
  /** The unique key its producer gave it; the offset id when there is none. */
  readonly msgId: string
  readonly offsetMsgId: string
  readonly tag: string | null
  readonly keys: readonly string[]
  /** All properties as stored. */
  readonly properties: Readonly<Record<string, string>>
  /** Epoch ms. */
  readonly bornTimestamp: number
  readonly storeTimestamp: number
  /** `ip:port`, IPv6 in brackets. */
  readonly bornHost: string
  readonly storeHost: string
  readonly reconsumeTimes: number
  readonly sysFlag: number
  readonly flag: number
  /** CRC-32 of the stored body, without its highest bit. */
  readonly bodyCrc: number
  /** Bytes of the whole record in the commit log. */
  readonly storeSize: number
  /** Commit-log offset of the half message this one commits, else 0. */
  readonly preparedTransactionOffset: number
  /** After decompression, unless sysFlag still has the compressed bit: then it could not be decompressed. */
  readonly body: Buffer
}

/** RocketMQ's SendStatus. Everything but SEND_OK is stored too, less safely than asked for. */
export type SendStatus = 'SEND_OK' | 'FLUSH_DISK_TIMEOUT' | 'FLUSH_SLAVE_TIMEOUT' | 'SLAVE_NOT_AVAILABLE'

export interface SendResult {
  readonly sendStatus: SendStatus
  readonly msgId: string
  readonly offsetMsgId: string
  readonly brokerName: string
  readonly queueId: number
  readonly queueOffset: number
  /** To take the message back with while it waits for its time; null: it cannot be taken back. */
  readonly recallHandle: string | null
  /** Names it until it is committed or rolled back; null: it is in no transaction. */
  readonly transactionId: string | null
  /** True: one with its dedup key was stored before, and is what the result names; null: it has none. */
  readonly duplicate: boolean | null
}

/** RocketMQ's PullStatus. */
export type PullStatus = 'FOUND' | 'NO_NEW_MSG' | 'NO_MATCHED_MSG' | 'OFFSET_ILLEGAL'

export interface PullResult {
  readonly status: PullStatus
  readonly nextBeginOffset: number
  readonly minOffset: number
  readonly maxOffset: number
  readonly messages: readonly Message[]
}

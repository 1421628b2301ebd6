import type { Subscription } from './client-data.ts'
import type { MessageQueue } from './queue.ts'

/** What a queue holds; one row of RocketMQ's TopicStatsTable. */
export interface QueueStats extends MessageQueue {
  readonly minOffset: number
  /** Behind the last message. */
  readonly maxOffset: number
  /** Store time of the last message, epoch ms; 0: none. */
  readonly lastUpdateTimestamp: number
}

/** Where a group is, or was put, in a queue. */
export interface QueueOffset extends MessageQueue {
  readonly offset: number
}

/** RocketMQ's BrokerStatsItem. */
export interface StatsItem {
  readonly sum: number
  /** A second. */
  readonly tps: number
  /** Average of one put. */
  readonly avgpt: number
}

/** RocketMQ's BrokerStatsData: the last minute, hour and day of one counter. */
export interface BrokerStatsData {
  readonly statsMinute: StatsItem
  readonly statsHour: StatsItem
  readonly statsDay: StatsItem
}

/** RocketMQ's ConsumeQueueData: an entry of a queue's index. */
export interface ConsumeQueueData {
  readonly physicOffset: number
  readonly physicSize: number
  /** Java's String.hashCode of the tag; 0: none. */
  readonly tagsCode: number
  readonly extendDataJson: string | null
  readonly bitMap: string | null
  readonly eval: boolean
  readonly msg: string | null
}

/** A part of a queue's index; RocketMQ's QueryConsumeQueueResponseBody. */
export interface ConsumeQueue {
  /** Of the group that was asked for; null: none was, or it is not online. */
  readonly subscription: Subscription | null
  readonly filterData: string | null
  readonly maxQueueIndex: number
  readonly minQueueIndex: number
  readonly entries: readonly ConsumeQueueData[]
}

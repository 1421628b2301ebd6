import type { SubscriptionGroupConfig } from '../model/group.ts'
import type { HaStatus } from '../model/ha.ts'
import type { MessageQueue } from '../model/queue.ts'
import type { BrokerStatsData, ConsumeQueue } from '../model/stats.ts'
import type { TopicConfig } from '../model/topic.ts'
import type { Reach } from './admin.ts'

type Table = Readonly<Record<string, string>>

/** What is asked of one broker, by its address, or of those of a scope. */
export interface BrokerAdmin {
  runtime(address: string): Promise<Table>
  config(address: string): Promise<Table>
  /** @throws MQ_NO_PERMISSION for a property that a running broker does not change, MQ_INVALID_PARAMETER */
  updateConfig(address: string, key: string, value: string): Promise<void>
  /** A counter, TOPIC_PUT_NUMS of a topic or GROUP_GET_NUMS of `topic@group`; null: nothing was counted. */
  stats(address: string, statsName: string, statsKey: string): Promise<BrokerStatsData | null>
  /** Topics that its users made. @param special with retry and dead-letter topics */
  userTopics(address: string, special: boolean): Promise<readonly TopicConfig[]>
  /** Groups that its users made. */
  userGroups(address: string): Promise<readonly SubscriptionGroupConfig[]>
  consumeQueue(
    queue: MessageQueue,
    index: number,
    count: number,
    options: { readonly group?: string; readonly address?: string },
  ): Promise<ConsumeQueue>
  /** How far its slaves are; of a slave, how far it is itself. */
  haStatus(address: string): Promise<HaStatus>
  /** Removes segments of the log that have expired. */
  deleteExpiredCommitLog(reach: Reach): Promise<void>
  cleanExpiredConsumeQueues(reach: Reach): Promise<void>
}

/** What is asked of every name server. */
export interface NameServerAdmin {
  readonly addresses: readonly string[]
  /** Null for one that does not tell. */
  config(): Promise<readonly { readonly address: string; readonly properties: Table }[]>
  updateConfig(key: string, value: string): Promise<void>
  putKv(namespace: string, key: string, value: string): Promise<void>
  deleteKv(namespace: string, key: string): Promise<void>
  /** @returns how many topics of the broker each of them changed */
  writePerm(
    brokerName: string,
    change: 'wipe' | 'add',
  ): Promise<readonly { readonly address: string; readonly topics: number }[]>
}

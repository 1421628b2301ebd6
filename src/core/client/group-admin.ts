import type {
  BrokerConsumeStats,
  ClientConnection,
  ConsumerConnection,
  ConsumerRunningInfo,
  ConsumeStats,
  ProducerInstance,
} from '../model/client-data.ts'
import type { SubscriptionGroupConfig } from '../model/group.ts'
import type { MessageQueue } from '../model/queue.ts'
import type { QueueOffset } from '../model/stats.ts'
import type { Scope } from './admin.ts'

export interface GroupAdmin {
  /** Creates or replaces groups on every broker of the scope. @returns the brokers' addresses */
  update(configs: readonly SubscriptionGroupConfig[], scope: Scope): Promise<readonly string[]>
  /**
   * Forgets a group on every broker of the scope; of a cluster its retry and dead-letter topics, too, with
   * what they hold. @returns the brokers' addresses
   */
  delete(group: string, scope: Scope, removeOffsets: boolean): Promise<readonly string[]>
  /** Its configuration on each broker that has it. @throws MQ_GROUP_NOT_EXIST */
  configs(group: string): Promise<readonly BrokerGroup[]>
  /** Groups that ever consumed: those with a retry topic. */
  list(): Promise<readonly string[]>
  /**
   * How far it is, in all its topics or in one, on all brokers that have them.
   * @throws MQ_NOT_FOUND for a group that consumed nothing there
   */
  progress(group: string, topic?: string, clusterName?: string): Promise<ConsumeStats>
  /** Its members. @param brokerAddr ask this broker only @throws MQ_CONSUMER_NOT_ONLINE */
  members(group: string, brokerAddr?: string): Promise<ConsumerConnection>
  /** What a member does now; asked through its broker. @throws MQ_CONSUMER_NOT_ONLINE, MQ_TIMEOUT */
  runningInfo(group: string, clientId: string, jstack?: boolean): Promise<ConsumerRunningInfo>
  /** @throws MQ_NOT_FOUND when nobody of it is connected */
  producers(group: string, topic: string): Promise<readonly ClientConnection[]>
  allProducers(brokerAddr: string): Promise<readonly ProducerInstance[]>
  /** Every group of one broker. */
  brokerProgress(brokerAddr: string, orderedOnly: boolean): Promise<BrokerConsumeStats>
  /**
   * Moves a group in all queues of a topic to a store time (epoch ms; −1: behind the last message), and reads
   * back. @throws MQ_GROUP_NOT_EXIST, MQ_TOPIC_NOT_EXIST, MQ_PARTIAL when a queue did not move
   */
  resetByTime(
    group: string,
    topic: string,
    timestamp: number,
    options: { readonly force: boolean; readonly clusterName?: string },
  ): Promise<readonly QueueOffset[]>
  /** Moves it in some queues, each to an offset, and reads back. @throws as `resetByTime` */
  reset(group: string, moves: readonly QueueOffset[]): Promise<void>
  /**
   * PULL or POP, of a topic. @returns the brokers' addresses
   * @throws MQ_INVALID_PARAMETER, MQ_PARTIAL
   */
  setMode(
    topic: string,
    group: string,
    mode: string,
    popShareQueueNum: number,
    scope: Scope,
  ): Promise<readonly string[]>
  /** What it goes on from; null: it never committed there. */
  offset(group: string, queue: MessageQueue): Promise<number | null>
  /** Sets what it goes on from. @throws MQ_GROUP_NOT_EXIST */
  setOffset(group: string, move: QueueOffset): Promise<void>
}

export interface BrokerGroup {
  readonly clusterName: string
  readonly brokerName: string
  readonly config: SubscriptionGroupConfig
}

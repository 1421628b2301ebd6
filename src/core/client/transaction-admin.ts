import type { Message } from '../model/message.ts'

/** Half messages: stored, and seen by nobody until they are committed. */
export interface TransactionAdmin {
  /** Those that are open now and, each time it is read again, then. */
  open(): OpenTransactions
  /** The half message of an id: its unique key, or its offset id. @throws MQ_MESSAGE_NOT_FOUND */
  find(id: string): Promise<OpenTransaction>
  /** @throws MQ_ILLEGAL_OPERATION for one that is decided, where the broker knows (RocketMQ's does not) */
  end(transaction: OpenTransaction, decision: 'commit' | 'rollback'): Promise<void>
  /**
   * Begins a send of many messages to one broker, all or none. The messages carry its `atomicId`.
   * @param brokerName null: the first that has the topic
   * @throws MQ_NOT_SUPPORTED by a RocketMQ broker, MQ_TOPIC_NOT_EXIST, MQ_BROKER_NOT_EXIST
   */
  beginAtomic(topic: string, brokerName: string | null): Promise<AtomicSend>
}

export interface AtomicSend {
  readonly atomicId: string
  /** Where its messages are sent to. */
  readonly brokerName: string
  /** Resolves when consumers can see all. @throws MQ_FAILED when the broker has fewer: none is sent */
  commit(count: number): Promise<void>
  rollback(): Promise<void>
}

export interface OpenTransactions {
  /** Oldest first. */
  read(): Promise<readonly OpenTransaction[]>
}

export interface OpenTransaction {
  readonly transactionId: string
  readonly producerGroup: string
  /** How often a producer was asked about it, where the half message says so. */
  readonly checkTimes: number
  /** Under the topic and queue it is for; offsets are those of the half message. */
  readonly message: Message
}

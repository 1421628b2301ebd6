import type { Message } from '../model/message.ts'

/** Half messages: stored, and seen by nobody until they are committed. */
export interface TransactionAdmin {
  /** Those that are open now and, each time it is read again, then. */
  open(): OpenTransactions
  /** The half message of an id: its unique key, or its offset id. @throws MQ_MESSAGE_NOT_FOUND */
  find(id: string): Promise<OpenTransaction>
  /** @throws MQ_ILLEGAL_OPERATION for one that is decided, where the broker knows (RocketMQ's does not) */
  end(transaction: OpenTransaction, decision: 'commit' | 'rollback'): Promise<void>
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

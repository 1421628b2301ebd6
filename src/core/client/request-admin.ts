import type { Message, NewMessage, SendResult } from '../model/message.ts'
import type { QueueChoice } from './admin.ts'

/** RocketMQ's request-reply: messages whose senders wait for an answer. */
export interface RequestAdmin {
  /**
   * Sends a message and waits for the answer of whoever consumes it.
   * @throws MQ_TIMEOUT when none came, MQ_INTERRUPTED, and what a send throws
   */
  request(message: NewMessage, options: RequestOptions): Promise<Answer>
  /**
   * Answers a message that was sent as a request; the answer is stored, and told who asked.
   * @returns false: who asked is not there any more
   * @throws MQ_INVALID_PARAMETER for a message that nobody asks an answer to, and what a send throws
   */
  reply(request: Message, body: Buffer): Promise<boolean>
}

export interface RequestOptions {
  /** How long the answer is waited for, ms; travels with the request. */
  readonly timeoutMs: number
  readonly group?: string
  readonly queue?: QueueChoice
  /** Ends the waiting. */
  readonly signal?: AbortSignal
}

export interface Answer {
  readonly correlationId: string
  /** What was sent, and where it was stored. */
  readonly request: SendResult
  /** Unique key of the answer. */
  readonly msgId: string
  /** Of the answer, all. */
  readonly properties: Readonly<Record<string, string>>
  /** `ip:port` of who answered. */
  readonly bornHost: string
  /** From sending to having it, ms. */
  readonly elapsedMs: number
  readonly body: Buffer
}

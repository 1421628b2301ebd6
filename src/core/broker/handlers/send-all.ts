import type { AnswerOf } from '../../remoting/requests/index.ts'
import { answerOfError, type CallContext } from '../../remoting/handlers.ts'
import { callOf, type SendBatch, type StoredSends } from '../../remoting/send-batch.ts'
import type { Broker } from '../broker.ts'
import { putAll } from '../put-all.ts'
import { putRequest, sentAnswer } from './send.ts'

/** Who hears of each message of a batch once, by its place. */
export interface SendBatchReplies {
  stored(sends: StoredSends): void
  /** What its own handler would answer. */
  reply(i: number, answer: AnswerOf<'SEND_MESSAGE_V2'>): void
  /** What its own handler would throw. */
  fail(i: number, error: unknown): void
}

/** Each message is stored and answered as by SEND_MESSAGE_V2: what came together is checked and stored so. */
export function sendAll(
  broker: Broker,
  context: CallContext,
  batch: SendBatch,
  replies: SendBatchReplies,
): void {
  if (batch.bodies.length === 0) return
  const { storeHost, ...kind } = putRequest(context, callOf(batch, 0))
  const requestOf = (i: number) => putRequest(context, callOf(batch, i))
  putAll(
    broker,
    { ...kind, storeHost, ...batch },
    {
      stored: (first, placed) => replies.stored({ first, storeHost, ...placed }),
      put: (i) =>
        broker.put(requestOf(i), (error, ...sent) =>
          replies.reply(i, error === null ? sentAnswer(requestOf(i), ...sent) : answerOfError(error)),
        ),
      refused: (i, error) => replies.reply(i, answerOfError(error)),
      fail: (i, error) => replies.fail(i, error),
    },
  )
}

import type { MqError } from '../../errors.ts'
import type { AnswerOf, CallOf } from '../../remoting/requests/index.ts'
import { answerOfError, type CallContext } from '../../remoting/handlers.ts'
import type { Broker } from '../broker.ts'
import { putAll } from '../put-all.ts'
import { putRequest, sentAnswer } from './send.ts'

/**
 * Many SEND_MESSAGE_V2 of single messages at once, each answered as by its own handler: what came together is
 * checked and stored together.
 * @param reply called once for each call, by its place, now or later
 * @param fail likewise, where the handler would throw
 */
export function sendAll(
  broker: Broker,
  context: CallContext,
  calls: readonly CallOf<'SEND_MESSAGE_V2'>[],
  reply: (i: number, answer: AnswerOf<'SEND_MESSAGE_V2'>) => void,
  fail: (i: number, error: unknown) => void,
): void {
  const requests = calls.map((call) => putRequest(context, call))
  const done = (i: number, error: MqError | null, ...sent: SentArguments): void =>
    reply(i, error === null ? sentAnswer(requests[i]!, ...sent) : answerOfError(error))
  putAll(broker, requests, done, fail)
}

type SentArguments = Parameters<typeof sentAnswer> extends [unknown, ...infer Rest] ? Rest : never

import { isUtf8 } from 'node:buffer'
import type { Message, SendResult } from '../core/model/message.ts'
import type { JsonObject } from './json.ts'

/** Names and order are frozen: scripts and `sendMessage --ndjson` read them. */
export const messageFields = [
  'topic',
  'brokerName',
  'queueId',
  'queueOffset',
  'commitLogOffset',
  'msgId',
  'offsetMsgId',
  'tag',
  'keys',
  'properties',
  'bornTimestamp',
  'storeTimestamp',
  'bornHost',
  'storeHost',
  'reconsumeTimes',
  'sysFlag',
  'flag',
  'bodyCrc',
  'storeSize',
  'body',
  'bodyBase64',
] as const

/** What of a message fits a terminal. */
export const messageWide = ['queueId', 'queueOffset', 'msgId', 'tag', 'keys', 'body'] as const

/** The body is text when its bytes are valid UTF-8, else `bodyBase64`. */
export function messageJson(message: Message): JsonObject {
  const { body } = message
  const json: Record<string, JsonObject[string]> = {}
  for (const field of messageFields) {
    if (field !== 'body' && field !== 'bodyBase64') json[field] = message[field]
  }
  if (isUtf8(body)) json.body = body.toString('utf8')
  else json.bodyBase64 = body.toString('base64')
  return json
}

export const sendResultFields = [
  'sendStatus',
  'msgId',
  'offsetMsgId',
  'brokerName',
  'queueId',
  'queueOffset',
  'recallHandle',
  'transactionId',
  'duplicate',
] as const

/** What most messages have not is left out where it is not. */
export function sendResultJson(result: SendResult): JsonObject {
  const told = sendResultFields.filter((field) => result[field] !== null)
  return Object.fromEntries(told.map((field) => [field, result[field]]))
}

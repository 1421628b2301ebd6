import type { Message, NewMessage } from './message.ts'
import { Property } from './properties.ts'

/** Where a cluster's brokers keep answers; MixAll.getReplyTopic. */
export function replyTopicOf(clusterName: string): string {
  return `${clusterName}_REPLY_TOPIC`
}

/** What makes a message a request; DefaultMQProducerImpl.prepareSendRequest. */
export interface RequestMark {
  readonly correlationId: string
  /** Client id of who asks: brokers tell it the answer. */
  readonly clientId: string
  /** Who asks waits no longer, ms from when the request was stored; null: it does not say. */
  readonly ttlMs: number | null
  /** Whose reply topic takes the answer; null: no broker has stored it yet. */
  readonly clusterName: string | null
}

/** A message that is sent as a request. */
export function markedRequest(message: NewMessage, mark: RequestMark): NewMessage {
  const properties = { ...message.properties, ...propertiesOf(mark) }
  return { ...message, properties }
}

/** Null for a message that nobody asks an answer to. */
export function requestMarkOf({ properties }: Pick<Message, 'properties'>): RequestMark | null {
  const correlationId = properties[Property.correlationId]
  const clientId = properties[Property.replyToClient]
  if (correlationId === undefined || clientId === undefined) return null
  const ttlMs = Number(properties[Property.ttl] ?? NaN)
  return {
    correlationId,
    clientId,
    ttlMs: Number.isFinite(ttlMs) && ttlMs > 0 ? ttlMs : null,
    clusterName: properties[Property.cluster] ?? null,
  }
}

/** Properties of an answer; MessageUtil.createReplyMessage. */
export function answerProperties(mark: RequestMark): Record<string, string> {
  return { [Property.messageType]: 'reply', ...propertiesOf(mark) }
}

function propertiesOf({ correlationId, clientId, ttlMs }: RequestMark): Record<string, string> {
  return {
    [Property.correlationId]: correlationId,
    [Property.replyToClient]: clientId,
    ...(ttlMs !== null && { [Property.ttl]: String(ttlMs) }),
  }
}

import { MqError } from '../errors.ts'
import type { ConsumeDirectlyResult, ConsumerRunningInfo } from '../model/client-data.ts'
import type { HostBytes } from '../model/host.ts'
import type { QueueOffset } from '../model/stats.ts'
import type { PutRequest } from './put.ts'

export type { Timers } from '../lib/clock.ts'

/**
 * A client's connection as the broker knows it: RocketMQ registers channels, not client ids. The loopback has
 * one, too. Identity is the object.
 */
export interface ClientChannel {
  /** `ip:port` of the peer. */
  readonly remoteAddress: string
  /** The client does not read its answers: no more messages for it until it asks again. */
  readonly congested: boolean
  close(): void
}

/** What a broker tells clients unasked; Broker2Client. */
export interface ClientPush {
  /** The group has other members or subscriptions than before: share its queues out again, now. */
  consumerIdsChanged(channel: ClientChannel, group: string): void
  /** What has become of this half message? @returns false: the client cannot be asked */
  checkTransaction(channel: ClientChannel, check: TransactionCheck): boolean
  /** An answer to a message that the client sent as a request. @returns false: it cannot be told */
  reply(channel: ClientChannel, reply: PutRequest, storedAt: number): boolean
  /** The group was moved: go on at these offsets. @returns false: it cannot be told */
  resetOffsets(channel: ClientChannel, reset: OffsetReset): boolean
  /** What a consumer does now. */
  runningInfo(
    channel: ClientChannel,
    asked: { readonly group: string; readonly clientId: string; readonly jstack: boolean },
    done: ClientAnswered<ConsumerRunningInfo>,
  ): void
  /** What a consumer makes of a stored message. */
  consumeDirectly(
    channel: ClientChannel,
    asked: DirectDelivery,
    done: ClientAnswered<ConsumeDirectlyResult>,
  ): void
  /** Where a consumer is in a topic, by what it holds in memory. */
  heldOffsets(
    channel: ClientChannel,
    asked: { readonly group: string; readonly topic: string },
    done: ClientAnswered<readonly QueueOffset[]>,
  ): void
}

/** Called once: what the client said, be it a refusal, or why it said nothing. */
export type ClientAnswered<T> = (error: MqError | null, answer: ClientAnswer<T> | null) => void

export interface ClientAnswer<T> {
  readonly code: number
  readonly remark: string | null
  readonly body: T | null
}

export interface DirectDelivery {
  readonly group: string
  readonly clientId: string
  readonly msgId: string
  readonly topic: string | undefined
  readonly topicSysFlag: number | undefined
  readonly groupSysFlag: number | undefined
  readonly record: Buffer
}

export interface OffsetReset {
  readonly group: string
  readonly topic: string
  readonly timestamp: number
  readonly offsets: readonly QueueOffset[]
  /** As clients in C++ read it. */
  readonly asList: boolean
}

/** A half message that its producer did not decide. */
export interface TransactionCheck {
  readonly queueOffset: number
  readonly commitLogOffset: number
  readonly storeHost: HostBytes
  readonly uniqueKey: string
  /** Under its own topic. */
  readonly record: Buffer
}

/** Nobody listens. */
export const silentPush: ClientPush = {
  consumerIdsChanged: () => undefined,
  checkTransaction: () => false,
  reply: () => false,
  resetOffsets: () => false,
  runningInfo: (_channel, _asked, done) => done(nobody(), null),
  consumeDirectly: (_channel, _asked, done) => done(nobody(), null),
  heldOffsets: (_channel, _asked, done) => done(nobody(), null),
}

function nobody(): MqError {
  return new MqError('MQ_CONSUMER_NOT_ONLINE', 'nobody is connected to a folder that is not served')
}

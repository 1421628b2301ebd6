import type { HostBytes } from '../model/host.ts'
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
}

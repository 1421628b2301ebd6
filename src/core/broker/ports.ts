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
}

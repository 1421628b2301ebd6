/** What the broker needs from outside; tests inject their own. */
export interface Timers {
  /** Calls once after `ms`; the returned function takes it back. Never keeps the process alive. */
  after(ms: number, act: () => void): () => void
}

/** Node turns longer times into 1 ms. */
const timeoutMaxMs = 0x7fffffff

export const systemTimers: Timers = {
  after(ms, act) {
    const timer = setTimeout(act, Math.min(ms, timeoutMaxMs))
    timer.unref()
    return () => clearTimeout(timer)
  },
}

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

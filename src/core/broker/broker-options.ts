import type { Clock, Timers } from '../lib/clock.ts'
import type { MessageStore } from '../store/message-store.ts'
import type { ClientPush } from './ports.ts'
import type { PullCaps } from './pull.ts'

/** What a broker is made of, and how it differs from RocketMQ's. */
export interface BrokerOptions {
  readonly store: MessageStore
  readonly clock: Clock
  readonly timers: Timers
  readonly push: ClientPush
  readonly pullCaps: PullCaps
  /**
   * True where nothing is running that could share queues out: a group of a topic is PULL or POP from its
   * first use on, and the other is refused.
   */
  readonly exclusiveModes?: boolean
  /** Waits of the delay levels from 1 up, in ms. Default messageDelayLevel's. */
  readonly delayLevelsMs?: readonly number[]
  /** False: a send to an unknown topic is refused. Absent: as autoCreateTopicEnable was set, else true. */
  readonly autoCreateTopics?: boolean
  /** Default transactionCheckInterval's. */
  readonly transactionCheckMs?: number
}

import type { ConsumerRunningInfo, Subscription } from '../model/client-data.ts'
import { ourVersionText } from '../model/versions.ts'
import type { ConsumerStats } from './consumer-stats.ts'
import type { ProcessQueue } from './process-queue.ts'

export interface RunningConsumer {
  readonly settings: Readonly<Record<string, unknown>> & { readonly parallel: number }
  /** Epoch ms. */
  readonly startedAt: number
  readonly subscriptions: readonly Subscription[]
  readonly queues: readonly ProcessQueue[]
  readonly stats: ConsumerStats
  readonly jstack: boolean
}

/** What a push consumer tells of itself: DefaultMQPushConsumerImpl.consumerRunningInfo. */
export function runningInfo(consumer: RunningConsumer): ConsumerRunningInfo {
  const { settings, startedAt, subscriptions, queues, stats, jstack } = consumer
  const own = Object.entries(settings).filter(([, value]) => /^(string|number|boolean)$/.test(typeof value))
  return {
    properties: {
      ...Object.fromEntries(own.map(([name, value]) => [name, String(value)])),
      PROP_CLIENT_VERSION: ourVersionText,
      PROP_CONSUME_TYPE: 'CONSUME_PASSIVELY',
      PROP_CONSUMEORDERLY: 'false',
      PROP_CONSUMER_START_TIMESTAMP: String(startedAt),
      PROP_THREADPOOL_CORE_SIZE: String(settings.parallel),
    },
    subscriptions,
    queues: queues.map((held) => ({ ...held.queue, info: held.info() })),
    popQueues: [],
    status: Object.fromEntries(subscriptions.map(({ topic }) => [topic, stats.of(topic)])),
    userConsumerInfo: {},
    // there are no threads to show the stacks of
    jstack: jstack ? 'main: the event loop of Node.js\n' : null,
  }
}

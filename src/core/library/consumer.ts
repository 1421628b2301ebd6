import { RemotingMessageAdmin } from '../client/admin/messages.ts'
import { answerRequest } from '../client/consumer-requests.ts'
import { instanceName } from '../client/instance-name.ts'
import { NameServers } from '../client/name-servers.ts'
import { PushConsumer } from '../client/push-consumer.ts'
import { RemoteInvoker } from '../client/remote-invoker.ts'
import { RouteTable } from '../client/route-table.ts'
import { systemClock, systemTimers } from '../lib/clock.ts'
import type { Message } from '../model/message.ts'
import { namesrvAddresses, type Namesrv } from './namesrv.ts'

export interface ConsumerOptions {
  readonly namesrv: Namesrv
  /** Members of a group share the messages. */
  readonly group: string
  /** A topic, or topics with their tag expressions: `{ orders: 'paid || sent' }`. Alike for all members. */
  readonly topic: string | Readonly<Record<string, string>>
  /**
   * Where a group begins that never consumed. Default 'last', as RocketMQ: what was there before is passed
   * over, but for a queue that still has its very first message.
   */
  readonly from?: 'first' | 'last' | Date
  /** Messages worked on at once. Default 20. */
  readonly parallel?: number
  /** Deliveries after the first one; then a message goes to `%DLQ%group`. Default 16. */
  readonly maxReconsumeTimes?: number
  /** Told of what went wrong and is tried again: a handler that threw, a broker that is away. */
  readonly onError?: (error: Error) => void
}

/** DefaultMQPushConsumer: consumeThreadMin, and 16 for maxReconsumeTimes -1 */
const parallelDefault = 20
const maxReconsumeTimesDefault = 16
const requestTimeoutMs = 3000
/** DefaultMQPushConsumerImpl.CONSUMER_TIMEOUT_MILLIS_WHEN_SUSPEND */
const pullTimeoutMs = 30_000

/**
 * Consumes from any RocketMQ 4.x or 5.x cluster, and from `serve`: a push consumer with clustering and
 * concurrent messages, in one group with members in any language.
 */
export class Consumer {
  readonly #options: ConsumerOptions
  readonly #handler: (message: Message) => unknown
  readonly #addresses: readonly string[]
  #close: () => Promise<void> = () => Promise.resolve()

  /**
   * @param handler done with a message when it returns or resolves; when it throws, the message comes again
   * later @throws MQ_TARGET
   */
  constructor(options: ConsumerOptions, handler: (message: Message) => unknown) {
    this.#options = options
    this.#handler = handler
    this.#addresses = namesrvAddresses(options.namesrv)
  }

  /** Joins the group; resolves when it has its queues. @throws MqError when no name server answers */
  async start(): Promise<void> {
    const { group, topic, from = 'last', parallel = parallelDefault } = this.#options
    const { maxReconsumeTimes = maxReconsumeTimesDefault, onError = () => undefined } = this.#options
    let consumer: PushConsumer | null = null
    const invoker = new RemoteInvoker({
      timeoutMs: requestTimeoutMs,
      onRequest: (command, answer) => {
        if (consumer !== null) void answerRequest(consumer, command).then(answer)
      },
    })
    const pulls = new RemoteInvoker({ timeoutMs: pullTimeoutMs })
    const nameServers = new NameServers(invoker, this.#addresses)
    const routes = new RouteTable(nameServers)
    const subscriptions = typeof topic === 'string' ? { [topic]: '*' } : topic
    const settings = { group, subscriptions, from, parallel, maxReconsumeTimes, onError }
    const clientId = `${await invoker.localHost(this.#addresses[0]!).catch(() => '127.0.0.1')}@${instanceName()}`
    const joined = (consumer = new PushConsumer(settings, this.#handler, {
      clientId,
      invoker,
      routes,
      messages: new RemotingMessageAdmin(pulls, nameServers, routes),
      clock: systemClock,
      timers: systemTimers,
    }))
    this.#close = async () => {
      await joined.close()
      await Promise.all([invoker.close(), pulls.close()])
    }
    try {
      await joined.start()
    } catch (error) {
      await this.close()
      throw error
    }
  }

  /** Lets handlers end, says how far it came, leaves the group. */
  async close(): Promise<void> {
    const close = this.#close
    this.#close = () => Promise.resolve()
    await close()
  }
}

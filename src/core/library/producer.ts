import type {
  Producer as MessageProducer,
  ProducerOptions as SendOptions,
  QueueChoice,
} from '../client/admin.ts'
import { NameServers } from '../client/name-servers.ts'
import { RemotingProducer } from '../client/producer.ts'
import { RemoteInvoker } from '../client/remote-invoker.ts'
import { RouteTable } from '../client/route-table.ts'
import type { NewMessage, SendResult } from '../model/message.ts'
import { namesrvAddresses, type Namesrv } from './namesrv.ts'

export interface ProducerOptions extends SendOptions {
  readonly namesrv: Namesrv
}

/** A message to send; text is sent as UTF-8. */
export interface OutgoingMessage extends Omit<NewMessage, 'body'> {
  readonly body: string | Uint8Array
}

/** DefaultMQProducer.sendMsgTimeout */
const sendTimeoutMs = 3000

/** Sends to any RocketMQ 4.x or 5.x cluster, and to `serve`. Connects with the first message. */
export class Producer {
  readonly #invoker: RemoteInvoker
  readonly #producer: MessageProducer

  /** @throws MQ_TARGET */
  constructor({ namesrv, ...options }: ProducerOptions) {
    const addresses = namesrvAddresses(namesrv)
    this.#invoker = new RemoteInvoker({ timeoutMs: options.timeoutMs ?? sendTimeoutMs })
    const routes = new RouteTable(new NameServers(this.#invoker, addresses))
    this.#producer = new RemotingProducer(this.#invoker, routes, options)
  }

  /**
   * Resolves when a broker has stored it. Many may be under way at once.
   * @param queue the broker, or the queue, to send to; else the sharding key decides, else each in turn
   * @throws MqError
   */
  send(message: OutgoingMessage, queue?: QueueChoice): Promise<SendResult> {
    const { body } = message
    const bytes =
      typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.length)
    return this.#producer.send({ ...message, body: bytes }, queue)
  }

  /** Waits for what is under way, then hangs up. */
  async close(): Promise<void> {
    await this.#producer.flush()
    await this.#invoker.close()
  }
}

import type { SerializeType } from '../../src/core/remoting/frame.ts'
import { headerTypeFlag, runJava } from './jvm.ts'

export interface DriverMessage {
  readonly body?: string
  readonly bodyBase64?: string
  readonly tag?: string
  readonly keys?: readonly string[]
  readonly properties?: Readonly<Record<string, string>>
  readonly queueId?: number
}

export interface SendRow {
  readonly sendStatus: string
  readonly msgId: string
  readonly offsetMsgId: string
  readonly brokerName: string
  readonly queueId: number
  readonly queueOffset: number
  readonly recallHandle: string | null
  readonly transactionId: string | null
}

/** A message as the Java client sees it, in the names of our own JSON. */
export interface MessageRow {
  readonly topic: string
  readonly brokerName: string
  readonly queueId: number
  readonly queueOffset: number
  readonly commitLogOffset: number
  readonly msgId: string
  readonly offsetMsgId: string
  readonly tag: string | null
  readonly keys: readonly string[]
  readonly properties: Readonly<Record<string, string>>
  readonly bornTimestamp: number
  readonly storeTimestamp: number
  readonly bornHost: string
  readonly storeHost: string
  readonly reconsumeTimes: number
  readonly sysFlag: number
  readonly flag: number
  readonly bodyCrc: number
  readonly storeSize: number
  readonly bodyBase64: string
}

export interface OffsetRow {
  readonly brokerName: string
  readonly queueId: number
  readonly minOffset: number
  readonly maxOffset: number
  readonly searchOffset: number
  /** -1: the group has none. */
  readonly consumerOffset: number
}

/** The Java client 5.5.0 (java/Driver.java) with JSON or binary headers. Each call is a JVM of its own. */
export class JavaDriver {
  readonly #namesrv: string
  readonly #headerType: SerializeType

  constructor(namesrv: string, headerType: SerializeType) {
    this.#namesrv = namesrv
    this.#headerType = headerType
  }

  send(topic: string, messages: readonly DriverMessage[]): Promise<SendRow[]> {
    return this.#run('send', { topic }, messages)
  }

  /** One request with all messages; the row's ids are joined with commas. */
  async sendBatch(topic: string, messages: readonly DriverMessage[]): Promise<SendRow> {
    return (await this.#run<SendRow>('sendBatch', { topic }, messages))[0]!
  }

  async recall(topic: string, handle: string): Promise<string> {
    return (await this.#run<{ msgId: string }>('recall', { topic, handle }))[0]!.msgId
  }

  /** Half messages of a TransactionMQProducer, and what it says of them itself. */
  transaction(
    topic: string,
    group: string,
    local: 'commit' | 'rollback' | 'unknown',
    messages: readonly DriverMessage[],
  ): Promise<SendRow[]> {
    return this.#run('transaction', { topic, group, local }, messages)
  }

  /** Another producer of the group: what it is asked about, to which it says `checked`. */
  checkedTransactions(
    topic: string,
    group: string,
    checked: 'commit' | 'rollback',
    count: number,
  ): Promise<MessageRow[]> {
    return this.#run('transaction', { topic, group, checked, count })
  }

  /** Deliveries to a DefaultMQPushConsumer; `fail`: each is in vain. */
  consume(
    topic: string,
    group: string,
    options: { count: number; fail?: boolean; retries?: number },
  ): Promise<MessageRow[]> {
    return this.#run('consume', { topic, group, ...options })
  }

  /** Messages sent as requests, answered by a consumer of the same process with the body in brackets. */
  async request(topic: string, messages: readonly DriverMessage[]): Promise<string[]> {
    const answers = await this.#run<{ body: string }>('request', { topic }, messages)
    return answers.map(({ body }) => body)
  }

  /** Messages sent as requests that somebody else answers. */
  async ask(topic: string, messages: readonly DriverMessage[]): Promise<string[]> {
    const answers = await this.#run<{ body: string }>('ask', { topic }, messages)
    return answers.map(({ body }) => body)
  }

  /** Answers so many requests, with their body in brackets. */
  async answer(topic: string, count: number): Promise<void> {
    await this.#run('answer', { topic, count })
  }

  /** All messages, queue by queue, with DefaultMQPullConsumer. `max`: messages asked for in one pull. */
  pull(topic: string, options: { tag?: string; max?: number } = {}): Promise<MessageRow[]> {
    return this.#run('pull', { topic, ...options })
  }

  /** What the group has not consumed (a new one: everything) with DefaultLitePullConsumer in assign mode. */
  litePull(
    topic: string,
    options: { tag?: string; group?: string; commit?: boolean } = {},
  ): Promise<MessageRow[]> {
    return this.#run('litePull', { topic, ...options })
  }

  /** By offset id or unique key. */
  async view(topic: string, id: string): Promise<MessageRow> {
    return (await this.#run<MessageRow>('view', { topic, id }))[0]!
  }

  query(topic: string, key: string): Promise<MessageRow[]> {
    return this.#run('query', { topic, key })
  }

  offsets(topic: string, options: { group?: string; time?: number } = {}): Promise<OffsetRow[]> {
    return this.#run('offsets', { topic, ...options })
  }

  async commitOffset(topic: string, group: string, queue: number, offset: number): Promise<void> {
    await this.#run('commitOffset', { topic, group, queue, offset })
  }

  /** @throws Error with what the Java client threw */
  async #run<Row>(
    command: string,
    options: Readonly<Record<string, string | number | boolean>>,
    input: readonly DriverMessage[] = [],
  ): Promise<Row[]> {
    const args = ['--namesrv', this.#namesrv]
    for (const [name, value] of Object.entries(options)) args.push(`--${name}`, String(value))
    const lines = input.map((message) => `${JSON.stringify(message)}\n`)
    const run = await runJava(
      [headerTypeFlag(this.#headerType)],
      ['Driver', command, ...args],
      lines.join(''),
    )
    const rows = run.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as unknown)
    const last = rows.at(-1) as { error?: string } | undefined
    if (run.exitCode !== 0)
      throw new Error(last?.error ?? `the driver ended with ${run.exitCode}: ${run.stderr}`)
    return rows as Row[]
  }
}

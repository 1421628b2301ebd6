/** An unmodified client of Apache's in a process of its own, told what to do by lines of JSON. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { count } from '../../fault/tier.ts'
import { type ClientName, driverCommand } from './drivers.ts'

export interface ClientMessage {
  readonly topic: string
  readonly body: string
  readonly tag?: string
  readonly keys?: readonly string[]
  readonly properties?: Readonly<Record<string, string>>
  readonly queueId?: number
  readonly shardingKey?: string
  readonly delayLevel?: number
  /** Epoch ms. */
  readonly deliverAt?: number
}

export interface SentRow {
  readonly sendStatus: string
  /** Of a batch: all of them, with commas between. */
  readonly msgId: string
  readonly brokerName: string
  readonly queueId: number
  readonly queueOffset: number
  readonly recallHandle: string | null
}

export interface ReceivedRow {
  readonly topic: string
  readonly brokerName: string
  readonly queueId: number
  readonly queueOffset: number
  readonly msgId: string
  readonly tag: string | null
  readonly keys: readonly string[]
  readonly properties: Readonly<Record<string, string>>
  readonly storeTimestamp: number
  readonly reconsumeTimes: number
  readonly body: string
}

interface InstanceOptions {
  readonly namesrv: string
  /** Clients of one instance name share their connections. */
  readonly instance: string
  readonly unit?: string
  readonly namespace?: string
  readonly trace?: boolean
  /** Of its heartbeats, too. */
  readonly pollNamesrvMs?: number
}

export interface ProducerOptions extends InstanceOptions {
  readonly group: string
  readonly compressOver?: number
  /** Makes it a producer of transactions: what it says when it is asked. */
  readonly checked?: 'commit' | 'rollback' | 'unknown'
}

export interface ConsumerOptions extends InstanceOptions {
  readonly group: string
  readonly topic: string
  readonly kind: 'push' | 'orderly' | 'lite' | 'assign' | 'pop' | 'pull'
  /** Of tags; default all. */
  readonly expression?: string
  readonly sql?: string
  readonly from?: 'first' | 'last' | 'time'
  /** yyyyMMddHHmmss, local time. */
  readonly fromTime?: string
  readonly broadcast?: boolean
  /** Deliveries that are consumed in vain before one is not; -1: all. */
  readonly failures?: number
  /** maxReconsumeTimes */
  readonly retries?: number
  /** A producer of the same process that sends each body back in brackets. */
  readonly answersWith?: string
  /** Of kind assign. */
  readonly seekTo?: number
}

/** The client has no such feature. */
export class UnsupportedError extends Error {
  override name = 'UnsupportedError'
}

interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
  readonly unsupported?: string
}

type EventRow = PulledRow & { readonly event: 'message' | 'check'; readonly client: string }

/** A real broker beside dozens of clients of its own is slow. */
const patienceMs = count('PATIENCE_MS', 60_000, 200_000)

export class ClientProcess {
  readonly #child: ChildProcess
  readonly #home: string
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  readonly #events = new Map<string, ReceivedRow[]>()
  readonly #watchers = new Set<() => void>()
  #requests = 0
  #said = ''

  /** @param flags of its JVM, more than it has anyway */
  constructor(client: ClientName, flags: readonly string[] = []) {
    this.#home = mkdtempSync(join(tmpdir(), 'client-'))
    const [command, ...args] = driverCommand(client, this.#home)
    const env = { ...process.env, HOME: this.#home }
    this.#child = spawn(command, [...flags, ...args], { stdio: ['pipe', 'pipe', 'pipe'], env })
    this.#child.stdin!.on('error', () => {}) // what waits is rejected at its exit
    this.#child.stderr!.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString()).slice(-4000)
      if (process.env['CLIENT_STDERR'] === '1') process.stderr.write(chunk)
    })
    createInterface(this.#child.stdout!).on('line', (line) => this.#take(line))
    this.#child.once('exit', (code) => this.#ended(code))
    process.once('exit', this.#kill)
  }

  readonly #kill = (): void => {
    this.#child.kill('SIGKILL')
    rmSync(this.#home, { recursive: true, force: true, maxRetries: 5 })
  }

  async producer(client: string, options: ProducerOptions): Promise<ClientProducer> {
    await this.call('producer', { client, ...options })
    return new ClientProducer(this, client)
  }

  async consumer(client: string, options: ConsumerOptions): Promise<ClientConsumer> {
    const consumer = new ClientConsumer(this, client, options.topic)
    await this.call('consumer', { client, expression: '*', from: 'first', ...options })
    return consumer
  }

  /** @throws UnsupportedError, or Error with what the client said */
  call(op: string, args: object): Promise<unknown> {
    const id = ++this.#requests
    this.#child.stdin!.write(`${JSON.stringify({ id, op, ...args })}\n`)
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
  }

  eventsOf(client: string): ReceivedRow[] {
    let rows = this.#events.get(client)
    if (rows === undefined) this.#events.set(client, (rows = []))
    return rows
  }

  /** Resolves as soon as `holds`, looked at when something comes. @throws Error when that takes too long */
  until(what: string, holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const give = (): void => {
        this.#watchers.delete(look)
        reject(new Error(`waited ${patienceMs} ms until ${what}`))
      }
      const deadline = setTimeout(give, patienceMs)
      const look = (): void => {
        if (!holds()) return
        clearTimeout(deadline)
        this.#watchers.delete(look)
        resolve()
      }
      this.#watchers.add(look)
    })
  }

  /** As a crash: nobody is told. */
  async kill(): Promise<void> {
    process.off('exit', this.#kill)
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#kill()
    await ended
  }

  #take(line: string): void {
    const said = JSON.parse(line) as Answer | EventRow
    if ('event' in said) {
      this.eventsOf(said.client).push(withText(said))
      for (const look of [...this.#watchers]) look()
      return
    }
    const { id, result, error, unsupported } = said
    const waiting = this.#waiting.get(id)!
    this.#waiting.delete(id)
    if (unsupported !== undefined) waiting.reject(new UnsupportedError(unsupported))
    else if (error !== undefined) waiting.reject(new Error(error))
    else waiting.resolve(result)
  }

  #ended(code: number | null): void {
    for (const { reject } of this.#waiting.values())
      reject(new Error(`the client's process ended with ${code}: ${this.#said}`))
    this.#waiting.clear()
  }
}

export class ClientProducer {
  readonly #process: ClientProcess
  readonly #name: string

  constructor(process: ClientProcess, name: string) {
    this.#process = process
    this.#name = name
  }

  /** Messages that it was asked about. */
  get checks(): readonly ReceivedRow[] {
    return this.#process.eventsOf(this.#name)
  }

  send(messages: readonly ClientMessage[]): Promise<SentRow[]> {
    return this.#call('send', { messages })
  }

  sendAsync(messages: readonly ClientMessage[]): Promise<SentRow[]> {
    return this.#call('sendAsync', { messages })
  }

  sendOneWay(messages: readonly ClientMessage[]): Promise<void> {
    return this.#call('sendOneWay', { messages })
  }

  async sendBatch(messages: readonly ClientMessage[]): Promise<SentRow> {
    return (await this.#call<SentRow[]>('sendBatch', { messages }))[0]!
  }

  /** Each to the queue that its sharding key chooses. */
  sendOrdered(messages: readonly ClientMessage[]): Promise<SentRow[]> {
    return this.#call('sendOrdered', { messages })
  }

  sendTransaction(
    local: 'commit' | 'rollback' | 'unknown',
    messages: readonly ClientMessage[],
  ): Promise<SentRow[]> {
    return this.#call('sendTransaction', { local, messages })
  }

  /** @returns the answers' bodies */
  request(messages: readonly ClientMessage[]): Promise<string[]> {
    return this.#call('request', { messages })
  }

  /** @returns the unique key of what was taken back */
  recall(topic: string, handle: string | null): Promise<string> {
    return this.#call('recall', { topic, handle })
  }

  async view(topic: string, msgId: string): Promise<ReceivedRow> {
    return withText(await this.#call<PulledRow>('view', { topic, msgId }))
  }

  async query(topic: string, key: string): Promise<ReceivedRow[]> {
    return (await this.#call<PulledRow[]>('query', { topic, key })).map(withText)
  }

  stop(): Promise<void> {
    return this.#call('stop', {})
  }

  #call<T>(op: string, args: object): Promise<T> {
    return this.#process.call(op, { client: this.#name, ...args }) as Promise<T>
  }
}

export class ClientConsumer {
  readonly #process: ClientProcess
  readonly #name: string
  readonly #topic: string

  constructor(process: ClientProcess, name: string, topic: string) {
    this.#process = process
    this.#name = name
    this.#topic = topic
  }

  /** What was delivered to it, in order. */
  get received(): readonly ReceivedRow[] {
    return this.#process.eventsOf(this.#name)
  }

  get bodies(): string[] {
    return this.received.map(({ body }) => body)
  }

  /** @throws Error when less than `count` are delivered in time */
  async receives(count: number): Promise<readonly ReceivedRow[]> {
    const what = `${this.#name} receives ${count} of ${this.#topic}`
    await this.#process.until(what, () => this.received.length >= count)
    return this.received
  }

  /** Everything there is, of a consumer of kind pull. */
  async pullAll(namesrv: string, expression = '*'): Promise<ReceivedRow[]> {
    const args = { client: this.#name, topic: this.#topic, namesrv, expression }
    return ((await this.#process.call('pull', args)) as PulledRow[]).map(withText)
  }

  async stop(): Promise<void> {
    await this.#process.call('stop', { client: this.#name })
  }
}

type PulledRow = Omit<ReceivedRow, 'body'> & { readonly bodyBase64: string }

function withText({ bodyBase64, ...row }: PulledRow): ReceivedRow {
  return { ...row, body: textOf(bodyBase64) }
}

function textOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString()
}

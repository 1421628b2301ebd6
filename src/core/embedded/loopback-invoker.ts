import { MqError } from '../errors.ts'
import { systemClock } from '../lib/clock.ts'
import { sendAll } from '../broker/handlers/send-all.ts'
import type { Invoker, SendBatchAnswers } from '../client/invoker.ts'
import { parseHost } from '../model/host.ts'
import { answerOfError, type CallContext } from '../remoting/handlers.ts'
import {
  requests,
  type AnswerOf,
  type CallOf,
  type ReplyOf,
  type RequestName,
} from '../remoting/requests/index.ts'
import { ResponseCode } from '../remoting/response-codes.ts'
import type { SendBatch } from '../remoting/send-batch.ts'
import { nodeFileSystem } from '../store/file-system.ts'
import { isForeign } from '../store/foreign-log.ts'
import { Store } from '../store/store.ts'
import { EmbeddedNode, type NodeOptions } from './node.ts'

/**
 * The address records and routes of a folder name while nothing serves it: where `pocketmq serve` would be by
 * default, so that offset ids made now are right then.
 */
export const folderAddress = '127.0.0.1:9876'

/** A folder that could not be written to is tried again after this. */
const dueRetryMs = 10_000
/** What is due comes together: each delivery takes the lock and syncs. */
const dueIntervalMs = 50

/**
 * Calls the very handlers the TCP server calls; no bytes are made. The folder is opened at the first request.
 */
export class LoopbackInvoker implements Invoker {
  readonly #options: NodeOptions
  readonly #create: boolean
  readonly #context: CallContext
  #node: EmbeddedNode | null = null
  /** Epoch ms: what is due before waits until then. */
  #dueAgainAt = 0

  /**
   * @param create false: a folder without a store is an error, since a mistyped one must not look like an
   * empty broker
   */
  constructor(options: Omit<NodeOptions, 'writer'>, create: boolean) {
    this.#create = create
    this.#options = { ...options, writer: 'turn' }
    this.#context = {
      channel: { remoteAddress: folderAddress, congested: false, close: () => undefined },
      remoteHost: parseHost(folderAddress),
      localAddress: folderAddress,
      language: 'NODE_JS',
      version: 0,
    }
  }

  invoke<N extends RequestName>(address: string, name: N, call: CallOf<N>): Promise<ReplyOf<N>> {
    return new Promise((resolve, reject) => {
      this.submit(address, name, call, (error, reply) => (error === null ? resolve(reply!) : reject(error)))
    })
  }

  submit<N extends RequestName>(
    address: string,
    name: N,
    call: CallOf<N>,
    onReply: (error: Error | null, reply: ReplyOf<N> | null) => void,
  ): void {
    // else a runbook that names its broker would change a folder, and be told that the broker has changed
    if (address !== folderAddress) {
      onReply(notHere(address), null)
      return
    }
    let isAnswered = false as boolean
    const answered = (answer: AnswerOf<N>): void => {
      isAnswered = true
      onReply(null, replyOf(answer))
    }
    let node: EmbeddedNode
    try {
      node = this.#open()
    } catch (error) {
      onReply(error as Error, null)
      return
    }
    const handler = node.handlers[name]
    if (handler === undefined) return answered(unknownRequest(name))
    try {
      node.store.refresh()
      if (mayDeliver(name)) this.#deliverDue(node, name)
      handler(this.#context, call, answered)
    } catch (error) {
      // what a callback throws is its own
      if (isAnswered) throw error
      const [own, answer] = outcomeOf(error)
      if (answer === null) onReply(own, null)
      else answered(answer)
    }
  }

  submitAll(_address: string, batch: SendBatch, { stored, answered }: SendBatchAnswers): void {
    const fail = (i: number, error: unknown): void => {
      const [own, answer] = outcomeOf(error)
      answered(i, own, answer === null ? null : replyOf(answer))
    }
    let node: EmbeddedNode
    try {
      node = this.#open()
      node.store.refresh()
      this.#deliverDue(node, 'SEND_MESSAGE_V2')
    } catch (error) {
      batch.bodies.forEach((_, i) => fail(i, error))
      return
    }
    sendAll(node.broker, this.#context, batch, {
      stored,
      reply: (i, answer) => answered(i, null, replyOf(answer)),
      fail,
    })
  }

  /** What is due is delivered by whoever writes or consumes; who reads is not kept from it. */
  #deliverDue(node: EmbeddedNode, name: RequestName): void {
    const { clock = systemClock } = this.#options
    if (clock.now() < this.#dueAgainAt) return
    try {
      if (!node.broker.due.run()) return
      node.store.refresh()
      this.#dueAgainAt = clock.now() + dueIntervalMs
    } catch (error) {
      if (requests[name].impact === 'rw') throw error
      this.#dueAgainAt = clock.now() + dueRetryMs
    }
  }

  #open(): EmbeddedNode {
    if (this.#node !== null) return this.#node
    const { folder, fs = nodeFileSystem } = this.#options
    if (!this.#create && !Store.exists(fs, folder) && !isForeign(fs, folder)) {
      throw new MqError('MQ_STORE_NOT_FOUND', `there is no store in ${folder}`)
    }
    return (this.#node = new EmbeddedNode(this.#options))
  }

  close(): Promise<void> {
    this.#node?.close()
    this.#node = null
    return Promise.resolve()
  }
}

/** A folder's own troubles are no answers of a broker: they keep their code and hint. */
function outcomeOf(
  error: unknown,
): [own: Error, answer: null] | [own: null, answer: { code: number; remark: string }] {
  if (error instanceof MqError && error.code.startsWith('MQ_STORE_')) return [error, null]
  return [null, answerOfError(error)]
}

/** Everything that writes, and what a consumer asks for: where a queue ends, and what is in it. */
const consuming: ReadonlySet<RequestName> = new Set(['PULL_MESSAGE', 'LITE_PULL_MESSAGE', 'GET_MAX_OFFSET'])

function mayDeliver(name: RequestName): boolean {
  const { to, impact } = requests[name]
  return to === 'broker' && (impact === 'rw' || consuming.has(name))
}

function unknownRequest(name: RequestName): { code: number; remark: string } {
  return {
    code: ResponseCode.requestCodeNotSupported,
    remark: ` request type ${requests[name].code} not supported`,
  }
}

function replyOf<N extends RequestName>(answer: AnswerOf<N>): ReplyOf<N> {
  const { code = ResponseCode.success, remark = null, header = null, body = null } = answer
  return { code, remark, header, body } as ReplyOf<N>
}

function notHere(address: string): MqError {
  return new MqError('MQ_BROKER_NOT_EXIST', `${address} is no broker of this folder`, {
    hint: `it has one, ${folderAddress}: leave -b out, or name a cluster with -n host:port`,
  })
}

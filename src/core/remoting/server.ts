import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { MqError } from '../errors.ts'
import { systemTimers, type Timers } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { formatHost, hostOf } from '../model/host.ts'
import { ourVersion } from '../model/versions.ts'
import { decodeCall, encodeCall, writeAnswer, writeRefusal } from './codec.ts'
import { Connection } from './connection.ts'
import { CommandFlag, encodeFrame, type Command, type Frame, type SerializeType } from './frame.ts'
import { answerOfError, type CallContext, type Channel, type Handler, type Handlers } from './handlers.ts'
import { ourLanguage } from './languages.ts'
import { Questions, type OnAnswer } from './questions.ts'
import {
  givesMessages,
  requestNameOf,
  type AnswerOf,
  type CallOf,
  type RequestName,
} from './requests/index.ts'
import { ResponseCode } from './response-codes.ts'
import { notSupportedRemark } from './unsupported.ts'
import { Unsent } from './unsent.ts'

export interface ServerOptions {
  readonly port: number
  readonly bind: string
  readonly handlers: Handlers
  /** A connection is gone: its clients are, too. */
  readonly onDisconnect: (channel: Channel) => void
  /** A connection on which nothing moves, either way, for so long is closed. */
  readonly idleMaxMs?: number
  /** Where callers are said to have dialled, when the socket does not know: an ip, and null for its port. */
  readonly dialledAs?: { readonly host: string; readonly port: number | null }
  /** For what clients are asked; default the system's. */
  readonly timers?: Timers
  readonly log: Log
}

/** NettyServerConfig.serverChannelMaxIdleTimeSeconds */
const idleMaxMsDefault = 120_000

/** How long a peer may read nothing while others are refused because of what is unread. */
const stuckMs = 2000
/** BrokerFastFailure's words */
const busyRemark = '[OVERLOAD]system busy, start flow control for a while'

/**
 * The Remoting protocol over TCP: frames in, handlers, frames out. Answers in the serialize type it was asked
 * in.
 */
export class RemotingServer {
  readonly #options: ServerOptions
  readonly #server: Server
  readonly #connections = new Map<Channel, Connection>()
  readonly #unsent = new Unsent()
  /** What each had not read at the last look. */
  readonly #unread = new WeakMap<Connection, number>()
  #lookedAt = 0
  readonly #questions: Questions
  /** Of requests to clients: theirs have a count of their own. */
  #opaque = 0

  constructor(options: ServerOptions) {
    this.#options = options
    this.#questions = new Questions(options.timers ?? systemTimers)
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket))
  }

  #accept(socket: Socket): void {
    const { onDisconnect, idleMaxMs = idleMaxMsDefault, dialledAs } = this.#options
    const localHost = dialledAs?.host ?? socket.localAddress ?? '127.0.0.1'
    const local = formatHost(hostOf(localHost, dialledAs?.port ?? socket.localPort ?? 0))
    const remoteHost = hostOf(socket.remoteAddress ?? '127.0.0.1', socket.remotePort ?? 0)
    let context: CallContext | null = null
    const connection: Connection = new Connection(
      socket,
      (command) => {
        const { language, version } = command
        // one client, one library: made again when it says otherwise
        if (context?.version !== version || context.language !== language)
          context = { channel: connection, remoteHost, localAddress: local, language, version }
        this.#serve(connection, context, command)
      },
      () => {
        this.#connections.delete(connection)
        this.#questions.disconnected(connection)
        onDisconnect(connection)
      },
      this.#unsent,
    )
    this.#connections.set(connection, connection)
    socket.setTimeout(idleMaxMs, () => connection.close())
  }

  /** Resolves with the port. @throws MQ_FAILED when it cannot listen */
  listen(): Promise<number> {
    const { port, bind } = this.#options
    return new Promise((resolve, reject) => {
      const refused = (error: NodeJS.ErrnoException): void => {
        const why = error.code === 'EADDRINUSE' ? 'the port is in use' : error.message
        reject(
          new MqError('MQ_FAILED', `cannot listen on ${bind}:${port}: ${why}`, {
            hint: 'choose another --port; 0 picks a free one',
            cause: error,
          }),
        )
      }
      this.#server.once('error', refused)
      this.#server.listen(port, bind, () => {
        this.#server.off('error', refused)
        // one connection that could not be taken (no descriptors left, say) is no reason to leave the others
        this.#server.on('error', (error) =>
          this.#options.log('warn', 'connection-refused', `a connection was not taken: ${error.message}`),
        )
        resolve((this.#server.address() as AddressInfo).port)
      })
    })
  }

  /**
   * Takes no new connections and requests, then ends the open ones, with the answers to what was taken.
   * @param answered when those are given that are not given in the turn that brought the request
   */
  async close(answered: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    await new Promise((resolve) => setImmediate(resolve))
    for (const { socket } of this.#connections.values()) socket.pause()
    await answered()
    for (const connection of [...this.#connections.values()]) {
      // a socket that is not read from does not notice that its peer hangs up, too
      connection.socket.resume()
      connection.close()
    }
    await closed
  }

  /** A one-way request to a client. @returns false when it has gone or does not read */
  push<N extends RequestName>(channel: Channel, name: N, call: CallOf<N>): boolean {
    const connection = this.#reader(channel)
    if (connection === null) return false
    connection.send(requestFrame(name, call, this.#nextOpaque(), CommandFlag.oneway))
    return true
  }

  /** A request to a client, and its answer; `onAnswer` as Questions says. */
  ask<N extends RequestName>(
    channel: Channel,
    name: N,
    call: CallOf<N>,
    timeoutMs: number,
    onAnswer: OnAnswer<N>,
  ): void {
    const connection = this.#reader(channel)
    if (connection === null)
      return onAnswer(new MqError('MQ_FAILED', `${channel.remoteAddress} has gone, or does not read`), null)
    const opaque = this.#nextOpaque()
    // before it is remembered: nobody would wait for what could not be asked
    const frame = requestFrame(name, call, opaque, 0)
    if (this.#questions.open(connection, opaque, name, timeoutMs, onAnswer)) connection.send(frame)
  }

  /** Null: it has gone, or does not read. */
  #reader(channel: Channel): Connection | null {
    const connection = this.#connections.get(channel)
    return connection === undefined || connection.congested ? null : connection
  }

  #nextOpaque(): number {
    return (this.#opaque = (this.#opaque + 1) & 0x7fffffff)
  }

  /** While others are refused for it: who has read nothing between two looks does not come to it any more. */
  #hangUpOnStuck(): void {
    const now = Date.now()
    if (now - this.#lookedAt < stuckMs) return
    this.#lookedAt = now
    for (const connection of [...this.#connections.values()]) {
      const { writableLength } = connection.socket
      if (connection.congested && this.#unread.get(connection) === writableLength)
        connection.close(new Error('it does not read'))
      else this.#unread.set(connection, writableLength)
    }
  }

  #serve(connection: Connection, context: CallContext, command: Frame): void {
    const { code, flag } = command
    if (flag & CommandFlag.response) return this.#questions.answered(connection, command)
    const name = requestNameOf(code)
    const handler =
      name === null ? undefined : (this.#options.handlers[name] as Handler<RequestName> | undefined)
    const to = new Return(connection, command)
    if (name === null || handler === undefined) {
      return to.refuse(ResponseCode.requestCodeNotSupported, notSupportedRemark(code))
    }
    if (this.#unsent.full && givesMessages(name)) {
      this.#hangUpOnStuck()
      return to.refuse(ResponseCode.systemBusy, busyRemark)
    }
    try {
      handler(context, decodeCall(name, command), (answer) => to.answer(name, answer))
    } catch (error) {
      to.fail(error)
    }
  }
}

/** A request to a client. @throws HeaderError, RangeError, FrameError for a call that breaks its row */
function requestFrame<N extends RequestName>(name: N, call: CallOf<N>, opaque: number, flag: number): Buffer {
  const header = { language: ourLanguage, version: ourVersion, opaque, remark: null, flag }
  return encodeFrame({ ...encodeCall(name, call), ...header, serializeType: 'json' })
}

/** Where the answer to one request goes. */
class Return {
  readonly #connection: Connection
  readonly opaque: number
  readonly serializeType: SerializeType
  /** One-way: nobody waits for it. */
  readonly #isUnheard: boolean

  constructor(connection: Connection, { opaque, serializeType, flag }: Command) {
    this.#connection = connection
    this.opaque = opaque
    this.serializeType = serializeType
    this.#isUnheard = (flag & CommandFlag.oneway) !== 0
  }

  answer(name: RequestName, answer: AnswerOf<RequestName>): void {
    if (this.#isUnheard || this.#connection.closed) return
    try {
      writeAnswer(this.#connection.out, this, name, answer)
      this.#connection.sendWritten()
    } catch (error) {
      this.fail(error)
    }
  }

  fail(error: unknown): void {
    const { code, remark } = answerOfError(error)
    this.refuse(code, remark)
  }

  refuse(code: number, remark: string): void {
    if (this.#isUnheard || this.#connection.closed) return
    writeRefusal(this.#connection.out, this, code, remark)
    this.#connection.sendWritten()
  }
}

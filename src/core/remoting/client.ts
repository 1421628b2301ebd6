import { connect, type Socket } from 'node:net'
import { MqError } from '../errors.ts'
import { ourVersion } from '../model/versions.ts'
import type { EncodedCall } from './codec.ts'
import { Connection } from './connection.ts'
import { CommandFlag, encodeFrame, type Command, type SerializeType } from './frame.ts'
import { ourLanguage } from './languages.ts'
import { ResponseCode } from './response-codes.ts'

export interface ClientOptions {
  /** For connecting, and for one answer. */
  readonly timeoutMs: number
  /** Header type of requests; codes beyond 16 bits always go as JSON. */
  readonly serializeType?: SerializeType
  /**
   * What a server asks, or tells: requests of the table, by code. The answer is a whole frame; one-way
   * requests have none.
   */
  readonly onRequest?: (command: Command, answer: (frame: Buffer) => void) => void
}

type OnReply = (error: MqError | null, command: Command | null) => void

interface Waiting {
  readonly deadline: number
  readonly frame: Buffer
  readonly onReply: OnReply
  /** What it was sent over; null: no connection was there yet. */
  connection: Connection | null
  /** It was answered GO_AWAY once, and sent again. */
  sentAgain: boolean
}

/** How often answers that are late are looked for: one timer for all, none a request. */
const sweepMs = 50

/** Requests to one address over one connection, matched to their answers by `opaque`. */
export class RemotingClient {
  readonly #address: string
  readonly #options: ClientOptions
  readonly #waiting = new Map<number, Waiting>()
  #connecting: Socket | null = null
  /** Where requests go; null: the next one dials. */
  #connection: Connection | null = null
  /** Who waits for the connection itself. */
  #dialled: ((error: MqError | null) => void)[] = []
  /** With those that are sent nothing more, but still owe answers. */
  readonly #open = new Set<Connection>()
  #opaque = 0
  #sweep: NodeJS.Timeout | null = null

  constructor(address: string, options: ClientOptions) {
    this.#address = address
    this.#options = options
  }

  /** The address of this side, as a socket says it. Dials if need be. @throws MQ_BROKER_UNREACHABLE */
  localHost(): Promise<string> {
    const host = this.#connection?.socket.localAddress
    if (host !== undefined) return Promise.resolve(host)
    if (hostAndPort(this.#address) === null) return Promise.reject(noAddress(this.#address))
    return new Promise((resolve, reject) => {
      this.#dialled.push((error) =>
        error === null ? resolve(this.#connection!.socket.localAddress!) : reject(error),
      )
      this.#connect()
    })
  }

  /** `onReply` is called once, in a later turn for anything but a request that cannot be sent at all. */
  submit(call: EncodedCall, onReply: OnReply): void {
    const opaque = (this.#opaque = (this.#opaque + 1) & 0x7fffffff)
    let frame: Buffer
    try {
      frame = encodeFrame({
        ...call,
        serializeType: call.code > 32767 ? 'json' : (this.#options.serializeType ?? 'json'),
        language: ourLanguage,
        version: ourVersion,
        opaque,
        flag: 0,
        remark: null,
      })
    } catch (error) {
      return onReply(new MqError('MQ_MESSAGE_ILLEGAL', (error as Error).message), null)
    }
    if (hostAndPort(this.#address) === null) {
      return onReply(noAddress(this.#address), null)
    }
    const deadline = Date.now() + this.#options.timeoutMs
    const waiting = { deadline, frame, onReply, connection: null, sentAgain: false }
    this.#waiting.set(opaque, waiting)
    this.#sweep ??= setInterval(() => this.#dropLate(), sweepMs)
    this.#send(waiting)
  }

  close(): void {
    const error = new MqError('MQ_FAILED', `the connection to ${this.#address} was closed`)
    this.#fail(() => true, error)
    for (const tellDialled of this.#dialled.splice(0)) tellDialled(error)
    this.#connecting?.destroy()
    this.#connecting = null
    this.#connection = null
    for (const connection of this.#open) connection.close()
  }

  #send(waiting: Waiting): void {
    waiting.connection = this.#connection
    if (this.#connection !== null) this.#connection.send(waiting.frame)
    else this.#connect()
  }

  #connect(): void {
    if (this.#connecting !== null) return
    const socket = connect({ ...hostAndPort(this.#address)!, noDelay: true })
    this.#connecting = socket
    const failed = (cause: Error): void => {
      if (this.#connecting !== socket) return
      this.#connecting = null
      socket.destroy()
      const why = `cannot connect to ${this.#address}: ${reasonOf(cause)}`
      const error = new MqError('MQ_BROKER_UNREACHABLE', why, { cause })
      this.#fail((waiting) => waiting.connection === null, error)
      for (const tellDialled of this.#dialled.splice(0)) tellDialled(error)
    }
    socket.setTimeout(this.#options.timeoutMs, () => failed(new Error('no answer in time')))
    socket.once('error', failed)
    socket.once('connect', () => {
      socket.setTimeout(0)
      socket.off('error', failed)
      this.#connecting = null
      this.#connected(socket)
    })
  }

  #connected(socket: Socket): void {
    const connection: Connection = new Connection(
      socket,
      (command) => this.#answered(connection, command),
      (error) => this.#lost(connection, error),
    )
    this.#open.add(connection)
    this.#connection = connection
    for (const tellDialled of this.#dialled.splice(0)) tellDialled(null)
    for (const waiting of this.#waiting.values()) if (waiting.connection === null) this.#send(waiting)
  }

  #answered(connection: Connection, command: Command): void {
    if (!(command.flag & CommandFlag.response)) {
      return this.#options.onRequest?.(command, (frame) => {
        if (!(command.flag & CommandFlag.oneway)) connection.send(frame)
      })
    }
    const waiting = this.#waiting.get(command.opaque)
    if (waiting === undefined) return
    if (command.code === ResponseCode.goAway && !waiting.sentAgain) return this.#goneAway(connection, waiting)
    this.#waiting.delete(command.opaque)
    if (this.#waiting.size === 0) this.#stopSweep()
    this.#closeIfDone(connection)
    tell(waiting.onReply, null, command)
  }

  /** The broker is about to go and did nothing: another one may listen there by now (NettyRemotingClient). */
  #goneAway(connection: Connection, waiting: Waiting): void {
    if (this.#connection === connection) this.#connection = null
    waiting.sentAgain = true
    this.#send(waiting)
    this.#closeIfDone(connection)
  }

  #closeIfDone(connection: Connection): void {
    if (connection === this.#connection) return
    for (const waiting of this.#waiting.values()) if (waiting.connection === connection) return
    connection.close()
  }

  #lost(connection: Connection, error: Error | null): void {
    this.#open.delete(connection)
    if (this.#connection === connection) this.#connection = null
    const why = error === null ? 'it was closed' : reasonOf(error)
    this.#fail(
      (waiting) => waiting.connection === connection,
      new MqError('MQ_BROKER_UNREACHABLE', `lost the connection to ${this.#address}: ${why}`),
    )
  }

  #dropLate(): void {
    const now = Date.now()
    const why = `${this.#address} did not answer within ${this.#options.timeoutMs} ms`
    this.#fail(({ deadline }) => deadline <= now, new MqError('MQ_TIMEOUT', why))
  }

  #fail(which: (waiting: Waiting) => boolean, error: MqError): void {
    const failed: OnReply[] = []
    for (const [opaque, waiting] of this.#waiting) {
      if (!which(waiting)) continue
      this.#waiting.delete(opaque)
      failed.push(waiting.onReply)
    }
    if (this.#waiting.size === 0) this.#stopSweep()
    for (const onReply of failed) tell(onReply, error, null)
  }

  #stopSweep(): void {
    if (this.#sweep !== null) clearInterval(this.#sweep)
    this.#sweep = null
  }
}

/** A callback's own error is uncaught, in a turn of its own: it takes no other answer with it. */
function tell(onReply: OnReply, error: MqError | null, command: Command | null): void {
  try {
    onReply(error, command)
  } catch (thrown) {
    queueMicrotask(() => {
      throw thrown as Error
    })
  }
}

function noAddress(address: string): MqError {
  return new MqError('MQ_BROKER_UNREACHABLE', `not host:port: ${JSON.stringify(address)}`)
}

interface HostAndPort {
  readonly host: string
  readonly port: number
}

/** Null for what is none: addresses come from flags, and from the routes of other people's name servers. */
function hostAndPort(address: string): HostAndPort | null {
  const [, bracketed, plain, digits] = /^(?:\[(.+)\]|([^[\]]+)):(\d{1,5})$/.exec(address) ?? []
  const port = Number(digits)
  return digits === undefined || port > 65535 ? null : { host: bracketed ?? plain!, port }
}

function reasonOf(error: Error): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ECONNREFUSED':
      return 'nothing listens there'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the host name is not known'
    case 'ECONNRESET':
      return 'the other side reset it'
    default:
      return error.message === '' ? 'connecting failed' : error.message
  }
}

import { connect, type Socket } from 'node:net'
import { MqError } from '../errors.ts'
import { ourVersion } from '../model/versions.ts'
import type { EncodedCall } from './codec.ts'
import { Connection } from './connection.ts'
import { CommandFlag, encodeFrame, type Command, type SerializeType } from './frame.ts'
import { ourLanguage } from './languages.ts'

export interface ClientOptions {
  /** For connecting, and for one answer. */
  readonly timeoutMs: number
  /** Header type of requests; codes beyond 16 bits always go as JSON. */
  readonly serializeType?: SerializeType
}

interface Waiting {
  readonly deadline: number
  readonly onReply: (error: MqError | null, command: Command | null) => void
}

/** How often answers that are late are looked for: one timer for all, none a request. */
const sweepMs = 50

/** Requests to one address over one connection, matched to their answers by `opaque`. */
export class RemotingClient {
  readonly #address: string
  readonly #options: ClientOptions
  readonly #waiting = new Map<number, Waiting>()
  #connection: Connection | null = null
  #connecting: { readonly socket: Socket; readonly frames: Buffer[] } | null = null
  #opaque = 0
  #sweep: NodeJS.Timeout | null = null

  constructor(address: string, options: ClientOptions) {
    this.#address = address
    this.#options = options
  }

  submit(call: EncodedCall, onReply: (error: MqError | null, command: Command | null) => void): void {
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
    const target = hostAndPort(this.#address)
    if (target === null) {
      const error = new MqError('MQ_BROKER_UNREACHABLE', `not host:port: ${JSON.stringify(this.#address)}`)
      return onReply(error, null)
    }
    this.#waiting.set(opaque, { deadline: Date.now() + this.#options.timeoutMs, onReply })
    this.#sweep ??= setInterval(() => this.#dropLate(), sweepMs)
    if (this.#connection !== null) this.#connection.send(frame)
    else this.#connect(target).frames.push(frame)
  }

  close(): void {
    this.#fail(new MqError('MQ_FAILED', `the connection to ${this.#address} was closed`))
    this.#connecting?.socket.destroy()
    this.#connecting = null
    this.#connection?.close(null)
    this.#connection = null
  }

  #connect(target: HostAndPort): { readonly frames: Buffer[] } {
    if (this.#connecting !== null) return this.#connecting
    const socket = connect({ ...target, noDelay: true })
    const connecting = { socket, frames: [] as Buffer[] }
    this.#connecting = connecting
    const failed = (error: Error): void => {
      if (this.#connecting !== connecting) return
      this.#connecting = null
      socket.destroy()
      this.#fail(
        new MqError('MQ_BROKER_UNREACHABLE', `cannot connect to ${this.#address}: ${reasonOf(error)}`, {
          cause: error,
        }),
      )
    }
    socket.setTimeout(this.#options.timeoutMs, () => failed(new Error('no answer in time')))
    socket.once('error', failed)
    socket.once('connect', () => {
      socket.setTimeout(0)
      socket.off('error', failed)
      this.#connecting = null
      this.#connection = new Connection(
        socket,
        (command) => this.#answered(command),
        (error) => this.#lost(error),
      )
      for (const frame of connecting.frames) this.#connection.send(frame)
    })
    return connecting
  }

  #answered(command: Command): void {
    // requests of a broker to its clients (notifications): nothing here subscribes to any
    if (!(command.flag & CommandFlag.response)) return
    const waiting = this.#waiting.get(command.opaque)
    if (waiting === undefined) return
    this.#waiting.delete(command.opaque)
    if (this.#waiting.size === 0) this.#stopSweep()
    waiting.onReply(null, command)
  }

  #lost(error: Error | null): void {
    this.#connection = null
    const why = error === null ? 'it was closed' : reasonOf(error)
    this.#fail(new MqError('MQ_BROKER_UNREACHABLE', `lost the connection to ${this.#address}: ${why}`))
  }

  #fail(error: MqError): void {
    this.#stopSweep()
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { onReply } of waiting) onReply(error, null)
  }

  #dropLate(): void {
    const now = Date.now()
    for (const [opaque, { deadline, onReply }] of this.#waiting) {
      if (deadline > now) continue
      this.#waiting.delete(opaque)
      onReply(
        new MqError('MQ_TIMEOUT', `${this.#address} did not answer within ${this.#options.timeoutMs} ms`),
        null,
      )
    }
    if (this.#waiting.size === 0) this.#stopSweep()
  }

  #stopSweep(): void {
    if (this.#sweep !== null) clearInterval(this.#sweep)
    this.#sweep = null
  }
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

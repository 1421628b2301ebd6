import { MqError } from '../errors.ts'
import { formatProperties, parseProperties, Property } from '../model/properties.ts'
import type { Clients } from './clients.ts'
import type { ClientPush } from './ports.ts'
import type { PutDone, PutRequest } from './put.ts'

/** Answers to messages sent as requests: told to the client that asked, and stored; ReplyMessageProcessor. */
export class Replies {
  readonly #clients: Clients
  readonly #push: ClientPush
  readonly #put: (request: PutRequest, done: PutDone) => void
  readonly #alone: boolean

  /** @param alone nothing is running that a client could be told by: it looks where the answer is stored */
  constructor(
    clients: Clients,
    push: ClientPush,
    put: (request: PutRequest, done: PutDone) => void,
    alone: boolean,
  ) {
    this.#alone = alone
    this.#clients = clients
    this.#push = push
    this.#put = put
  }

  /** `done` has an error when the client was not told; the reply is stored then, too. @throws as a put */
  send(request: PutRequest, now: number, done: PutDone): void {
    const untold = this.#alone ? null : this.#tell(request, now)
    this.#put(request, (error, queueId, result, handle) => done(untold ?? error, queueId, result, handle))
  }

  /** @returns why it could not be told */
  #tell(request: PutRequest, now: number): MqError | null {
    const properties = parseProperties(request.properties)
    const clientId = properties[Property.replyToClient]
    if (clientId === undefined)
      return new MqError('MQ_FAILED', `reply message properties[${Property.replyToClient}] is null`)
    const client = this.#clients.producerNamed(clientId)
    if (client === null)
      return new MqError('MQ_FAILED', `push reply message fail, channel of <${clientId}> not found.`)
    properties[Property.pushReplyTime] = String(now)
    const pushed = { ...request, properties: formatProperties(properties) }
    if (this.#push.reply(client, pushed, now)) return null
    return new MqError('MQ_FAILED', `push reply message to ${clientId}fail.`)
  }
}

import { MqError } from '../errors.ts'
import { RemotingClient, type ClientOptions } from '../remoting/client.ts'
import { decodeReply, encodeCall, type EncodedCall } from '../remoting/codec.ts'
import type { CallOf, ReplyOf, RequestName } from '../remoting/requests/index.ts'
import type { Invoker, RequestListener } from './invoker.ts'

/** Requests over TCP, a connection an address. */
export class RemoteInvoker implements Invoker {
  readonly #options: ClientOptions
  readonly #clients = new Map<string, RemotingClient>()
  readonly #listeners = new Set<RequestListener>()

  constructor(options: ClientOptions) {
    this.#options = {
      ...options,
      onRequest: (command, answer) => {
        options.onRequest?.(command, answer)
        for (const listener of this.#listeners) listener(command, answer)
      },
    }
  }

  listen(onRequest: RequestListener): () => void {
    this.#listeners.add(onRequest)
    return () => void this.#listeners.delete(onRequest)
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
    let encoded: EncodedCall
    try {
      encoded = encodeCall(name, call)
    } catch (error) {
      return onReply(new MqError('MQ_INVALID_PARAMETER', (error as Error).message, { cause: error }), null)
    }
    this.#client(address).submit(encoded, (error, command) => {
      if (error !== null) return onReply(error, null)
      let reply: ReplyOf<N>
      try {
        reply = decodeReply(name, command!)
      } catch (cause) {
        const why = `${address} answered ${name} with what cannot be read: ${(cause as Error).message}`
        return onReply(new MqError('MQ_FAILED', why, { cause }), null)
      }
      onReply(null, reply)
    })
  }

  /** The address of this side towards a server, without port. @throws MQ_BROKER_UNREACHABLE */
  localHost(address: string): Promise<string> {
    return this.#client(address).localHost()
  }

  #client(address: string): RemotingClient {
    let client = this.#clients.get(address)
    if (client === undefined)
      this.#clients.set(address, (client = new RemotingClient(address, this.#options)))
    return client
  }

  close(): Promise<void> {
    for (const client of this.#clients.values()) client.close()
    this.#clients.clear()
    return Promise.resolve()
  }
}

/** A TCP proxy that passes bytes on unchanged and keeps every frame, requests paired with their answers. */
import { once } from 'node:events'
import { type Server, type Socket, connect, createServer } from 'node:net'
import { CommandFlag, decodeFrame, frameSize } from '../../src/core/remoting/frame.ts'

export interface Exchange {
  /** Counts up over all proxies of the process. */
  readonly order: number
  readonly code: number
  /** The whole frame, its length field included. */
  readonly request: Buffer
  /** Null: a one-way request, or one whose answer did not come before the connection closed. */
  response: Buffer | null
}

let nextOrder = 0

export class RecordingProxy {
  /** In the order the requests arrived, those of servers to clients too. */
  readonly exchanges: Exchange[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(target: { host: string; port: number }) {
    this.#server = createServer((client) => this.#join(client, connect(target.port, target.host)))
  }

  /** Listens on `host` with the target's own port, so that addresses in answers stay true. */
  static async start(host: string, target: string): Promise<RecordingProxy> {
    const [targetHost, port] = target.split(':') as [string, string]
    const proxy = new RecordingProxy({ host: targetHost, port: Number(port) })
    proxy.#server.listen(Number(port), host)
    await once(proxy.#server, 'listening')
    return proxy
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(client: Socket, server: Socket): void {
    const pending = new Map<string, Exchange>()
    this.#pass(client, server, 'server', pending)
    this.#pass(server, client, 'client', pending)
  }

  #pass(from: Socket, to: Socket, toRole: 'client' | 'server', pending: Map<string, Exchange>): void {
    this.#sockets.add(from)
    let rest: Buffer = Buffer.alloc(0)
    from.on('data', (chunk) => {
      to.write(chunk)
      rest = Buffer.concat([rest, chunk])
      for (let size = frameSize(rest, 0, rest.length); size > 0 && size <= rest.length;) {
        this.#keep(Buffer.from(rest.subarray(0, size)), toRole, pending)
        rest = rest.subarray(size)
        size = frameSize(rest, 0, rest.length)
      }
    })
    from.on('error', () => {}) // 'close' follows
    from.on('close', () => {
      this.#sockets.delete(from)
      to.end()
    })
  }

  #keep(frame: Buffer, toRole: 'client' | 'server', pending: Map<string, Exchange>): void {
    const { code, opaque, flag } = decodeFrame(frame, 0, frame.length)
    const isResponse = (flag & CommandFlag.response) !== 0
    // Both sides count their own requests: an answer to the client belongs to a request to the server.
    const asked = isResponse ? (toRole === 'client' ? 'server' : 'client') : toRole
    const key = `${asked} ${opaque}`
    if (isResponse) {
      const exchange = pending.get(key)
      if (exchange !== undefined) exchange.response = frame
      pending.delete(key)
      return
    }
    const exchange: Exchange = { order: nextOrder++, code, request: frame, response: null }
    this.exchanges.push(exchange)
    if ((flag & CommandFlag.oneway) === 0) pending.set(key, exchange)
  }
}

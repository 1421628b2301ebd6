/** A SOCKS 5 proxy that leads who dials one port to a server elsewhere, all others where they dial. */
import { once } from 'node:events'
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net'

const ipv4 = 1
const domainName = 3
const chosenNoAuthentication = Buffer.from([5, 0])
/** The address that it connects from is of no use to anybody. */
const succeeded = Buffer.from([5, 0, 0, ipv4, 0, 0, 0, 0, 0, 0])

export class SocksProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(fromPort: number, target: string) {
    this.#server = createServer((client) => {
      this.#keep(client)
      client.once('data', () => {
        client.write(chosenNoAuthentication)
        client.once('data', (request: Buffer) => {
          const dialled = destinationOf(request)
          if (dialled === null) return void client.destroy()
          const [host, port] =
            dialled.port === fromPort ? target.split(':') : [dialled.host, String(dialled.port)]
          const server = connect(Number(port), host)
          this.#keep(server)
          server.once('connect', () => {
            client.write(succeeded)
            client.pipe(server).pipe(client)
          })
          client.once('close', () => server.destroy())
          server.once('close', () => client.destroy())
        })
      })
    })
  }

  static async start(fromPort: number, target: string): Promise<SocksProxy> {
    const proxy = new SocksProxy(fromPort, target)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {}) // 'close' follows
    socket.once('close', () => this.#sockets.delete(socket))
  }
}

/** Of a request to connect, which comes in one piece: version, command, 0, kind of address, address, port. */
function destinationOf(request: Buffer): { readonly host: string; readonly port: number } | null {
  const port = request.readUInt16BE(request.length - 2)
  if (request[3] === ipv4) return { host: request.subarray(4, 8).join('.'), port }
  if (request[3] === domainName) return { host: request.toString('latin1', 5, request.length - 2), port }
  return null
}

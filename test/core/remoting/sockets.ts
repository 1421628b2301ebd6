import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** Resolves in the turn after `condition` holds; a test's time limit ends the wait. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1))
}

/** Both ends of a TCP connection over the loopback. */
export async function socketPair(): Promise<{ near: Socket; far: Socket; close: () => void }> {
  const server = createServer()
  const port = await listen(server)
  const near = connect(port, '127.0.0.1')
  const [far] = (await once(server, 'connection')) as [Socket]
  server.close()
  return {
    near,
    far,
    close: () => {
      near.destroy()
      far.destroy()
    },
  }
}

export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** A connected socket whose errors end no test. */
export async function dial(port: number, options: { allowHalfOpen?: boolean } = {}): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', ...options })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

import { once } from 'node:events'
import { type Server, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

/** A port nobody listens on now. Another process may take it before its user does: start again then. */
export async function freePort(): Promise<number> {
  const server = await listen(0)
  const { port } = server!.address() as AddressInfo
  await close(server!)
  return port
}

/** A port for a broker: it also listens on port - 2. */
export async function freeBrokerPort(): Promise<number> {
  for (;;) {
    const port = await freePort()
    const fastServer = await listen(port - 2)
    if (fastServer === null) continue
    await close(fastServer)
    return port
  }
}

async function listen(port: number): Promise<Server | null> {
  const server = createServer()
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    return server
  } catch {
    return null
  }
}

async function close(server: Server): Promise<void> {
  server.close()
  await once(server, 'close')
}

import { once } from 'node:events'
import { connect } from 'node:net'
import {
  type Command,
  type ExtFields,
  type SerializeType,
  decodeFrame,
  emptyBody,
  encodeFrame,
  frameSize,
} from '../../src/core/remoting/frame.ts'

/** One request on a connection of its own; null when nobody listens or the connection ends before the answer. */
export async function request(
  address: string,
  code: number,
  ext: ExtFields = {},
  serializeType: SerializeType = 'json',
): Promise<Command | null> {
  const [host, port] = address.split(':') as [string, string]
  const socket = connect(Number(port), host)
  try {
    const head = { code, language: 'OTHER', version: 513, opaque: 1, flag: 0, remark: null }
    socket.write(encodeFrame({ ...head, ext, serializeType, body: emptyBody }))
    let received: Buffer = Buffer.alloc(0)
    for (;;) {
      const [chunk] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as [
        Buffer | boolean,
      ]
      if (!Buffer.isBuffer(chunk)) return null
      received = Buffer.concat([received, chunk])
      const size = frameSize(received, 0, received.length)
      if (size > 0 && received.length >= size) return decodeFrame(received, 0, size)
    }
  } catch {
    return null
  } finally {
    socket.destroy()
  }
}

import type { Socket } from 'node:net'
import { Connection } from '../../../src/core/remoting/connection.ts'
import { encodeFrame, type Command } from '../../../src/core/remoting/frame.ts'
import { dial } from './sockets.ts'

export const request: Command = {
  serializeType: 'json',
  code: 206,
  language: 'JAVA',
  version: 513,
  opaque: 1,
  flag: 0,
  remark: null,
  ext: {},
  body: Buffer.alloc(0),
}

export interface Peer {
  readonly socket: Socket
  readonly answers: Command[]
  ask(change: Partial<Command>): void
}

/** A connection to a server of this machine. */
export async function peer(port: number): Promise<Peer> {
  const socket = await dial(port)
  const answers: Command[] = []
  const connection = new Connection(
    socket,
    (answer) => answers.push(answer),
    () => undefined,
  )
  return {
    socket,
    answers,
    ask: (change) => connection.send(encodeFrame({ ...request, ...change })),
  }
}

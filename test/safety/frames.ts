import { encodeCall } from '../../src/core/remoting/codec.ts'
import { Connection } from '../../src/core/remoting/connection.ts'
import { CommandFlag, encodeFrame, type Command, type SerializeType } from '../../src/core/remoting/frame.ts'
import type { CallOf, RequestName } from '../../src/core/remoting/requests/index.ts'
import type { ServedProcess } from './served.ts'

const header = { language: 'JAVA', version: 513, flag: 0, remark: null }

/** A request as a Java client writes it. */
export function frame<N extends RequestName>(
  name: N,
  call: CallOf<N>,
  opaque = 1,
  serializeType: SerializeType = 'json',
): Buffer {
  return encodeFrame({ ...encodeCall(name, call), ...header, opaque, serializeType })
}

/** A request of any code and content. */
export function rawFrame(
  code: number,
  ext: Readonly<Record<string, string>>,
  body: Buffer = Buffer.alloc(0),
  opaque = 1,
): Buffer {
  return encodeFrame({ ...header, serializeType: 'json', code, ext, body, opaque })
}

/** A frame with a JSON header as given, whatever it is. */
export function withHeader(header: string, body: Buffer = Buffer.alloc(0)): Buffer {
  const text = Buffer.from(header)
  const lengths = Buffer.alloc(8)
  lengths.writeInt32BE(4 + text.length + body.length, 0)
  lengths.writeUInt32BE(text.length, 4)
  return Buffer.concat([lengths, text, body])
}

/** The answer to what is sent over a connection of its own, or null: it was closed. */
export async function tell(served: ServedProcess, bytes: Buffer): Promise<Command | null> {
  const socket = await served.dial()
  return new Promise((resolve) => {
    const connection: Connection = new Connection(
      socket,
      (command) => {
        // a heartbeat also makes the server tell the group's members
        if (!(command.flag & CommandFlag.response)) return
        resolve(command)
        connection.close()
      },
      () => resolve(null),
    )
    socket.write(bytes)
  })
}

export interface SendFields {
  readonly topic: string
  readonly group?: string
  readonly properties?: string
  readonly sysFlag?: number
  readonly queueId?: number
}

/** A message to send. */
export function sendFrame(
  { topic, group = 'p', properties = '', ...more }: SendFields,
  body: Buffer,
  opaque = 1,
): Buffer {
  const { sysFlag = 0, queueId = 0 } = more
  const message = { producerGroup: group, topic, properties, sysFlag, queueId }
  const defaults = { defaultTopic: 'TBW102', defaultTopicQueueNums: 4, bornTimestamp: 0, flag: 0 }
  const rest = { reconsumeTimes: 0, unitMode: false, batch: false }
  return frame('SEND_MESSAGE_V2', { header: { ...message, ...defaults, ...rest }, body }, opaque)
}

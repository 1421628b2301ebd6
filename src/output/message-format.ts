import { MqError } from '../core/errors.ts'
import type { Message } from '../core/model/message.ts'

type Piece = (message: Message) => string | Buffer

/** kcat's letters where it has one; `%q` is RocketMQ's queue. */
const verbs: Readonly<Record<string, Piece>> = {
  t: ({ topic }) => topic,
  n: ({ brokerName }) => brokerName,
  q: ({ queueId }) => String(queueId),
  o: ({ queueOffset }) => String(queueOffset),
  k: ({ keys }) => keys.join(' '),
  g: ({ tag }) => tag ?? '',
  b: ({ body }) => body,
  s: ({ body }) => body,
  S: ({ body }) => String(body.length),
  T: ({ storeTimestamp }) => String(storeTimestamp),
  B: ({ bornTimestamp }) => String(bornTimestamp),
  i: ({ msgId }) => msgId,
  I: ({ offsetMsgId }) => offsetMsgId,
  r: ({ reconsumeTimes }) => String(reconsumeTimes),
  P: ({ properties }) => JSON.stringify(properties),
  '%': () => '%',
}

export const messageFormatHelp =
  '%t topic, %n broker, %q queue, %o offset, %k keys, %g tag, %b or %s body, %S its size, %T stored, %B born, ' +
  '%i and %I ids, %r deliveries before, %P properties, %P{name} one of them, %%; \\n \\t \\r \\0 \\\\ \\xHH'

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0', '\\': '\\' }

/**
 * Reads `%t[%q]@%o %k %b\n`, `%P{name}` for one property, and the escapes \n \t \r \0 \\ \xHH. A body is
 * written as it is, byte for byte.
 * @throws MQ_USAGE
 */
export function compileMessageFormat(source: string): (message: Message) => Buffer {
  const pieces: Piece[] = []
  const token = /%P\{([^}]*)\}|%(P\{|.?)|\\x([\da-fA-F]{2})|\\(.?)|[^%\\]+/gsu
  for (const [text, property, verb, hex, escape] of source.matchAll(token)) {
    if (property !== undefined) pieces.push(({ properties }) => ownProperty(properties, property))
    else if (verb !== undefined) pieces.push(known(verbs, verb, source, `%${verb}`))
    else if (hex !== undefined) pieces.push(constant(Buffer.from(hex, 'hex')))
    else if (escape !== undefined) pieces.push(constant(known(escapes, escape, source, `\\${escape}`)))
    else pieces.push(constant(text))
  }
  return (message) =>
    Buffer.concat(
      pieces.map((piece) => {
        const value = piece(message)
        return typeof value === 'string' ? Buffer.from(value) : value
      }),
    )
}

function constant(value: string | Buffer): Piece {
  return () => value
}

function ownProperty(properties: Readonly<Record<string, string>>, name: string): string {
  return Object.hasOwn(properties, name) ? properties[name]! : ''
}

function known<T>(table: Readonly<Record<string, T>>, name: string, source: string, text: string): T {
  if (Object.hasOwn(table, name)) return table[name]!
  throw new MqError('MQ_USAGE', `format "${source}": unknown ${text}`, {
    hint: messageFormatHelp,
  })
}

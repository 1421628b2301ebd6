import type { Message } from '../core/model/message.ts'
import { RecordMessage } from '../core/model/record-message.ts'
import { pickFields } from './columns.ts'
import { jsonGrowth, JsonBytes } from './json-bytes.ts'
import { messageFields, messageJson } from './message-json.ts'
import { RecordLine, type MessageField } from './record-line.ts'
import type { LineWriter } from './view.ts'

/** All but what is text: names of the fields, numbers. */
const fixedMax = 1024
/** Ids, tag and keys stand in a line once more than in its record. */
const sizeGrowth = 2 * jsonGrowth
const pieceSize = 128 * 1024

/**
 * Messages as NDJSON, byte for byte what JSON.stringify makes of `messageJson`, at a fraction of its cost
 * where the message still lies in its record.
 */
export class MessageLines implements LineWriter<Message> {
  readonly #fields: readonly string[] | null
  readonly #line: RecordLine
  readonly #json = new JsonBytes(pieceSize)
  /** A line that is a piece of its own. */
  #large: Buffer | null = null

  /** @param fields what --columns names; null: all */
  constructor(fields: readonly string[] | null) {
    this.#fields = fields
    const shown = new Set(fields ?? messageFields)
    this.#line = new RecordLine([...shown] as MessageField[])
  }

  *lines(messages: readonly Message[]): Generator<Buffer> {
    for (let next = 0; next < messages.length;) {
      next = this.#fill(messages, next)
      if (this.#json.at > 0) yield this.#json.taken()
      if (this.#large !== null) yield this.#large
      this.#large = null
    }
  }

  /** Writes lines as far as there is room. @returns the place of the first message that is left */
  #fill(messages: readonly Message[], from: number): number {
    const json = this.#json
    for (let i = from; i < messages.length; i++) {
      const message = messages[i]!
      if (message instanceof RecordMessage) {
        const size = message.size * sizeGrowth + message.brokerName.length * jsonGrowth + fixedMax
        // larger records cost little beside their own bytes: JSON.stringify does them
        if (size <= json.bytes.length) {
          if (size > json.bytes.length - json.at) return i
          if (this.#line.write(json, message)) continue
        }
      }
      const text = Buffer.from(JSON.stringify(pickFields(messageJson(message), this.#fields)) + '\n')
      if (text.length > json.bytes.length - json.at) {
        this.#large = text
        return i + 1
      }
      this.#line.forget()
      json.piece(text)
    }
    return messages.length
  }
}

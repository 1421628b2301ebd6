import type { Message } from '../core/model/message.ts'
import { RecordMessage } from '../core/model/record-message.ts'
import { pickFields } from './columns.ts'
import { jsonGrowth, JsonBytes } from './json-bytes.ts'
import { messageFields, messageJson } from './message-json.ts'
import { RecordLine, type MessageField } from './record-line.ts'
import type { LineWriter } from './view.ts'

/** Larger records cost little beside their own bytes: JSON.stringify does them. */
const recordSizeMax = 16 * 1024
/** All but what is text: names of the fields, numbers. */
const fixedMax = 1024
/** Ids, tag and keys stand in a line once more than in its record. */
const sizeGrowth = 2 * jsonGrowth
const piecesSize = 128 * 1024

/**
 * Messages as NDJSON, byte for byte what JSON.stringify makes of `messageJson`, at a fraction of its cost
 * where the message still lies in its record.
 */
export class MessageLines implements LineWriter<Message> {
  readonly #fields: readonly string[] | null
  readonly #line: RecordLine
  #json = new JsonBytes(0)
  #pieces: Buffer[] = []

  /** @param fields what --columns names; null: all */
  constructor(fields: readonly string[] | null) {
    this.#fields = fields
    const shown = new Set(fields ?? messageFields)
    this.#line = new RecordLine([...shown] as MessageField[])
  }

  lines(messages: readonly Message[]): readonly Buffer[] {
    for (const message of messages) {
      if (message instanceof RecordMessage && message.size <= recordSizeMax) {
        const size = message.size * sizeGrowth + message.brokerName.length * jsonGrowth + fixedMax
        this.#makeRoom(size, piecesSize)
        if (this.#line.write(this.#json, message)) continue
      }
      const text = Buffer.from(JSON.stringify(pickFields(messageJson(message), this.#fields)) + '\n')
      this.#makeRoom(text.length, 0)
      this.#json.piece(text)
    }
    this.#endPiece()
    const pieces = this.#pieces
    this.#pieces = []
    return pieces
  }

  #makeRoom(size: number, least: number): void {
    if (this.#json.bytes.length - this.#json.at >= size) return
    this.#endPiece()
    this.#json = new JsonBytes(Math.max(size, least))
  }

  #endPiece(): void {
    const { bytes, at } = this.#json
    if (at > 0) this.#pieces.push(bytes.subarray(0, at))
    this.#json = new JsonBytes(0)
  }
}

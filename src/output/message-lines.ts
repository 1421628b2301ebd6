import { isUtf8 } from 'node:buffer'
import type { Message } from '../core/model/message.ts'
import { Property } from '../core/model/properties.ts'
import { RecordCursor } from '../core/model/record-cursor.ts'
import { RecordMessage } from '../core/model/record-message.ts'
import { SysFlag } from '../core/model/sys-flag.ts'
import { pickFields } from './columns.ts'
import { jsonGrowth, JsonBytes } from './json-bytes.ts'
import { messageFields, messageJson } from './message-json.ts'
import type { LineWriter } from './view.ts'

type Field = (typeof messageFields)[number]
/** Writes `"name":value`; a false value says that only JSON.stringify knows how this one looks. */
type FieldWriter = (line: RecordLine) => boolean

/** Larger records cost little beside their own bytes: JSON.stringify does them. */
const recordSizeMax = 16 * 1024
/** All but what is text: names of the fields, numbers. */
const fixedMax = 1024
/** Ids, tag and keys stand in a line once more than in its record. */
const sizeGrowth = 2 * jsonGrowth
const piecesSize = 128 * 1024
const pairsMax = 64
const unusual = SysFlag.compressed | SysFlag.bornHostV6 | SysFlag.storeHostV6

const [nameEnd, pairEnd, blank] = [1, 2, 0x20]
const [braceOpen, braceClose, bracketOpen, bracketClose, comma, colon, quote, lineFeed] = [
  ...Buffer.from('{}[],:"\n'),
] as [number, number, number, number, number, number, number, number]

/** Where the pairs of a record's property section lie that `parseProperties` would keep. */
class PropertyPairs {
  count = 0
  readonly nameAt = new Int32Array(pairsMax)
  readonly nameEnd = new Int32Array(pairsMax)
  readonly valueEnd = new Int32Array(pairsMax)

  /**
   * @returns false where an object would not have them in this order: names twice, names that are numbers, or
   * too many
   */
  scan(source: Buffer, from: number, end: number): boolean {
    this.count = 0
    let at = from
    let split = -1
    for (let i = from; i <= end; i++) {
      const byte = i < end ? source[i]! : pairEnd
      if (byte === nameEnd) {
        if (split === -1) split = i
      } else if (byte === pairEnd) {
        if (split > at && split < i - 1 && !this.#add(source, at, split, i)) return false
        at = i + 1
        split = -1
      }
    }
    return true
  }

  #add(source: Buffer, at: number, split: number, end: number): boolean {
    const first = source[at]!
    if (this.count === pairsMax || (first >= 0x30 && first <= 0x39)) return false
    for (let i = 0; i < this.count; i++) {
      if (this.nameEnd[i]! - this.nameAt[i]! !== split - at || source[this.nameAt[i]!] !== first) continue
      if (source.compare(source, at, split, this.nameAt[i], this.nameEnd[i]) === 0) return false
    }
    this.nameAt[this.count] = at
    this.nameEnd[this.count] = split
    this.valueEnd[this.count++] = end
    return true
  }

  /** −1: there is none. */
  find(source: Buffer, name: Buffer): number {
    for (let i = 0; i < this.count; i++) {
      const at = this.nameAt[i]!
      if (this.nameEnd[i]! - at !== name.length || source[at] !== name[0]) continue
      if (name.compare(source, at, this.nameEnd[i]) === 0) return i
    }
    return -1
  }
}

/** The line that is being made, and the record it is made of. */
class RecordLine {
  readonly record = new RecordCursor()
  readonly pairs = new PropertyPairs()
  json = new JsonBytes(0)
  brokerName = ''
  brokerJson = '""'

  /** The value of a pair. */
  value(pair: number): boolean {
    return this.json.string(this.record.source, this.pairs.nameEnd[pair]! + 1, this.pairs.valueEnd[pair]!)
  }

  offsetMsgId(): void {
    const { json, record } = this
    json.bytes[json.at++] = quote
    json.hex(record.source, record.storeHostAt, record.storeHostEnd)
    // the offset as it stands in the head
    const offsetAt = record.end - record.size + 28
    json.hex(record.source, offsetAt, offsetAt + 8)
    json.bytes[json.at++] = quote
  }

  keys(pair: number): boolean {
    const { json, record, pairs } = this
    const { bytes } = json
    bytes[json.at++] = bracketOpen
    let count = 0
    const end = pair === -1 ? 0 : pairs.valueEnd[pair]!
    for (let at = pair === -1 ? 0 : pairs.nameEnd[pair]! + 1, i = at; i <= end && pair !== -1; i++) {
      if (i < end && record.source[i] !== blank) continue
      if (i > at) {
        if (count++ > 0) bytes[json.at++] = comma
        if (!json.string(record.source, at, i)) return false
      }
      at = i + 1
    }
    bytes[json.at++] = bracketClose
    return true
  }

  properties(): boolean {
    const { json, record, pairs } = this
    const { bytes } = json
    bytes[json.at++] = braceOpen
    for (let i = 0; i < pairs.count; i++) {
      if (i > 0) bytes[json.at++] = comma
      if (!json.string(record.source, pairs.nameAt[i]!, pairs.nameEnd[i]!)) return false
      bytes[json.at++] = colon
      if (!this.value(i)) return false
    }
    bytes[json.at++] = braceClose
    return true
  }
}

const uniqueKeyName = Buffer.from(Property.uniqueKey)
const tagsName = Buffer.from(Property.tags)
const keysName = Buffer.from(Property.keys)

function number(of: (record: RecordCursor) => number): FieldWriter {
  return ({ json, record }) => {
    json.integer(of(record))
    return true
  }
}

/** The values, each as `messageJson` has it; test/output/message-lines.test.ts holds them together. */
const values: Readonly<Record<Exclude<Field, 'bodyBase64'>, FieldWriter>> = {
  topic: ({ json, record }) => json.string(record.source, record.topicAt, record.topicEnd),
  brokerName: ({ json, brokerJson }) => {
    json.at += json.bytes.write(brokerJson, json.at)
    return true
  },
  queueId: number(({ queueId }) => queueId),
  queueOffset: number(({ queueOffset }) => queueOffset),
  commitLogOffset: number(({ physicalOffset }) => physicalOffset),
  msgId: (line) => {
    const pair = line.pairs.find(line.record.source, uniqueKeyName)
    if (pair !== -1) return line.value(pair)
    line.offsetMsgId()
    return true
  },
  offsetMsgId: (line) => {
    line.offsetMsgId()
    return true
  },
  tag: (line) => {
    const pair = line.pairs.find(line.record.source, tagsName)
    if (pair !== -1) return line.value(pair)
    line.json.ascii('null')
    return true
  },
  keys: (line) => line.keys(line.pairs.find(line.record.source, keysName)),
  properties: (line) => line.properties(),
  bornTimestamp: number(({ bornTimestamp }) => bornTimestamp),
  storeTimestamp: number(({ storeTimestamp }) => storeTimestamp),
  bornHost: ({ json, record }) => {
    json.hostV4(record.source, record.bornHostAt)
    return true
  },
  storeHost: ({ json, record }) => {
    json.hostV4(record.source, record.storeHostAt)
    return true
  },
  reconsumeTimes: number(({ reconsumeTimes }) => reconsumeTimes),
  sysFlag: number(({ sysFlag }) => sysFlag),
  flag: number(({ flag }) => flag),
  bodyCrc: number(({ bodyCrc }) => bodyCrc),
  storeSize: number(({ size }) => size),
  body: ({ json, record }) => json.string(record.source, record.bodyAt, record.bodyEnd),
}

interface CompiledField {
  /** `,"name":` */
  readonly head: Buffer
  readonly write: FieldWriter
  /** A field that only some messages have: left out, its head too, where its writer says no. */
  readonly optional: boolean
}

function compiled(field: Field): CompiledField {
  const head = Buffer.from(`,${JSON.stringify(field)}:`)
  if (field !== 'bodyBase64') return { head, write: values[field], optional: field === 'body' }
  const write: FieldWriter = ({ json, record: { source, bodyAt, bodyEnd } }) => {
    const body = source.subarray(bodyAt, bodyEnd)
    if (isUtf8(body)) return false
    json.ascii(`"${body.toString('base64')}"`)
    return true
  }
  return { head, write, optional: true }
}

/**
 * Messages as NDJSON, byte for byte what JSON.stringify makes of `messageJson`, at a fraction of its cost
 * where the message still lies in its record.
 */
export class MessageLines implements LineWriter<Message> {
  readonly #fields: readonly string[] | null
  readonly #writers: readonly CompiledField[]
  readonly #line = new RecordLine()
  #json = new JsonBytes(0)
  #pieces: Buffer[] = []

  /** @param fields what --columns names; null: all */
  constructor(fields: readonly string[] | null) {
    this.#fields = fields
    const shown = new Set(fields ?? messageFields)
    this.#writers = [...shown].map((field) => compiled(field as Field))
  }

  lines(messages: readonly Message[]): readonly Buffer[] {
    for (const message of messages) {
      if (message instanceof RecordMessage && message.size <= recordSizeMax) {
        const size = message.size * sizeGrowth + message.brokerName.length * jsonGrowth + fixedMax
        this.#makeRoom(size, piecesSize)
        if (writeRecordLine(this.#line, this.#json, message, this.#writers)) continue
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

/** @returns false: it is an unusual one, and nothing was written */
function writeRecordLine(
  line: RecordLine,
  json: JsonBytes,
  message: RecordMessage,
  writers: readonly CompiledField[],
): boolean {
  const { record, pairs } = line
  const begin = json.at
  record.moveTo(message.source, message.at)
  if (record.sysFlag & unusual) return false
  if (!pairs.scan(record.source, record.propertiesAt, record.end)) return false
  line.json = json
  if (line.brokerName !== message.brokerName) {
    line.brokerName = message.brokerName
    line.brokerJson = JSON.stringify(message.brokerName)
  }
  for (const { head, write, optional } of writers) {
    const before = json.at
    json.piece(head)
    if (write(line)) continue
    json.at = before
    if (optional) continue
    json.at = begin
    return false
  }
  // the first field's comma
  if (json.at === begin) json.at++
  json.bytes[begin] = braceOpen
  json.bytes[json.at++] = braceClose
  json.bytes[json.at++] = lineFeed
  return true
}

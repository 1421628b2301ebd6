import { isUtf8 } from 'node:buffer'
import { Property } from '../core/model/properties.ts'
import { RecordCursor } from '../core/model/record-cursor.ts'
import type { RecordMessage } from '../core/model/record-message.ts'
import { SysFlag } from '../core/model/sys-flag.ts'
import { JsonBytes } from './json-bytes.ts'
import type { messageFields } from './message-json.ts'
import { PropertyPairs } from './property-pairs.ts'

export type MessageField = (typeof messageFields)[number]
/** Writes a value; false says that only JSON.stringify knows how this one looks. */
type FieldWriter = (line: RecordParts) => boolean

const unusual = SysFlag.compressed | SysFlag.bornHostV6 | SysFlag.storeHostV6

const blank = 0x20
const [braceOpen, braceClose, bracketOpen, bracketClose, comma, colon, quote, lineFeed] = [
  ...Buffer.from('{}[],:"\n'),
] as [number, number, number, number, number, number, number, number]

/** The record that a line is made of, and the JSON it goes to. */
class RecordParts {
  readonly record = new RecordCursor()
  readonly pairs = new PropertyPairs()
  json = new JsonBytes(0)
  brokerName = ''
  brokerJson = '""'
  lineAt = 0
  /** From where the line goes on, it is a copy of the one before. */
  stays = false
  /** Where each pair of the properties lies in the line. */
  readonly #pairAt: number[] = []
  readonly #pairEnd: number[] = []

  begin(json: JsonBytes, brokerName: string): void {
    this.json = json
    this.lineAt = json.at
    if (this.brokerName === brokerName) return
    this.brokerName = brokerName
    this.brokerJson = JSON.stringify(brokerName)
  }

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
    const { json, record, pairs, lineAt } = this
    const { bytes } = json
    bytes[json.at++] = braceOpen
    for (let i = 0; i < pairs.count; i++) {
      if (i > 0) bytes[json.at++] = comma
      const at = json.at - lineAt
      if (this.stays && pairs.stays[i] === 1 && this.#pairAt[i] === at) {
        json.at = lineAt + this.#pairEnd[i]!
        continue
      }
      this.#pairAt[i] = at
      if (!json.string(record.source, pairs.nameAt[i]!, pairs.nameEnd[i]!)) return false
      bytes[json.at++] = colon
      if (!this.value(i)) return false
      this.#pairEnd[i] = json.at - lineAt
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
const values: Readonly<Record<Exclude<MessageField, 'bodyBase64'>, FieldWriter>> = {
  topic: ({ json, record }) => json.string(record.source, record.topicAt, record.topicEnd),
  brokerName: ({ json, brokerJson }) => {
    json.at += json.bytes.write(brokerJson, json.at)
    return true
  },
  queueId: number(({ queueId }) => queueId),
  queueOffset: number(({ queueOffset }) => queueOffset),
  commitLogOffset: number(({ physicalOffset }) => physicalOffset),
  msgId: (line) => {
    const pair = line.pairs.find(line.record, uniqueKeyName)
    if (pair !== -1) return line.value(pair)
    line.offsetMsgId()
    return true
  },
  offsetMsgId: (line) => {
    line.offsetMsgId()
    return true
  },
  tag: (line) => {
    const pair = line.pairs.find(line.record, tagsName)
    if (pair !== -1) return line.value(pair)
    line.json.ascii('null')
    return true
  },
  keys: (line) => line.keys(line.pairs.find(line.record, keysName)),
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

/** Fields that hardly differ between the messages of a queue: `SteadyParts` says whether they do. */
const steadyFields: ReadonlySet<MessageField> = new Set<MessageField>([
  'topic',
  'brokerName',
  'queueId',
  'bornHost',
  'storeHost',
  'reconsumeTimes',
  'sysFlag',
  'flag',
])

/** The values of the steady fields in the line before. */
class SteadyParts {
  #brokerName = ''
  #topic = Buffer.alloc(0)
  readonly #hosts = Buffer.alloc(16)
  #queueId = -1
  #reconsumeTimes = -1
  #sysFlag = -1
  #flag = -1

  /** Whether a record has them, too; they are its own from now on. Both of its hosts are IPv4. */
  areOf({ record, brokerName }: RecordParts): boolean {
    const { source, topicAt, topicEnd, bornHostAt, storeHostAt } = record
    if (
      record.queueId === this.#queueId &&
      record.reconsumeTimes === this.#reconsumeTimes &&
      record.sysFlag === this.#sysFlag &&
      record.flag === this.#flag &&
      brokerName === this.#brokerName &&
      topicEnd - topicAt === this.#topic.length &&
      record.has(topicAt, this.#topic) &&
      this.#hostsAre(source, bornHostAt, storeHostAt)
    )
      return true
    this.#queueId = record.queueId
    this.#reconsumeTimes = record.reconsumeTimes
    this.#sysFlag = record.sysFlag
    this.#flag = record.flag
    this.#brokerName = brokerName
    this.#topic = Buffer.from(source.subarray(topicAt, topicEnd))
    source.copy(this.#hosts, 0, bornHostAt, bornHostAt + 8)
    source.copy(this.#hosts, 8, storeHostAt, storeHostAt + 8)
    return false
  }

  #hostsAre(source: Buffer, bornHostAt: number, storeHostAt: number): boolean {
    for (let i = 0; i < 8; i++) {
      if (source[bornHostAt + i] !== this.#hosts[i] || source[storeHostAt + i] !== this.#hosts[8 + i])
        return false
    }
    return true
  }
}

interface CompiledField {
  /** `,"name":` */
  readonly head: Buffer
  readonly write: FieldWriter
  /** A field that only some messages have: left out, its head too, where its writer says no. */
  readonly optional: boolean
  readonly steady: boolean
}

function compiled(field: MessageField): CompiledField {
  const head = Buffer.from(`,${JSON.stringify(field)}:`)
  if (field !== 'bodyBase64') {
    return { head, write: values[field], optional: field === 'body', steady: steadyFields.has(field) }
  }
  const write: FieldWriter = ({ json, record: { source, bodyAt, bodyEnd } }) => {
    const body = source.subarray(bodyAt, bodyEnd)
    if (isUtf8(body)) return false
    json.ascii(`"${body.toString('base64')}"`)
    return true
  }
  return { head, write, optional: true, steady: false }
}

interface Line {
  readonly json: JsonBytes
  readonly begin: number
  readonly end: number
}

/**
 * Makes the lines of records. The line before is copied whole, and what it has where this one has the same
 * stays: most names of fields, and what the messages of a queue have in common. One copy of 800 bytes costs
 * 40 ns, a loop over them 1 µs.
 */
export class RecordLine {
  readonly #fields: readonly CompiledField[]
  readonly #parts = new RecordParts()
  readonly #steady = new SteadyParts()
  /** What `#fieldAt` and `#steady` are of. */
  #last: Line | null = null
  /** Where a field's name begins and where its value ends, from the begin of the line; -1: it has none. */
  readonly #fieldAt: Int32Array
  readonly #fieldEnd: Int32Array

  constructor(fields: readonly MessageField[]) {
    this.#fields = fields.map(compiled)
    this.#fieldAt = new Int32Array(fields.length)
    this.#fieldEnd = new Int32Array(fields.length)
  }

  /**
   * Messages whose lines go to the same JSON must all be there until the last is written.
   * @returns false: it is an unusual one, and nothing was written
   */
  write(json: JsonBytes, message: RecordMessage): boolean {
    const parts = this.#parts
    const { record, pairs } = parts
    record.moveTo(message.source, message.at)
    const begin = json.at
    parts.stays = this.#copyLast(json)
    // half a line, if it stays one, is none to go by
    this.#last = null
    if (record.sysFlag & unusual) return false
    if (!pairs.scan(record.source, record.propertiesAt, record.end, parts.stays)) return false
    parts.begin(json, message.brokerName)
    if (!this.#writeFields(json, begin)) {
      json.at = begin
      return false
    }
    // the first field's comma
    if (json.at === begin) json.at++
    json.bytes[begin] = braceOpen
    json.bytes[json.at++] = braceClose
    json.bytes[json.at++] = lineFeed
    this.#last = { json, begin, end: json.at }
    return true
  }

  /** Something else is written to the JSON, perhaps where the line before lies. */
  forget(): void {
    this.#last = null
  }

  #copyLast(json: JsonBytes): boolean {
    const last = this.#last
    if (last?.json !== json || json.at + last.end - last.begin > json.bytes.length) return false
    json.bytes.copyWithin(json.at, last.begin, last.end)
    return true
  }

  #writeFields(json: JsonBytes, begin: number): boolean {
    const parts = this.#parts
    const [fieldAt, fieldEnd] = [this.#fieldAt, this.#fieldEnd]
    const steadyStay = this.#steady.areOf(parts)
    for (let i = 0; i < this.#fields.length; i++) {
      const { head, write, optional, steady } = this.#fields[i]!
      const before = json.at
      const same = parts.stays && fieldAt[i] === before - begin
      if (same && steady && steadyStay) {
        json.at = begin + fieldEnd[i]!
        continue
      }
      if (same) json.at += head.length
      else json.piece(head)
      if (write(parts)) {
        fieldAt[i] = before - begin
        fieldEnd[i] = json.at - begin
        continue
      }
      if (!optional) return false
      // what it wrote may go on behind it
      parts.stays = false
      json.at = before
      fieldAt[i] = -1
    }
    return true
  }
}

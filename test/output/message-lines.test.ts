import assert from 'node:assert/strict'
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { parseHost } from '../../src/core/model/host.ts'
import type { Message } from '../../src/core/model/message.ts'
import { decodeMessage } from '../../src/core/model/message-codec.ts'
import { recordMessages } from '../../src/core/model/record-message.ts'
import {
  hostFlags,
  readRecord,
  recordSize,
  recordVersion,
  writeRecord,
  type StoredRecord,
} from '../../src/core/model/record.ts'
import { SysFlag } from '../../src/core/model/sys-flag.ts'
import { pickFields } from '../../src/output/columns.ts'
import { messageFields, messageJson } from '../../src/output/message-json.ts'
import { MessageLines } from '../../src/output/message-lines.ts'

const hosts = ['127.0.0.1:9876', '10.200.3.255:0', '[::1]:65535'].map(parseHost)
const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', '"', '\\', '\n\t\r\b\f\0\u001f\u007f', 'ü€😀', '\u2028', ' a  b ', '\ufeffx'),
)
const bytes = fc.oneof(
  texts.map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
)
const names = fc.oneof(
  fc.constantFrom('KEYS', 'TAGS', 'UNIQ_KEY', '__proto__', '10', '01', '4294967295', 'a.b', 'KEY'),
  texts,
)
/** Mostly what `formatProperties` makes, sometimes anything. */
const sections = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .array(fc.tuple(names, texts), { maxLength: 70, size: 'medium' })
      .map((pairs) => Buffer.from(pairs.map(([name, value]) => `${name}\u0001${value}\u0002`).join(''))),
  },
  bytes,
  fc
    .string({ unit: fc.constantFrom('\u0001', '\u0002', 'a', 'KEYS', ' ', 'ü') })
    .map((text) => Buffer.from(text)),
)
const someLongs = fc.constantFrom(0, -1, 999_999_999, 1e9, 2 ** 53 - 1, 1 - 2 ** 53)
const longs = fc.oneof(fc.maxSafeInteger(), someLongs)
const ints = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const offsets = fc.maxSafeNat()

const fieldsOfRecord = fc.record({
  bodyCrc: ints,
  queueId: ints,
  flag: ints,
  queueOffset: offsets,
  physicalOffset: offsets,
  sysFlag: fc.constantFrom(0, 0, 0, SysFlag.commit, SysFlag.compressed, SysFlag.compressed | SysFlag.lz4),
  bornTimestamp: longs,
  bornHost: fc.constantFrom(...hosts),
  storeTimestamp: longs,
  storeHost: fc.constantFrom(...hosts),
  reconsumeTimes: ints,
  preparedTransactionOffset: longs,
  body: fc.oneof(
    bytes,
    bytes.map((body) => deflateSync(body)),
    fc.integer({ min: 0, max: 40_000 }).map((size) => Buffer.alloc(size, '"x')),
  ),
  topic: fc.oneof(
    fc.constant(Buffer.from('orders')),
    fc.string({ minLength: 100, maxLength: 160 }).map((name) => Buffer.from(name)),
    bytes,
  ),
  properties: sections,
})
type RecordFields = typeof fieldsOfRecord extends fc.Arbitrary<infer T> ? T : never
const fieldNames: (keyof RecordFields)[] = [
  'bodyCrc',
  'queueId',
  'flag',
  'queueOffset',
  'physicalOffset',
  'sysFlag',
  'bornTimestamp',
  'bornHost',
  'storeTimestamp',
  'storeHost',
  'reconsumeTimes',
  'preparedTransactionOffset',
  'body',
  'topic',
  'properties',
]

function recordOf(fields: RecordFields): Buffer {
  const { sysFlag, bornHost, storeHost, topic } = fields
  const version = recordVersion(topic.length)
  const record: StoredRecord = {
    ...fields,
    version,
    sysFlag: hostFlags(sysFlag, bornHost, storeHost),
  }
  const written = Buffer.alloc(recordSize(record))
  writeRecord(written, 0, record)
  return written
}

const records: fc.Arbitrary<Buffer> = fieldsOfRecord.map(recordOf)
/** A byte of the properties that is another one: at a place, counted around, and what it becomes. */
const slips = fc.tuple(fc.nat({ max: 5000 }), fc.constantFrom(1, 2, 0x20, 0x22, 0x30, 0x61, 0xff))
/** Each as the one before it but for a little, as those of one queue are: their lines are much alike. */
const likeRecords: fc.Arbitrary<Buffer[]> = fc
  .tuple(
    fieldsOfRecord,
    fc.array(fc.tuple(fieldsOfRecord, fc.subarray(fieldNames, { maxLength: 2 }), fc.option(slips)), {
      maxLength: 20,
    }),
  )
  .map(([first, changes]) => {
    const all = [first]
    for (const [other, changed, slip] of changes) {
      const next = { ...all.at(-1)!, ...Object.fromEntries(changed.map((name) => [name, other[name]])) }
      const properties = Buffer.from(next.properties)
      if (slip !== null && properties.length > 0) properties[slip[0] % properties.length] = slip[1]
      all.push({ ...next, properties })
    }
    return all.map(recordOf)
  })

function plainLines(messages: readonly Message[], fields: readonly string[] | null): string {
  return messages.map((message) => JSON.stringify(pickFields(messageJson(message), fields)) + '\n').join('')
}

function decoded(answer: Buffer, brokerName: string): Message[] {
  const messages: Message[] = []
  for (let at = 0; at < answer.length; at += answer.readInt32BE(at))
    messages.push(decodeMessage(readRecord(answer, at), brokerName))
  return messages
}

/** Each piece is overwritten by the next. */
function joined(pieces: Iterable<Buffer>): Buffer {
  return Buffer.concat(Array.from(pieces, (piece) => Buffer.from(piece)))
}

describe('MessageLines', () => {
  it('writes byte for byte what JSON.stringify makes of the message, in the order of the fields', () => {
    const columns = fc.option(fc.array(fc.constantFrom(...messageFields), { minLength: 1 }))
    fc.assert(
      fc.property(
        fc.oneof(fc.array(records, { maxLength: 12 }), likeRecords),
        texts,
        columns,
        (answers, brokerName, fields) => {
          const answer = Buffer.concat(answers)
          const writer = new MessageLines(fields)
          const expected = Buffer.from(plainLines(decoded(answer, brokerName), fields))
          // twice: what it keeps between calls must not show
          for (const lazy of [recordMessages(answer, brokerName), recordMessages(answer, brokerName)])
            assert.deepEqual(joined(writer.lines(lazy)), expected)
          assert.deepEqual(joined(writer.lines(decoded(answer, brokerName))), expected)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('begins again in the memory of the lines before, with lines of every size between', () => {
    const [first] = fc.sample(fieldsOfRecord, 1) as [RecordFields]
    const usual = { sysFlag: 0, bornHost: hosts[0]!, storeHost: hosts[0]!, topic: Buffer.from('t') }
    const sizes = [
      ...Array<number>(700).fill(150),
      9_000,
      30_000,
      200_000,
      1,
      20_000,
      ...Array<number>(700).fill(149),
    ]
    const answer = Buffer.concat(
      [...sizes, ...sizes].map((size, i) =>
        recordOf({ ...first, ...usual, queueOffset: i, body: Buffer.alloc(size, `${i}`) }),
      ),
    )
    const written = joined(new MessageLines(null).lines(recordMessages(answer, 'b'))).toString()
    assert.equal(written, plainLines(decoded(answer, 'b'), null))
  })

  it('sees a name that is there twice, though the messages before have it once', () => {
    const [first] = fc.sample(fieldsOfRecord, 1) as [RecordFields]
    const usual = { sysFlag: 0, bornHost: hosts[0]!, storeHost: hosts[0]! }
    const plain = { ...first, ...usual, topic: Buffer.from('t'), body: Buffer.from('b') }
    const answer = Buffer.concat(
      ['a\u0001x\u0002b\u0001y\u0002', 'a\u0001x\u0002a\u0001y\u0002', 'b\u0001x\u0002b\u0001y\u0002'].map(
        (properties) => recordOf({ ...plain, properties: Buffer.from(properties) }),
      ),
    )
    const written = joined(new MessageLines(null).lines(recordMessages(answer, 'b'))).toString()
    assert.equal(written, plainLines(decoded(answer, 'b'), null))
  })
})

describe('RecordMessage', () => {
  it('has what the decoded message has', () => {
    fc.assert(
      fc.property(records, (record) => {
        const [message] = decoded(record, 'broker-a') as [Message]
        const lazy: Message = recordMessages(record, 'broker-a')[0]!
        for (const name of Object.keys(message) as (keyof Message)[])
          assert.deepEqual(lazy[name], message[name], name)
      }),
    )
  })
})

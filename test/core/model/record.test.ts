import assert from 'node:assert/strict'
import fc from 'fast-check'
import { crc32 } from '../../../src/core/lib/crc32.ts'
import { parseHost } from '../../../src/core/model/host.ts'
import { parseProperties } from '../../../src/core/model/properties.ts'
import {
  crcPropertySize,
  hostFlags,
  inspectRecord,
  Magic,
  readRecord,
  recordSize,
  recordSizeMin,
  recordVersion,
  writeBlank,
  writeRecord,
  writeRecordCrc,
  type StoredRecord,
} from '../../../src/core/model/record.ts'
import { SysFlag } from '../../../src/core/model/sys-flag.ts'

const hostV4 = parseHost('192.0.2.7:10911')
const hostV6 = parseHost('[2001:db8::7]:10911')

function record(change: Partial<StoredRecord> = {}): StoredRecord {
  const { bornHost = hostV4, storeHost = hostV4, body = Buffer.from('hello') } = change
  const topic = change.topic ?? Buffer.from('TopicTest')
  return {
    version: recordVersion(topic.length),
    bodyCrc: crc32(body),
    queueId: 3,
    flag: 7,
    queueOffset: 41,
    physicalOffset: 4096,
    sysFlag: hostFlags(0, bornHost, storeHost),
    bornTimestamp: 1_700_000_000_000,
    bornHost,
    storeTimestamp: 1_700_000_000_123,
    storeHost,
    reconsumeTimes: 2,
    preparedTransactionOffset: 99,
    body,
    topic,
    properties: Buffer.from('KEYS\u0001k1\u0002'),
    ...change,
  }
}

function bytesOf(written: StoredRecord): Buffer {
  const bytes = Buffer.alloc(recordSize(written))
  writeRecord(bytes, 0, written)
  return bytes
}

/** As the store writes it: with room for `__CRC32#`, then filled in. */
function sealedBytes(change: Partial<StoredRecord> = {}): Buffer {
  const plain = record(change)
  const bytes = bytesOf({
    ...plain,
    properties: Buffer.concat([plain.properties, Buffer.alloc(crcPropertySize)]),
  })
  writeRecordCrc(bytes, 0, bytes.length)
  return bytes
}

const int32 = fc.integer({ min: -0x80000000, max: 0x7fffffff })
const anyHost = fc.oneof(
  fc.uint8Array({ minLength: 8, maxLength: 8 }),
  fc.uint8Array({ minLength: 20, maxLength: 20 }),
)
const anyRecord = fc
  .record({
    bornHost: anyHost.map((host) => Buffer.from(host)),
    storeHost: anyHost.map((host) => Buffer.from(host)),
    body: fc.uint8Array({ maxLength: 60 }).map((body) => Buffer.from(body)),
    topic: fc.uint8Array({ maxLength: 300 }).map((topic) => Buffer.from(topic)),
    properties: fc.uint8Array({ maxLength: 60 }).map((properties) => Buffer.from(properties)),
    sysFlag: int32,
    queueId: int32,
    flag: int32,
    reconsumeTimes: int32,
    bodyCrc: int32,
    queueOffset: fc.maxSafeInteger(),
    physicalOffset: fc.maxSafeInteger(),
    bornTimestamp: fc.maxSafeInteger(),
    storeTimestamp: fc.maxSafeInteger(),
    preparedTransactionOffset: fc.maxSafeInteger(),
  })
  .map((fields) =>
    record({ ...fields, sysFlag: hostFlags(fields.sysFlag, fields.bornHost, fields.storeHost) }),
  )

describe('writeRecord and readRecord', () => {
  it('give back every record, V1 and V2, IPv4 and IPv6, wherever it stands', () => {
    fc.assert(
      fc.property(anyRecord, fc.nat(20), (written, at) => {
        const bytes = Buffer.alloc(at + recordSize(written) + 5, 0xee)
        assert.equal(writeRecord(bytes, at, written), recordSize(written))
        assert.deepEqual(readRecord(bytes, at), written)
        assert.ok(bytes.subarray(at + recordSize(written)).equals(Buffer.alloc(5, 0xee)))
      }),
    )
  })

  it('lay an IPv4 record out as CommitLog does', () => {
    const bytes = bytesOf(record())
    assert.equal(bytes.length, recordSizeMin + 'hello'.length + 'TopicTest'.length + 8)
    assert.equal(bytes.readUInt32BE(4), 0xdaa320a7)
    assert.equal(bytes.toString('utf8', 88, 93), 'hello')
    assert.equal(bytes[93], 'TopicTest'.length)
  })

  it('change to V2 where a signed length byte ends', () => {
    assert.equal(recordVersion(127), 1)
    assert.equal(recordVersion(128), 2)
    const bytes = bytesOf(record({ topic: Buffer.alloc(200, 'x') }))
    assert.equal(bytes.readUInt32BE(4), 0xdaa320ab)
    assert.equal(bytes.length, recordSizeMin + 1 + 5 + 200 + 8)
  })

  it('refuse what is no record', () => {
    const bytes = bytesOf(record())
    for (const [at, value] of [
      [0, bytes.length + 1],
      [0, 10],
      [4, 0],
      [84, 6],
      [84, -1],
    ] as const) {
      const broken = Buffer.from(bytes)
      broken.writeInt32BE(value, at)
      assert.throws(() => readRecord(broken, 0), RangeError)
    }
  })
})

describe('hostFlags', () => {
  it('sets the host bits by the hosts and leaves the others', () => {
    assert.equal(
      hostFlags(SysFlag.compressed | SysFlag.storeHostV6, hostV6, hostV4),
      SysFlag.compressed | SysFlag.bornHostV6,
    )
    assert.equal(hostFlags(0, hostV4, hostV6), SysFlag.storeHostV6)
  })
})

describe('inspectRecord', () => {
  it('finds a record whole at its own place only', () => {
    const bytes = sealedBytes()
    assert.deepEqual(inspectRecord(bytes, 0, 4096, 'required'), { frame: 'message', size: bytes.length })
    assert.deepEqual(inspectRecord(Buffer.concat([Buffer.alloc(9), bytes]), 9, 4096, 'required'), {
      frame: 'message',
      size: bytes.length,
    })
    assert.equal(inspectRecord(bytes, 0, 4097, 'required').frame, 'bad')
  })

  it('finds records of other brokers, without the CRC property or without a body', () => {
    for (const change of [{}, { body: Buffer.alloc(0) }, { properties: Buffer.alloc(0) }]) {
      const bytes = bytesOf(record(change))
      assert.equal(inspectRecord(bytes, 0, 4096, 'optional').frame, 'message')
      assert.deepEqual(inspectRecord(bytes, 0, 4096, 'required'), { frame: 'bad', why: 'no record crc' })
    }
  })

  it('never takes a truncated record for a whole one', () => {
    for (const change of [{}, { topic: Buffer.alloc(200, 'x') }, { bornHost: hostV6, storeHost: hostV6 }]) {
      const bytes = sealedBytes(change)
      for (let length = 0; length < bytes.length; length++) {
        const cut = inspectRecord(bytes.subarray(0, length), 0, 4096, 'required')
        assert.equal(cut.frame, length < 8 ? 'zeros' : 'cut', `${length} bytes`)
        const torn = Buffer.alloc(bytes.length)
        bytes.copy(torn, 0, 0, length)
        const frame = inspectRecord(torn, 0, 4096, 'required').frame
        if (!torn.equals(bytes)) assert.notEqual(frame, 'message', `${length} bytes, then zeros`)
      }
    }
  })

  it('notices every bit that flips in a record we wrote', () => {
    for (const change of [
      {},
      { topic: Buffer.alloc(200, 'x') },
      { bornHost: hostV6 },
      { body: Buffer.alloc(0) },
    ]) {
      const bytes = sealedBytes(change)
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const flipped = Buffer.from(bytes)
        flipped[bit >> 3]! ^= 1 << (bit & 7)
        const { frame } = inspectRecord(flipped, 0, 4096, 'required')
        assert.notEqual(frame, 'message', `bit ${bit & 7} of byte ${bit >> 3}`)
      }
    }
  })

  it('notices body damage in records of other brokers, too', () => {
    const bytes = bytesOf(record({ body: Buffer.alloc(300, 'b') }))
    for (let at = 88; at < 388; at++) {
      const flipped = Buffer.from(bytes)
      flipped[at]! ^= 0x10
      assert.deepEqual(inspectRecord(flipped, 0, 4096, 'optional'), { frame: 'bad', why: 'body crc' })
    }
  })

  it('tells blanks, zeros and garbage apart', () => {
    const blank = Buffer.alloc(16)
    writeBlank(blank, 0, 500)
    assert.deepEqual(inspectRecord(blank, 0, 0, 'required'), { frame: 'blank', size: 500 })
    assert.deepEqual(inspectRecord(Buffer.alloc(100), 0, 0, 'required'), { frame: 'zeros' })
    assert.equal(inspectRecord(Buffer.alloc(100, 7), 0, 0, 'required').frame, 'bad')
    const small = Buffer.alloc(200)
    small.writeInt32BE(recordSizeMin - 1, 0)
    small.writeInt32BE(Magic.v1, 4)
    assert.equal(inspectRecord(small, 0, 0, 'optional').frame, 'bad')
  })

  it('never throws, whatever lies there', () => {
    const magics = fc.constantFrom<number>(Magic.v1, Magic.v2, Magic.blank, 0)
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 200 }), magics, int32, (array, magic, size) => {
        const bytes = Buffer.from(array)
        bytes.writeInt32BE(size % 300, 0)
        bytes.writeInt32BE(magic, 4)
        assert.ok(inspectRecord(bytes, 0, 0, 'optional').frame !== 'message')
      }),
    )
  })
})

describe('writeRecordCrc', () => {
  it('writes ten digits, least significant first, that a reader sees as the last property', () => {
    const bytes = sealedBytes()
    const properties = parseProperties(readRecord(bytes, 0).properties.toString())
    assert.equal(properties['KEYS'], 'k1')
    const digits = properties['__CRC32#']!
    assert.match(digits, /^\d{10}$/)
    const value = Number(Array.from(digits).reverse().join(''))
    assert.equal(value, crc32(bytes.subarray(0, bytes.length - crcPropertySize)))
  })
})

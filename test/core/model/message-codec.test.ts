import assert from 'node:assert/strict'
import { deflateSync } from 'node:zlib'
import { compressFrameSync } from 'lz4-napi'
import { crc32 } from '../../../src/core/lib/crc32.ts'
import { parseHost } from '../../../src/core/model/host.ts'
import { decodeMessage, decodeMessages } from '../../../src/core/model/message-codec.ts'
import { formatProperties } from '../../../src/core/model/properties.ts'
import { recordSize, writeRecord, type StoredRecord } from '../../../src/core/model/record.ts'
import { SysFlag } from '../../../src/core/model/sys-flag.ts'

function record(change: Partial<StoredRecord> = {}): StoredRecord {
  const body = change.body ?? Buffer.from('hello')
  return {
    version: 1,
    bodyCrc: crc32(body),
    queueId: 1,
    flag: 2,
    queueOffset: 3,
    physicalOffset: 9193,
    sysFlag: 0,
    bornTimestamp: 5,
    bornHost: parseHost('192.0.2.7:4000'),
    storeTimestamp: 6,
    storeHost: parseHost('127.0.0.1:21911'),
    reconsumeTimes: 7,
    preparedTransactionOffset: 8,
    body,
    topic: Buffer.from('t'),
    properties: Buffer.alloc(0),
    ...change,
  }
}

function bytesOf(...records: StoredRecord[]): Buffer {
  return Buffer.concat(
    records.map((each) => {
      const bytes = Buffer.alloc(recordSize(each))
      writeRecord(bytes, 0, each)
      return bytes
    }),
  )
}

const text = Buffer.from('the same words again and again, '.repeat(200))
/** `zstd -19` of the text: Node 20 cannot make it. */
const zstdText = Buffer.from('KLUv/QRoJQEA0HRoZSBzYW1lIHdvcmRzIGFnYWluIGFuZCwgAgDdOFTHFCtjKm9EXQ==', 'base64')

describe('decodeMessage', () => {
  it('names fields as DESIGN does', () => {
    const properties = Buffer.from(
      formatProperties({ UNIQ_KEY: 'U', TAGS: 'tag', KEYS: 'a  b', colour: 'blue' }),
    )
    const message = decodeMessage(record({ properties }), 'broker-a')
    assert.deepEqual(
      { ...message, properties: { ...message.properties } },
      {
        topic: 't',
        brokerName: 'broker-a',
        queueId: 1,
        queueOffset: 3,
        commitLogOffset: 9193,
        msgId: 'U',
        offsetMsgId: '7F0000010000559700000000000023E9',
        tag: 'tag',
        keys: ['a', 'b'],
        properties: { UNIQ_KEY: 'U', TAGS: 'tag', KEYS: 'a  b', colour: 'blue' },
        bornTimestamp: 5,
        storeTimestamp: 6,
        bornHost: '192.0.2.7:4000',
        storeHost: '127.0.0.1:21911',
        reconsumeTimes: 7,
        sysFlag: 0,
        flag: 2,
        bodyCrc: crc32(Buffer.from('hello')),
        storeSize: recordSize(record({ properties })),
        preparedTransactionOffset: 8,
        body: Buffer.from('hello'),
      },
    )
  })

  it('has the offset id as its id, no tag and no keys where there are none', () => {
    const message = decodeMessage(record(), 'b')
    assert.equal(message.msgId, message.offsetMsgId)
    assert.equal(message.tag, null)
    assert.deepEqual(message.keys, [])
  })

  const compressed: Record<string, { body: Buffer; type: number }> = {
    'zlib, by old clients that set no type': { body: deflateSync(text), type: 0 },
    zlib: { body: deflateSync(text), type: SysFlag.zlib },
    lz4: { body: compressFrameSync(text), type: SysFlag.lz4 },
    zstd: { body: zstdText, type: SysFlag.zstd },
  }
  for (const [name, { body, type }] of Object.entries(compressed)) {
    it(`decompresses ${name}, and clears the bit that said so`, () => {
      const message = decodeMessage(record({ body, sysFlag: SysFlag.compressed | type }), 'b')
      assert.ok(message.body.equals(text))
      assert.equal(message.sysFlag, type)
      assert.equal(message.bodyCrc, crc32(body))
    })

    it(`gives a broken ${name} body as it is stored, its bit set`, () => {
      const broken = body.subarray(0, body.length - 12)
      const sysFlag = SysFlag.compressed | type
      const message = decodeMessage(record({ body: broken, sysFlag }), 'b')
      assert.ok(message.body.equals(broken))
      assert.equal(message.sysFlag, sysFlag)
    })
  }
})

describe('decodeMessages', () => {
  it('reads records one behind the other', () => {
    const records = [record(), record({ body: Buffer.alloc(0) }), record({ queueOffset: 4 })]
    const messages = decodeMessages(bytesOf(...records), 'b')
    assert.deepEqual(
      messages.map((message) => [message.queueOffset, message.body.length]),
      [
        [3, 5],
        [3, 0],
        [4, 5],
      ],
    )
    assert.deepEqual(decodeMessages(Buffer.alloc(0), 'b'), [])
  })

  it('says so when the last one is cut', () => {
    const bytes = bytesOf(record(), record())
    for (let length = recordSize(record()) + 1; length < bytes.length; length++) {
      assert.throws(() => decodeMessages(bytes.subarray(0, length), 'b'), RangeError)
    }
  })
})

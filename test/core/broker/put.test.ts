import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import type { Broker } from '../../../src/core/broker/broker.ts'
import { queryMessages } from '../../../src/core/broker/query.ts'
import { parseBatch } from '../../../src/core/broker/put.ts'
import { limits } from '../../../src/core/model/limits.ts'
import { formatProperties, parseProperties } from '../../../src/core/model/properties.ts'
import { readRecord } from '../../../src/core/model/record.ts'
import { SysFlag } from '../../../src/core/model/sys-flag.ts'
import type { AppendResult } from '../../../src/core/store/append-batch.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { closeBroker, ManualTime, openBroker, put, putRequest, topicConfig } from './test-broker.ts'

interface Part {
  body: Buffer
  properties: string
  flag?: number
}

function batchBody(parts: readonly Part[]): Buffer {
  return Buffer.concat(
    parts.map(({ body, properties, flag = 0 }) => {
      const text = Buffer.from(properties)
      const bytes = Buffer.alloc(22 + body.length + text.length)
      bytes.writeInt32BE(bytes.length, 0)
      bytes.writeInt32BE(flag, 12)
      bytes.writeInt32BE(body.length, 16)
      bytes.set(body, 20)
      bytes.writeInt16BE(text.length, 20 + body.length)
      bytes.set(text, 22 + body.length)
      return bytes
    }),
  )
}

describe('putting messages', () => {
  const folder = temporaryFolder()
  let broker: Broker

  beforeEach(() => {
    broker = openBroker(folder.path, new ManualTime())
    broker.topics.update(topicConfig('T'))
  })
  afterEach(() => closeBroker(broker))

  async function stored(change: Parameters<typeof put>[1]): Promise<Record<string, string>> {
    const { physicalOffset } = await put(broker, change)
    return parseProperties(readRecord(broker.store.record(physicalOffset)!, 0).properties.toString('utf8'))
  }

  function putBatch(body: Buffer, topic = 'T'): Promise<readonly AppendResult[]> {
    return new Promise((resolve, reject) => {
      broker.putBatch(putRequest({ topic, body }), (error, _queueId, results) =>
        error === null ? resolve(results!) : reject(error),
      )
    })
  }

  it('adds what a broker adds, and keeps what is there', async () => {
    const added = await stored({ properties: 'KEYS\u0001k' })
    assert.match(added['UNIQ_KEY']!, /^[0-9A-F]{32}$/)
    assert.equal(added['CLUSTER'], 'DefaultCluster')
    assert.equal(added['MSG_REGION'], 'DefaultRegion')
    assert.equal(added['TRACE_ON'], 'true')
    assert.equal(added['KEYS'], 'k')
    const kept = await stored({ properties: formatProperties({ UNIQ_KEY: 'mine', TRACE_ON: 'false' }) })
    assert.equal(kept['UNIQ_KEY'], 'mine')
    assert.equal(kept['TRACE_ON'], 'false')
  })

  it('drops properties that would be taken for its own', async () => {
    const properties = await stored({
      properties: formatProperties({ POP_CK: 'a', '__CRC32#': '0000000000', MY_POP_CK: 'b' }),
    })
    assert.equal(properties['POP_CK'], undefined)
    assert.notEqual(properties['__CRC32#'], '0000000000')
    assert.equal(properties['MY_POP_CK'], 'b')
  })

  it('finds a message by the unique key it was given, though one without value came first', async () => {
    const properties = await stored({ properties: 'UNIQ_KEY\u0001\u0002' })
    const found = queryMessages(broker.store, {
      ...{ topic: 'T', key: properties['UNIQ_KEY']!, by: 'key' },
      ...{ begin: 0, end: Number.MAX_SAFE_INTEGER, countMax: 10 },
    })
    assert.equal(found.length, 1)
  })

  it('refuses what it could only store and forget, by name and not by likeness', async () => {
    await assert.rejects(put(broker, { sysFlag: SysFlag.prepared }), { code: 'MQ_MESSAGE_ILLEGAL' })
    const alike = { MY_TIMER_DELIVER_MS: '3', note: 'TIMER_DELAY_MS', X_TRAN_MSG: 'true' }
    const properties = await stored({ properties: formatProperties(alike) })
    for (const [name, value] of Object.entries(alike)) assert.equal(properties[name], value)
  })

  it('refuses names and queues that are none', async () => {
    const cases: [Parameters<typeof put>[1], string][] = [
      [{ topic: '../../etc' }, 'MQ_INVALID_PARAMETER'],
      [{ topic: '' }, 'MQ_INVALID_PARAMETER'],
      [{ topic: 'x'.repeat(128) }, 'MQ_INVALID_PARAMETER'],
      [{ topic: 'SCHEDULE_TOPIC_XXXX' }, 'MQ_NO_PERMISSION'],
      [{ topic: 'unknown', defaultTopic: 'unknown, too' }, 'MQ_TOPIC_NOT_EXIST'],
      [{ queueId: 4 }, 'MQ_INVALID_PARAMETER'],
      [{ body: Buffer.alloc(limits.bodySizeMax + 1) }, 'MQ_MESSAGE_ILLEGAL'],
      // NettyDecoder has null for no bytes, and HookUtils refuses that
      [{ body: Buffer.alloc(0) }, 'MQ_MESSAGE_ILLEGAL'],
    ]
    for (const [change, code] of cases)
      await assert.rejects(put(broker, change), { code }, JSON.stringify(change).slice(0, 60))
    assert.equal(broker.store.commitLogMaxOffset, 0)
  })

  it('takes properties up to what a record holds, and one byte more not', async () => {
    const overhead = (await stored({ properties: 'a\u0001b\u0002' }))['UNIQ_KEY']!.length
    assert.equal(overhead, 32)
    const empty = await put(broker, {})
    const size = readRecord(broker.store.record(empty.physicalOffset)!, 0).properties.length
    const room = limits.propertiesSizeMax - size
    const filled = (length: number): string => `p\u0001${'x'.repeat(length - 3)}\u0002`
    await put(broker, { properties: filled(room) })
    await assert.rejects(put(broker, { properties: filled(room + 1) }), { code: 'MQ_MESSAGE_ILLEGAL' })
  })

  it('picks write queues in turn for a queue below 0', async () => {
    const queues = new Set<number>()
    for (let i = 0; i < 8; i++) queues.add((await put(broker, { queueId: -1 })).queueId)
    assert.deepEqual([...queues].sort(), [0, 1, 2, 3])
  })

  it('asks for a key in a compaction topic', async () => {
    broker.topics.update(topicConfig('C', { attributes: { '+cleanup.policy': 'COMPACTION' } }))
    await assert.rejects(put(broker, { topic: 'C' }), { code: 'MQ_MESSAGE_ILLEGAL' })
    await put(broker, { topic: 'C', properties: 'KEYS\u0001k\u0002' })
  })

  it('stores a batch one behind the other, each with its own properties and flag', async () => {
    const parts = [1, 2, 3].map((i) => ({
      body: Buffer.from(`b${i}`),
      properties: `KEYS\u0001k${i}\u0002`,
      flag: i,
    }))
    const results = await putBatch(batchBody(parts))
    assert.deepEqual(
      results.map((result) => result.queueOffset),
      [0, 1, 2],
    )
    results.forEach(({ physicalOffset }, i) => {
      const record = readRecord(broker.store.record(physicalOffset)!, 0)
      assert.equal(record.body.toString(), `b${i + 1}`)
      assert.equal(record.flag, i + 1)
      const properties = parseProperties(record.properties.toString('utf8'))
      // measured on 5.5.0: neither cluster nor region
      assert.deepEqual(Object.keys(properties), ['KEYS', '__CRC32#'])
    })
  })

  it('measures a batch by what was sent: its records may take more than is staged at a time', async () => {
    closeBroker(broker)
    rmSync(folder.path, { recursive: true })
    broker = openBroker(folder.path, new ManualTime(), undefined, { segmentSize: 32 * 1024 * 1024 })
    broker.topics.update(topicConfig('T'))
    const part = { body: Buffer.from('tiny'), properties: '' }
    const count = Math.floor(limits.bodySizeMax / batchBody([part]).length)
    const parts = Array.from({ length: count }, () => part)
    const results = await putBatch(batchBody(parts))
    const last = results.at(-1)!
    assert.deepEqual([results.length, last.queueOffset], [count, count - 1])
    assert.ok(last.physicalOffset > 2 * 8 * 1024 * 1024)
    assert.equal(readRecord(broker.store.record(last.physicalOffset)!, 0).body.toString(), 'tiny')
    const { physicalOffset } = await put(broker, { body: Buffer.from('next') })
    assert.equal(readRecord(broker.store.record(physicalOffset)!, 0).body.toString(), 'next')
    await assert.rejects(putBatch(batchBody([...parts, part])), { code: 'MQ_MESSAGE_ILLEGAL' })
  })

  it('stores a batch whole or not at all', async () => {
    const good = { body: Buffer.from('good'), properties: '' }
    const atLimit = `p\u0001${'x'.repeat(limits.propertiesSizeMax - 20 - 2)}`
    for (const bad of [
      { body: good.body, properties: 'DELAY\u00013\u0002' },
      { body: good.body, properties: 'TRAN_MSG\u0001true\u0002' },
      // one separator more than fits behind it
      { body: good.body, properties: atLimit },
      { body: Buffer.alloc(limits.bodySizeMax), properties: '' },
    ]) {
      await assert.rejects(putBatch(batchBody([good, bad])), { code: 'MQ_MESSAGE_ILLEGAL' })
    }
    await assert.rejects(putBatch(batchBody([good]), '%RETRY%g'), { code: 'MQ_MESSAGE_ILLEGAL' })
    assert.equal(broker.store.extent('T', 0).endOffset, 0)
    const [result] = await putBatch(batchBody([{ body: good.body, properties: atLimit.slice(0, -1) }]))
    assert.equal(result!.queueOffset, 0)
  })
})

describe('parseBatch', () => {
  it('reads what MessageDecoder.encodeMessages writes', () => {
    const parts = [
      { body: Buffer.from('one'), properties: 'größe\u00011\u0002', flag: 7 },
      { body: Buffer.alloc(0), properties: '', flag: -1 },
    ]
    assert.deepEqual(parseBatch(batchBody(parts)), parts)
  })

  it('refuses every truncation, every length that lies, and a batch of nothing', () => {
    const whole = batchBody([{ body: Buffer.from('one'), properties: 'a\u0001b\u0002' }])
    for (let length = 0; length < whole.length; length++) {
      assert.throws(() => parseBatch(whole.subarray(0, length)), { code: 'MQ_MESSAGE_ILLEGAL' })
    }
    for (const at of [0, 16]) {
      for (const lie of [-1, 0, 1, 2, 200, 0x7fffffff, -0x80000000]) {
        const broken = Buffer.from(whole)
        broken.writeInt32BE(lie, at)
        assert.throws(() => parseBatch(broken), { code: 'MQ_MESSAGE_ILLEGAL' }, `${lie} at ${at}`)
      }
    }
  })
})

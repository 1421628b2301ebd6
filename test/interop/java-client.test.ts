import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { crc32 } from '../../src/core/lib/crc32.ts'
import { eventually } from './clients/world.ts'
import { JavaDriver, type MessageRow } from './java-driver.ts'
import { type Target, targets } from './targets.ts'

for (const [name, start] of Object.entries(targets)) {
  describe(`Java client 5.5.0 on ${name}`, () => {
    let target: Target

    before(async () => {
      target = await start()
    })

    for (const headerType of ['json', 'binary'] as const) {
      describe(`with ${headerType} headers`, () => suite(headerType))
    }

    function suite(headerType: 'json' | 'binary'): void {
      const topicOf = (purpose: string) => `Java-${purpose}-${headerType}`
      const driver = () => new JavaDriver(target.namesrv, headerType)

      it('sends to a topic made on the way, pulls every message back as it was, and finds it by its ids', async () => {
        const topic = topicOf('send')
        const compressible = Buffer.alloc(5000, 'x')
        const binary = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
        const sent = await driver().send(topic, [
          {
            body: 'grün',
            tag: 'A',
            keys: ['k1', 'k2'],
            properties: { colour: 'grün', empty: ' ' },
            queueId: 1,
          },
          { bodyBase64: compressible.toString('base64'), tag: 'B', queueId: 1 },
          { bodyBase64: binary.toString('base64'), queueId: 3 },
        ])
        assert.deepEqual(
          sent.map((row) => [row.sendStatus, row.brokerName, row.queueId, row.queueOffset]),
          [
            ['SEND_OK', 'broker-a', 1, 0],
            ['SEND_OK', 'broker-a', 1, 1],
            ['SEND_OK', 'broker-a', 3, 0],
          ],
        )

        const pulled = await driver().pull(topic)
        assert.deepEqual(pulled.map(bodyOf), [Buffer.from('grün'), compressible, binary])
        assert.deepEqual(
          pulled.map((row) => [row.msgId, row.offsetMsgId, row.queueId, row.queueOffset]),
          sent.map((row) => [row.msgId, row.offsetMsgId, row.queueId, row.queueOffset]),
        )
        const [first, second, third] = pulled as [MessageRow, MessageRow, MessageRow]
        assert.deepEqual([first.tag, first.keys, second.tag, second.keys], ['A', ['k1', 'k2'], 'B', []])
        assert.match(first.properties['__CRC32#'] ?? '', /^\d{10}$/)
        assert.deepEqual(first.properties, {
          '__CRC32#': first.properties['__CRC32#'],
          CLUSTER: 'DefaultCluster',
          KEYS: 'k1 k2',
          MSG_REGION: 'DefaultRegion',
          TAGS: 'A',
          TRACE_ON: 'true',
          UNIQ_KEY: first.msgId,
          WAIT: 'true',
          colour: 'grün',
          empty: ' ',
        })
        assert.deepEqual([third.topic, third.brokerName, third.storeHost], [topic, 'broker-a', target.broker])
        assert.deepEqual([third.bornHost, third.reconsumeTimes, third.flag], ['127.0.0.1', 0, 0])
        assert.equal(third.bodyCrc, crc32(binary) & 0x7fffffff)
        // The client inflates the body and clears the bit of sysFlag; the size is that of the record.
        assert.equal(second.storeSize < 500, true)

        // No broker name where no queue was asked.
        const unnamed = (row: MessageRow) => ({ ...row, brokerName: null })
        assert.deepEqual(await driver().view(topic, first.offsetMsgId), unnamed(first))
        // a broker indexes keys a moment after it has acknowledged
        const view = await eventually(() => driver().view(topic, second.msgId), Boolean)
        assert.deepEqual(view, unnamed(second))
        const query = await eventually(() => driver().query(topic, 'k2'), Boolean)
        assert.deepEqual(query, [unnamed(first)])
      })

      it('sends a batch: one request, consecutive offsets, an id each', async () => {
        const topic = topicOf('batch')
        const batch = await driver().sendBatch(topic, [
          { body: 'b0', tag: 'A', keys: ['kb'] },
          { body: 'b1', properties: { n: '1' } },
          { body: 'b2' },
        ])
        const pulled = await driver().pull(topic)
        assert.deepEqual(
          pulled.map((row) => bodyOf(row).toString()),
          ['b0', 'b1', 'b2'],
        )
        assert.deepEqual(
          batch.msgId.split(','),
          pulled.map((row) => row.msgId),
        )
        assert.deepEqual(
          batch.offsetMsgId.split(','),
          pulled.map((row) => row.offsetMsgId),
        )
        assert.deepEqual(
          pulled.map((row) => row.queueOffset),
          [0, 1, 2],
        )
        const [first, second] = pulled as [MessageRow, MessageRow]
        assert.deepEqual([first.tag, first.keys, second.properties['n']], ['A', ['kb'], '1'])
        // Unlike single messages these get no region, trace flag or cluster from the broker.
        assert.deepEqual(Object.keys(second.properties), ['UNIQ_KEY', 'WAIT', '__CRC32#', 'n'])
      })

      it('pulls more than one answer holds, by tag, and with the lite pull consumer, whose offsets are kept', async () => {
        const topic = topicOf('many')
        const messages = Array.from({ length: 100 }, (_, i) => ({
          body: `m${i}`,
          tag: i % 10 === 0 ? 'T' : 'U',
          queueId: i % 2,
        }))
        await driver().send(topic, messages)
        const ids = (rows: readonly MessageRow[]) => rows.map((row) => row.msgId).sort()

        const pulled = await driver().pull(topic, { max: 7 })
        assert.deepEqual(
          pulled.map((row) => bodyOf(row).toString()).sort(),
          messages.map((m) => m.body).sort(),
        )
        assert.deepEqual(
          (await driver().pull(topic, { tag: 'T || Z' })).map((row) => bodyOf(row).toString()),
          messages.filter((m) => m.tag === 'T').map((m) => m.body),
        )
        const group = `${topic}-group`
        assert.deepEqual(ids(await driver().litePull(topic, { group, commit: true })), ids(pulled))
        const kept = [offsetRow(0, 50, 50), offsetRow(1, 50, 50), offsetRow(2, 0, -1), offsetRow(3, 0, -1)]
        const seen = async (): Promise<unknown> => {
          const rows = await driver().offsets(topic, { group, time: pulled[0]!.storeTimestamp })
          // Of a group's first commits at once a broker of RocketMQ's may lose one for good: each of two
          // threads makes the group's table (ConsumerOffsetManager.commitOffset). So all is committed again.
          if (name === 'real RocketMQ 5.5.0' && !isDeepStrictEqual(rows, kept))
            await driver().litePull(topic, { group, commit: true })
          return rows
        }
        await eventually(seen, (rows) => isDeepStrictEqual(rows, kept))
        await driver().commitOffset(topic, group, 1, 7)
        await eventually(
          async () => (await driver().offsets(topic, { group })).map((row) => row.consumerOffset),
          (offsets) => isDeepStrictEqual(offsets, [50, 7, -1, -1]),
        )
      })

      it('is told what went wrong', async () => {
        await assert.rejects(
          driver().pull(topicOf('absent')),
          /MQClientException: Can not find Message Queue/,
        )
        await assert.rejects(driver().view(topicOf('send'), 'no-such-id'), /CODE: 208/)
        await assert.rejects(driver().send('bad topic', [{ body: 'x' }]), /contains illegal characters/)
      })
    }
  })
}

function bodyOf(row: MessageRow): Buffer {
  return Buffer.from(row.bodyBase64, 'base64')
}

function offsetRow(queueId: number, maxOffset: number, consumerOffset: number) {
  return { brokerName: 'broker-a', queueId, minOffset: 0, maxOffset, searchOffset: 0, consumerOffset }
}

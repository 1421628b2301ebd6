import assert from 'node:assert/strict'
import type { Broker } from '../../../src/core/broker/broker.ts'
import { formatProperties } from '../../../src/core/model/properties.ts'
import type { StoreOptions } from '../../../src/core/store/store.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { closeBroker, ManualTime, openBroker, putRequest, topicConfig } from './test-broker.ts'

const caps = { messagesMax: 32, bytesMax: 256 * 1024 }

interface Stored {
  readonly queueOffset: number
  readonly queueId: number
  readonly duplicateOf: string | null
}

function send(
  broker: Broker,
  uniqueKey: string,
  properties: Record<string, string>,
  topic = 'T',
): Promise<Stored> {
  const request = putRequest({ topic, properties: formatProperties({ UNIQ_KEY: uniqueKey, ...properties }) })
  return new Promise((resolve, reject) => {
    broker.put(request, (error, queueId, result) =>
      error === null
        ? resolve({ queueId, queueOffset: result!.queueOffset, duplicateOf: result!.duplicateOf ?? null })
        : reject(error),
    )
  })
}

for (const writer of ['hold', 'turn'] as const) {
  describe(`messages with a dedup key, ${writer === 'hold' ? 'served' : 'in a folder'}`, () => {
    const folder = temporaryFolder()
    let time: ManualTime
    let broker: Broker
    const open = (): Broker => {
      const options: Partial<StoreOptions> = { writer }
      return openBroker(folder.path, time, caps, options)
    }
    const count = (): number => broker.store.extent('T', 0).endOffset

    beforeEach(() => {
      time = new ManualTime()
      broker = open()
      for (const topic of ['T', 'U']) broker.topics.update(topicConfig(topic))
    })
    afterEach(() => closeBroker(broker))

    it('are stored once within their window, whoever asks, and again after it', async () => {
      const first = await send(broker, 'A', { DEDUP_KEY: 'k' })
      assert.deepEqual(first, { queueId: 0, queueOffset: 0, duplicateOf: null })
      await send(broker, 'x', { KEYS: 'k' })
      assert.deepEqual(await send(broker, 'B', { DEDUP_KEY: 'k' }), { ...first, duplicateOf: 'A' })
      assert.equal((await send(broker, 'C', { DEDUP_KEY: 'other' })).duplicateOf, null)
      assert.equal((await send(broker, 'D', { DEDUP_KEY: 'k' }, 'U')).duplicateOf, null)
      closeBroker(broker)
      broker = open()
      time.advance(300_000)
      assert.equal((await send(broker, 'E', { DEDUP_KEY: 'k' })).duplicateOf, 'A')
      time.advance(1)
      assert.equal((await send(broker, 'F', { DEDUP_KEY: 'k' })).duplicateOf, null)
      assert.equal((await send(broker, 'G', { DEDUP_KEY: 'k', DEDUP_WINDOW_MS: '10' })).duplicateOf, 'F')
      assert.equal(count(), 4)
    })

    it('are stored once, too, when they come together', async () => {
      const all = await Promise.all(['A', 'B', 'C'].map((each) => send(broker, each, { DEDUP_KEY: 'k' })))
      assert.deepEqual(
        all.map(({ duplicateOf }) => duplicateOf),
        [null, 'A', 'A'],
      )
      assert.equal(count(), 1)
    })

    it('are known while they wait, and not known again by their delivery', async () => {
      const delayed = { DEDUP_KEY: 'k', TIMER_DELAY_SEC: '600' }
      await send(broker, 'A', delayed)
      assert.deepEqual(await send(broker, 'B', delayed), { queueId: 0, queueOffset: 0, duplicateOf: 'A' })
      await send(broker, 'level', { DEDUP_KEY: 'l', DELAY: '1' })
      assert.equal((await send(broker, 'again', { DEDUP_KEY: 'l' })).duplicateOf, 'level')
      time.advance(600_000)
      broker.due.run()
      assert.equal(count(), 2)
      assert.equal((await send(broker, 'C', { DEDUP_KEY: 'k' })).duplicateOf, null)
    })

    it('are refused where they could not be told apart', async () => {
      const illegal = { code: 'MQ_MESSAGE_ILLEGAL' }
      const half = { DEDUP_KEY: 'k', TRAN_MSG: 'true', PGROUP: 'PG' }
      await assert.rejects(async () => send(broker, 'A', half), illegal)
      await assert.rejects(
        async () => send(broker, 'A', { DEDUP_KEY: 'k', DEDUP_WINDOW_MS: 'soon' }),
        illegal,
      )
      assert.equal(count(), 0)
    })
  })
}

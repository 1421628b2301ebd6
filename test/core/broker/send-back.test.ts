import assert from 'node:assert/strict'
import type { Broker } from '../../../src/core/broker/broker.ts'
import { formatHost, parseHost } from '../../../src/core/model/host.ts'
import { offsetMsgId } from '../../../src/core/model/ids.ts'
import { formatProperties, parseProperties } from '../../../src/core/model/properties.ts'
import { readRecord } from '../../../src/core/model/record.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { closeBroker, host, ManualTime, openBroker, put, topicConfig } from './test-broker.ts'

interface Copy {
  readonly physicalOffset: number
  readonly reconsumeTimes: number
  readonly body: string
  readonly properties: Readonly<Record<string, string>>
}

describe('messages that were consumed in vain', () => {
  const folder = temporaryFolder()
  let time: ManualTime
  let broker: Broker

  beforeEach(() => {
    time = new ManualTime()
    broker = openBroker(folder.path, time)
    broker.due.start()
    broker.topics.update(topicConfig('T'))
  })
  afterEach(() => closeBroker(broker))

  const copies = (topic: string): Copy[] =>
    broker.store.records(topic, 0, broker.store.entries(topic, 0, 0, 100)).map((bytes) => {
      const record = readRecord(bytes!, 0)
      const { physicalOffset, reconsumeTimes, body, properties } = record
      return {
        physicalOffset,
        reconsumeTimes,
        body: body.toString(),
        properties: parseProperties(properties.toString()),
      }
    })
  const sendBack = (
    commitLogOffset: number,
    delayLevel = 0,
    retriesMax: number | null = null,
  ): Promise<void> =>
    new Promise((resolve, reject) => {
      broker.sendBack({ group: 'G', commitLogOffset, delayLevel, retriesMax, storeHost: host }, (error) =>
        error === null ? resolve() : reject(error),
      )
    })
  const pass = async (ms: number): Promise<void> => {
    time.advance(ms)
    await new Promise((resolve) => broker.store.whenSynced(resolve))
  }

  it('keep where they were born, over IPv6 or not, and are stored by who takes them back', async () => {
    const v6 = parseHost('[2001:db8::7]:4711')
    const sent = await put(broker, {
      bornHost: v6,
      storeHost: v6,
      properties: formatProperties({ KEYS: 'k' }),
    })
    await sendBack(sent.physicalOffset)
    await pass(10_000)
    const [copy] = copies('%RETRY%G')
    assert.equal(copy!.properties['ORIGIN_MESSAGE_ID'], offsetMsgId(v6, sent.physicalOffset))
    assert.equal(copy!.properties['ORIGIN_MESSAGE_ID'].length, 56)
    const { bornHost, storeHost, body } = readRecord(broker.store.record(copy!.physicalOffset)!, 0)
    assert.equal(formatHost(bornHost), '[2001:db8::7]:4711')
    assert.equal(formatHost(storeHost), formatHost(host))
    assert.equal(body.toString(), 'hello')
  })

  it('come again by the retry topic, later each time, and at last are dead letters', async () => {
    const sent = await put(broker, { properties: formatProperties({ KEYS: 'k', TAGS: 'a', UNIQ_KEY: 'U' }) })
    const origin = offsetMsgId(host, sent.physicalOffset)
    await sendBack(sent.physicalOffset)
    await pass(9_999)
    assert.deepEqual(copies('%RETRY%G'), [])
    await pass(1)
    await sendBack(copies('%RETRY%G')[0]!.physicalOffset)
    await pass(29_999)
    assert.equal(copies('%RETRY%G').length, 1)
    await pass(1)
    const [first, second] = copies('%RETRY%G') as [Copy, Copy]
    assert.deepEqual([first.reconsumeTimes, second.reconsumeTimes], [1, 2])
    for (const { body, properties } of [first, second]) {
      const { RETRY_TOPIC, ORIGIN_MESSAGE_ID, KEYS, TAGS, UNIQ_KEY, WAIT } = properties
      assert.deepEqual(
        [body, RETRY_TOPIC, ORIGIN_MESSAGE_ID, KEYS, TAGS, UNIQ_KEY, WAIT],
        ['hello', 'T', origin, 'k', 'a', 'U', 'false'],
      )
    }
    await sendBack(second.physicalOffset, 0, 2)
    const [dead] = copies('%DLQ%G')
    assert.deepEqual(
      [dead!.reconsumeTimes, dead!.properties['RETRY_TOPIC'], dead!.properties['DELAY']],
      [3, 'T', undefined],
    )
    await pass(7_200_000)
    assert.deepEqual([copies('%RETRY%G').length, copies('%DLQ%G').length], [2, 1])
  })

  it('wait as long as the consumer says, or not at all', async () => {
    const { physicalOffset } = await put(broker)
    await sendBack(physicalOffset, 1)
    await pass(1_000)
    assert.equal(copies('%RETRY%G').length, 1)
    await sendBack(physicalOffset, -1)
    assert.equal(copies('%DLQ%G').length, 1)
    await assert.rejects(sendBack(physicalOffset + 1), { code: 'MQ_FAILED', message: /by offset failed/ })
  })

  it('are dead letters, too, when a consumer sends them too often, or in order, itself', async () => {
    const delayed = { topic: '%RETRY%G', properties: formatProperties({ DELAY: '1' }) }
    broker.topics.createRetryTopic('G')
    await put(broker, { ...delayed, reconsumeTimes: 16 })
    await pass(1_000)
    assert.deepEqual([copies('%RETRY%G').length, copies('%DLQ%G').length], [1, 0])
    await put(broker, { ...delayed, reconsumeTimes: 17 })
    await put(broker, { ...delayed, reconsumeTimes: 3, maxReconsumeTimes: 2 })
    broker.queueLocks.lock('G', 'T', 0, 'client')
    await put(broker, delayed)
    broker.queueLocks.unlock('G', 'T', 0, 'client')
    await put(broker, delayed)
    await pass(1_000)
    assert.deepEqual([copies('%RETRY%G').length, copies('%DLQ%G').length], [2, 3])
  })
})

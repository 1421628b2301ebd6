import assert from 'node:assert/strict'
import type { Broker } from '../../../../src/core/broker/broker.ts'
import type { PutRequest } from '../../../../src/core/broker/put.ts'
import { formatProperties, parseProperties } from '../../../../src/core/model/properties.ts'
import { readRecord } from '../../../../src/core/model/record.ts'
import type { StoreOptions } from '../../../../src/core/store/store.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { closeBroker, host, ManualTime, openBroker, putRequest, topicConfig } from '../test-broker.ts'

const caps = { messagesMax: 32, bytesMax: 256 * 1024 }

interface Sent {
  readonly queueId: number
  readonly handle: string | null
}

function send(broker: Broker, properties: Record<string, string>, body = 'x'): Promise<Sent> {
  const request: PutRequest = putRequest({
    properties: formatProperties(properties),
    body: Buffer.from(body),
    queueId: 1,
  })
  return new Promise((resolve, reject) => {
    broker.put(request, (error, queueId, _result, handle) =>
      error === null ? resolve({ queueId, handle }) : reject(error),
    )
  })
}

function recall(broker: Broker, recallHandle: string): Promise<string> {
  const request = { topic: 'T', recallHandle, producerGroup: 'PG', bornHost: host, storeHost: host }
  return new Promise((resolve, reject) => {
    broker.recall(request, (error, uniqueKey) => (error === null ? resolve(uniqueKey) : reject(error)))
  })
}

function arrived(broker: Broker): { body: string; properties: Record<string, string> }[] {
  broker.store.refresh()
  const entries = broker.store.entries('T', 1, 0, 10_000)
  return broker.store.records('T', 1, entries).map((bytes) => {
    const record = readRecord(bytes!, 0)
    return { body: record.body.toString(), properties: parseProperties(record.properties.toString()) }
  })
}

const bodies = (broker: Broker): string[] => arrived(broker).map(({ body }) => body)

for (const writer of ['hold', 'turn'] as const) {
  describe(`delayed messages, ${writer === 'hold' ? 'served' : 'in a folder'}`, () => {
    const folder = temporaryFolder()
    let time: ManualTime
    let broker: Broker
    const open = (options: Partial<StoreOptions> = {}): Broker => {
      const opened = openBroker(folder.path, time, caps, { writer, ...options })
      if (writer === 'hold') opened.due.start()
      return opened
    }
    const reopen = (): void => {
      closeBroker(broker)
      broker = open()
    }
    /** Lets time pass; what a server does then has come to its end when this is over. */
    const pass = async (ms: number): Promise<void> => {
      time.advance(ms)
      if (writer === 'turn') broker.due.run()
      else await new Promise((resolve) => broker.store.whenSynced(resolve))
    }

    beforeEach(() => {
      time = new ManualTime()
      broker = open()
      broker.topics.update(topicConfig('T'))
    })
    afterEach(() => closeBroker(broker))

    it('come after their level, once, with the properties RocketMQ leaves', async () => {
      const { queueId, handle } = await send(broker, {
        DELAY: '3',
        KEYS: 'k',
        TAGS: 't',
        TIMER_DELAY_SEC: '1',
      })
      assert.deepEqual([queueId, handle], [1, null])
      assert.equal(broker.store.extent('SCHEDULE_TOPIC_XXXX', 2).endOffset, 1)
      await pass(9_999)
      assert.deepEqual(bodies(broker), [])
      await pass(1)
      const [message] = arrived(broker)
      const { DELAY, REAL_TOPIC, REAL_QID, KEYS, TAGS, TIMER_DELAY_SEC } = message!.properties
      assert.deepEqual(
        [DELAY, REAL_TOPIC, REAL_QID, KEYS, TAGS, TIMER_DELAY_SEC],
        ['3', 'T', '1', 'k', 't', undefined],
      )
      await pass(100_000)
      reopen()
      await pass(100_000)
      assert.deepEqual(bodies(broker), ['x'])
      assert.equal(broker.store.nextDueAt, null)
    })

    it('come though their properties fill the record that waits', async () => {
      const full = async (properties: Record<string, string>): Promise<void> => {
        for (let size = 32_767; ; size--) {
          try {
            await send(broker, { ...properties, a: 'x'.repeat(size) }, 'full')
            return
          } catch {
            // the most that is taken
          }
        }
      }
      await full({ TIMER_DELAY_MS: '2000' })
      await full({ DELAY: '1' })
      await send(broker, { TIMER_DELAY_MS: '2000' }, 'behind')
      await pass(3_000)
      assert.deepEqual(bodies(broker).sort(), ['behind', 'full', 'full'])
      assert.equal(broker.store.nextDueAt, null)
    })

    it('take a level above the highest for the highest, and come in the order they are due', async () => {
      await send(broker, { DELAY: '99' }, 'two hours')
      await send(broker, { DELAY: '2' }, 'five seconds')
      await send(broker, { TIMER_DELAY_MS: '4200' }, 'four seconds and a bit')
      await send(broker, { DELAY: '0' }, 'now')
      await pass(4_200)
      await pass(800)
      await pass(3_600_000)
      assert.deepEqual(bodies(broker), ['now', 'four seconds and a bit', 'five seconds'])
      await pass(3_600_000)
      assert.deepEqual(bodies(broker).slice(3), ['two hours'])
    })

    it('come at an exact time, at once when it is over, and not when it is too far', async () => {
      const at = time.now() + 1_234
      const { handle } = await send(broker, { TIMER_DELIVER_MS: String(at) }, 'exact')
      assert.match(handle!, /^[\w-]+=*$/)
      await send(broker, { TIMER_DELIVER_MS: String(time.now()) }, 'over')
      await send(broker, { TIMER_DELAY_SEC: '259200' }, 'three days')
      for (const value of ['259201', 'soon', '1.5'])
        await assert.rejects(send(broker, { TIMER_DELAY_SEC: value }), { code: 'MQ_MESSAGE_ILLEGAL' })
      await assert.rejects(send(broker, { DELAY: 'x' }), { code: 'MQ_MESSAGE_ILLEGAL' })
      await pass(1_233)
      assert.deepEqual(bodies(broker), ['over'])
      await pass(1)
      const { TIMER_DELIVER_MS, TIMER_OUT_MS, TIMER_DEQUEUE_MS, REAL_TOPIC } = arrived(broker)[1]!.properties
      assert.deepEqual(
        [TIMER_DELIVER_MS, TIMER_OUT_MS, TIMER_DEQUEUE_MS, REAL_TOPIC],
        [String(at), String(Math.floor(at / 1000) * 1000), String(at), 'T'],
      )
      reopen()
      await pass(259_200_000)
      assert.deepEqual(bodies(broker), ['over', 'exact', 'three days'])
    })

    it('can be recalled for as long as they wait, each by its own handle', async () => {
      const properties = { TIMER_DELAY_SEC: '60' }
      const first = await send(broker, { ...properties, UNIQ_KEY: 'A' }, 'first')
      const second = await send(broker, { ...properties, UNIQ_KEY: 'B' }, 'second')
      const third = await send(broker, { TIMER_DELAY_MS: '100', UNIQ_KEY: 'C' }, 'third')
      await pass(100)
      assert.equal(await recall(broker, first.handle!), 'A')
      await assert.rejects(recall(broker, 'nonsense'), { code: 'MQ_ILLEGAL_OPERATION' })
      await pass(1_000)
      await assert.rejects(recall(broker, third.handle!), { code: 'MQ_ILLEGAL_OPERATION' })
      reopen()
      await pass(60_000)
      assert.deepEqual(bodies(broker), ['third', 'second'])
      await assert.rejects(recall(broker, second.handle!), { code: 'MQ_ILLEGAL_OPERATION' })
    })

    it('are never lost with the segment they lie in, however late they are', async () => {
      closeBroker(broker)
      const options = { segmentSize: 64 * 1024, retention: { ageMaxMs: 1000 } }
      broker = openBroker(`${folder.path}/small`, time, caps, { writer, ...options })
      broker.topics.update(topicConfig('T'))
      await send(broker, { TIMER_DELAY_SEC: '3600' }, 'waits')
      const begin = (): number => broker.store.commitLogMinOffset
      for (let i = 0; i < 4; i++) {
        for (let n = 0; n < 3; n++) await send(broker, {}, 'y'.repeat(20_000))
        time.advance(600_000)
      }
      assert.equal(begin(), 0)
      if (writer === 'hold') broker.due.start()
      await pass(3_600_000)
      assert.ok(bodies(broker).includes('waits'))
      time.advance(600_000)
      for (let n = 0; n < 6; n++) await send(broker, {}, 'z'.repeat(20_000))
      if (writer === 'hold') broker.store.syncLater()
      assert.notEqual(begin(), 0)
    })

    it('are delivered again when their delivery was not noted: at least once', async () => {
      await send(broker, { DELAY: '1' }, 'level')
      await send(broker, { TIMER_DELAY_SEC: '1' }, 'timer')
      await pass(1_000)
      // as a process leaves it that is killed before it has noted them
      const { state } = broker.store
      state.db.exec('DELETE FROM delay_offset; DELETE FROM waiting_progress')
      closeBroker(broker)
      broker = open()
      broker.store.state.setWriter({ ...broker.store.state.writer(), clean: false })
      reopen()
      if (writer === 'turn') broker.store.settleDue(0)
      await pass(10_000)
      const all = bodies(broker)
      assert.deepEqual([...new Set(all)].sort(), ['level', 'timer'])
      reopen()
      await pass(10_000)
      assert.deepEqual(bodies(broker), all)
    })
  })
}

describe('delayed messages of several processes', () => {
  const folder = temporaryFolder()

  it('are delivered by any of them, once, also after one that stored them died', async () => {
    const time = new ManualTime()
    const [one, two] = [1, 2].map(() => openBroker(folder.path, time, caps, { writer: 'turn' })) as [
      Broker,
      Broker,
    ]
    try {
      one.topics.update(topicConfig('T'))
      await send(one, { DELAY: '1' }, 'a')
      time.advance(1_000)
      two.store.refresh()
      assert.equal(two.store.nextDueAt, time.now())
      two.due.run()
      one.store.refresh()
      one.due.run()
      assert.deepEqual(bodies(one), ['a'])
      await send(one, { DELAY: '1' }, 'b')
      // as a process leaves it that dies before it could say when something is due
      const { state } = one.store
      state.setWriter({ ...state.writer(), clean: false, nextDueAt: null })
      time.advance(1_000)
      two.store.refresh()
      two.due.run()
      assert.deepEqual(bodies(two), ['a', 'b'])
      assert.equal(two.store.nextDueAt, null)
    } finally {
      closeBroker(one)
      closeBroker(two)
    }
  })
})

import assert from 'node:assert/strict'
import type { Broker } from '../../../src/core/broker/broker.ts'
import type { BrokerPopRequest, PopAnswer } from '../../../src/core/broker/pop/pop.ts'
import { RequestModes } from '../../../src/core/broker/pop/request-modes.ts'
import type { Message } from '../../../src/core/model/message.ts'
import { decodeMessages } from '../../../src/core/model/message-codec.ts'
import { inspectRecord, readRecord } from '../../../src/core/model/record.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { closeBroker, FakeChannel, ManualTime, openBroker, put, topicConfig } from './test-broker.ts'

describe('POP', () => {
  const folder = temporaryFolder()
  let time: ManualTime
  let broker: Broker
  const channel = new FakeChannel()

  beforeEach(() => {
    time = new ManualTime()
    broker = openBroker(folder.path, time)
    broker.topics.update(topicConfig('T', { readQueueNums: 2, writeQueueNums: 2 }))
  })
  afterEach(() => closeBroker(broker))

  function pop(change: Partial<BrokerPopRequest> = {}): { answer: PopAnswer | null } {
    const result: { answer: PopAnswer | null } = { answer: null }
    const request: BrokerPopRequest = {
      group: 'g',
      topic: 'T',
      queueId: -1,
      messagesMax: 32,
      invisibleMs: 1000,
      expression: '*',
      expressionType: 'TAG',
      from: 'min',
      order: false,
      waitMs: 0,
      ...change,
    }
    broker.pop(channel, request, (answer) => (result.answer = answer))
    return result
  }

  /** Each with what acknowledges it. */
  function popped(change: Partial<BrokerPopRequest> = {}): (Message & { popTime: number })[] {
    const answer = pop(change).answer!
    return decodeMessages(answer.records, 'b').map((each) => ({ ...each, popTime: answer.popTime }))
  }

  const delivery = (message: Message & { popTime: number }) => ({ ...message, group: 'g', topic: 'T' })
  const ack = (message: Message & { popTime: number }): boolean => broker.ack(delivery(message))
  const places = (messages: readonly Message[]): string[] =>
    messages.map((each) => `${each.queueId}:${each.queueOffset}`).sort()
  const text = (body: string): { body: Buffer } => ({ body: Buffer.from(body) })

  it('hands a message to one, and again when its time is over, counted', async () => {
    await put(broker, text('job'))
    const [first] = popped()
    assert.equal(first!.reconsumeTimes, 0)
    time.advance(999)
    assert.deepEqual(popped(), [])
    time.advance(1)
    const [second] = popped()
    assert.deepEqual([second!.queueOffset, second!.reconsumeTimes, second!.topic], [0, 1, 'T'])
    assert.equal(ack(first!), false, 'the first worker is too late')
    assert.equal(ack(second!), true)
    time.advance(10_000)
    assert.deepEqual(popped(), [])
  })

  it('hands out what a SQL92 expression lets pass, and never the rest', async () => {
    for (const price of ['5', '15', 'none', '25'])
      await put(broker, { ...text(price), properties: `price\u0001${price}\u0002` })
    const where = { expressionType: 'SQL92', expression: 'price > 10' }
    const first = popped({ ...where, messagesMax: 1 })
    assert.deepEqual(places(first), ['0:1'])
    assert.deepEqual(places(popped(where)), ['0:3'])
    ack(first[0]!)
    time.advance(1000)
    const [again] = popped(where)
    assert.deepEqual([again!.queueOffset, again!.reconsumeTimes], [3, 1])
    ack(again!)
    assert.deepEqual(popped(), [])
    assert.equal(broker.offsets.get('T', 'g', 0), 4)
    assert.throws(() => pop({ expressionType: 'SQL92', expression: 'price >' }), {
      code: 'MQ_SUBSCRIPTION_PARSE_FAILED',
    })
  })

  it('wakes who waits with a SQL92 expression by what passes it', async () => {
    const waiting = pop({ expressionType: 'SQL92', expression: 'price > 10', waitMs: 10_000 })
    await put(broker, { properties: 'price\u00015\u0002' })
    assert.equal(waiting.answer, null)
    await put(broker, { properties: 'price\u000115\u0002' })
    assert.equal(waiting.answer!.count, 1)
  })

  it('sends a record whose own CRC holds though the count in it is another', async () => {
    await put(broker)
    popped()
    time.advance(1000)
    const { records } = pop().answer!
    assert.equal(readRecord(records, 0).reconsumeTimes, 1)
    assert.equal(
      inspectRecord(records, 0, readRecord(records, 0).physicalOffset, 'required').frame,
      'message',
    )
  })

  it('shares all queues out, each message once, and reports the lowest that is not acknowledged', async () => {
    for (let i = 0; i < 6; i++) await put(broker, { queueId: i % 2 })
    const [a, b] = [popped({ messagesMax: 4 }), popped({ messagesMax: 4 })]
    assert.deepEqual(places([...a, ...b]), ['0:0', '0:1', '0:2', '1:0', '1:1', '1:2'])
    assert.equal(broker.offsets.get('T', 'g', 0), 0)
    const ofQueue0 = [...a, ...b].filter((each) => each.queueId === 0)
    ack(ofQueue0.find((each) => each.queueOffset === 1)!)
    assert.equal(broker.offsets.get('T', 'g', 0), 0)
    ack(ofQueue0.find((each) => each.queueOffset === 0)!)
    assert.equal(broker.offsets.get('T', 'g', 0), 2)
    ack(ofQueue0.find((each) => each.queueOffset === 2)!)
    assert.equal(broker.offsets.get('T', 'g', 0), 3)
  })

  it('passes over what the tag does not match', async () => {
    await put(broker, { ...text('no'), properties: 'TAGS\u0001b\u0002' })
    await put(broker, { ...text('yes'), properties: 'TAGS\u0001a\u0002' })
    const [only, ...rest] = popped({ expression: 'a' })
    assert.deepEqual([only!.body.toString(), rest.length], ['yes', 0])
    ack(only!)
    assert.equal(broker.offsets.get('T', 'g', 0), 2)
  })

  it('waits for a message, for one whose time is over, and no longer than it was told', async () => {
    const arriving = pop({ waitMs: 5000 })
    assert.equal(arriving.answer, null)
    await put(broker)
    assert.equal(arriving.answer!.count, 1)
    const again = pop({ waitMs: 5000 })
    time.advance(999)
    assert.equal(again.answer, null)
    time.advance(1)
    assert.equal(again.answer!.count, 1)
    const none = pop({ group: 'late', from: 'max', waitMs: 5000 })
    time.advance(4999)
    assert.equal(none.answer, null)
    time.advance(1)
    assert.equal(none.answer!.count, 0)
    assert.equal(time.waiting, 0)
  })

  it('answers who waits though nothing can be read or stored by then', () => {
    const waiting = pop({ waitMs: 1000 })
    let hasMessage: boolean | null = null
    const place = { group: 'g', topic: 'T', queueId: -1, waitMs: 1000 }
    broker.awaitMessage(channel, place, (has) => (hasMessage = has))
    broker.store.extent = () => {
      throw new Error('EIO: i/o error, read')
    }
    time.advance(1000)
    assert.deepEqual([waiting.answer!.count, hasMessage], [0, false])
  })

  it('hides a message longer, or brings it back sooner; the old receipt is void', async () => {
    await put(broker)
    const [first] = popped()
    const popTime = broker.changeInvisible(delivery(first!), 5000, false)
    time.advance(4999)
    assert.deepEqual(popped(), [])
    assert.equal(ack(first!), false)
    broker.changeInvisible({ ...delivery(first!), popTime }, 0, true)
    assert.equal(popped()[0]!.reconsumeTimes, 1)
    assert.throws(() => broker.changeInvisible({ ...delivery(first!), popTime }, 0, true), {
      code: 'MQ_NO_MESSAGE',
    })
  })

  it('makes a dead letter of what came as often as the group allows', async () => {
    await put(broker, { ...text('poison'), properties: 'KEYS\u0001k\u0002TAGS\u0001t\u0002' })
    for (let i = 0; i <= 16; i++) {
      assert.equal(popped()[0]!.reconsumeTimes, i)
      time.advance(1000)
    }
    assert.deepEqual(popped(), [])
    await put(broker, { topic: 'other' })
    const letters = popped({ topic: '%DLQ%g', group: 'reader' })
    assert.equal(letters.length, 1)
    const [letter] = letters
    assert.deepEqual(
      [letter!.body.toString(), letter!.tag, letter!.keys, letter!.reconsumeTimes],
      ['poison', 't', ['k'], 17],
    )
    assert.equal(letter!.properties.RETRY_TOPIC, 'T')
    assert.equal(broker.offsets.get('T', 'g', 0), 1, 'the group goes on')
    time.advance(60_000)
    assert.deepEqual(popped(), [])
  })

  it('buries at once what is given back the last time', async () => {
    await put(broker)
    for (let i = 0; i <= 16; i++) {
      const [message] = popped()
      broker.changeInvisible(delivery(message!), 0, true)
    }
    await put(broker, { topic: 'other' })
    assert.equal(popped({ topic: '%DLQ%g', group: 'reader' }).length, 1)
    assert.equal(broker.offsets.get('T', 'g', 0), 1)
  })

  it('buries a message whose properties fill its record, and goes on', async () => {
    for (let size = 32_767; broker.store.commitLogMaxOffset === 0; size--) {
      const properties = `a\u0001${'x'.repeat(size)}\u0002`
      await put(broker, { ...text('full'), properties }).catch(() => undefined)
    }
    for (let i = 0; i <= 16; i++) {
      assert.equal(popped().length, 1)
      time.advance(1000)
    }
    await put(broker, text('behind'))
    assert.deepEqual(
      popped().map(({ body }) => body.toString()),
      ['behind'],
    )
    await put(broker, { topic: 'other' })
    const [letter] = popped({ topic: '%DLQ%g', group: 'reader' })
    assert.equal(letter!.body.toString(), 'full')
    assert.equal(letter!.properties.a![0], 'x')
  })

  it('hands out what is behind a message that cannot be buried, and buries it later', async () => {
    await put(broker, text('poison'))
    for (let i = 0; i <= 16; i++) {
      popped()
      time.advance(1000)
    }
    await put(broker, text('behind'))
    const append = broker.store.append.bind(broker.store)
    broker.store.append = () => {
      throw new Error('ENOSPC: no space left on device')
    }
    assert.deepEqual(
      popped({ invisibleMs: 60_000 }).map(({ body }) => body.toString()),
      ['behind'],
    )
    broker.store.append = append
    time.advance(30_000)
    assert.deepEqual(popped(), [])
    await put(broker, { topic: 'other' })
    assert.equal(popped({ topic: '%DLQ%g', group: 'reader' })[0]!.body.toString(), 'poison')
  })

  it('goes on where someone moved the group to', async () => {
    for (let i = 0; i < 3; i++) await put(broker)
    const [first] = popped({ messagesMax: 3 })
    broker.offsets.set('T', 'g', 0, 2)
    assert.deepEqual(places(popped()), ['0:2'])
    assert.equal(ack(first!), true, 'nothing is out any more: nothing to do')
    broker.offsets.set('T', 'g', 0, 0)
    assert.deepEqual(places(popped()), ['0:0', '0:1', '0:2'])
  })

  it('in order: the next batch of a queue only when the one before has come back', async () => {
    for (let i = 0; i < 3; i++) await put(broker)
    const order = { order: true, messagesMax: 1 }
    const [first] = popped(order)
    assert.deepEqual(popped(order), [])
    time.advance(1000)
    const [again] = popped(order)
    assert.deepEqual([again!.queueOffset, again!.reconsumeTimes], [first!.queueOffset, 1])
    ack(again!)
    assert.deepEqual(places(popped(order)), ['0:1'])
  })

  it('keeps receipts when the broker is opened anew', async () => {
    for (let i = 0; i < 2; i++) await put(broker)
    const [first] = popped({ messagesMax: 1 })
    closeBroker(broker)
    broker = openBroker(folder.path, time)
    assert.deepEqual(places(popped()), ['0:1'])
    assert.equal(ack(first!), true)
    time.advance(1000)
    assert.deepEqual(places(popped()), ['0:1'])
  })

  it('refuses offsets the queue has not, more than 32 messages, unknown topics and the other mode', async () => {
    await put(broker)
    const [first] = popped()
    assert.throws(() => broker.ack({ ...delivery(first!), queueOffset: 7 }), { code: 'MQ_NO_MESSAGE' })
    assert.throws(() => pop({ messagesMax: 33 }), { code: 'MQ_INVALID_PARAMETER' })
    assert.throws(() => pop({ topic: 'nowhere' }), { code: 'MQ_TOPIC_NOT_EXIST' })
    const modes = new RequestModes(broker.store.state)
    modes.use('T', 'g', 'PULL')
    modes.use('T', 'g', 'PULL')
    assert.throws(() => modes.use('T', 'g', 'POP'), { code: 'MQ_NO_PERMISSION', hint: /setConsumeMode/ })
  })
})

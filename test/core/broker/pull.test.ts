import assert from 'node:assert/strict'
import type { Broker } from '../../../src/core/broker/broker.ts'
import type { PullAnswer, PullRequest } from '../../../src/core/broker/pull.ts'
import { decodeMessages } from '../../../src/core/model/message-codec.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { closeBroker, FakeChannel, ManualTime, openBroker, put, topicConfig } from './test-broker.ts'

describe('pulling', () => {
  const folder = temporaryFolder()
  let time: ManualTime
  let broker: Broker
  let channel: FakeChannel

  beforeEach(() => {
    time = new ManualTime()
    channel = new FakeChannel()
    broker = openBroker(folder.path, time, { messagesMax: 32, bytesMax: 4096 })
    broker.topics.update(topicConfig('T'))
  })
  afterEach(() => closeBroker(broker))

  function request(change: Partial<PullRequest>): PullRequest {
    return {
      group: 'g',
      topic: 'T',
      queueId: 0,
      offset: 0,
      messagesMax: 32,
      bytesMax: null,
      subscription: { expression: '*', type: 'TAG' },
      subVersion: 0,
      commitOffset: null,
      suspendMs: 0,
      ...change,
    }
  }

  /** Null while it waits. */
  function pull(change: Partial<PullRequest> = {}): { readonly answer: PullAnswer | null } {
    const result: { answer: PullAnswer | null } = { answer: null }
    broker.pull(channel, request(change), (answer) => {
      assert.equal(result.answer, null, 'answered twice')
      result.answer = answer
    })
    return result
  }

  function bodies(answer: PullAnswer | null): string[] {
    return decodeMessages(answer!.records, 'b').map((message) => message.body.toString())
  }

  const tagged = (tag: string): { properties: string } => ({ properties: `TAGS\u0001${tag}\u0002` })

  it('has RocketMQ’s status for each place, and where to go on', async () => {
    assert.deepEqual(
      { ...pull().answer, records: 0 },
      { status: 'NO_MESSAGE_IN_QUEUE', nextBeginOffset: 0, minOffset: 0, maxOffset: 0, records: 0, count: 0 },
    )
    assert.equal(pull({ offset: 5 }).answer!.nextBeginOffset, 0)
    for (let i = 0; i < 3; i++) await put(broker, { body: Buffer.from(`m${i}`) })
    const cases: [number, string, number][] = [
      [0, 'FOUND', 3],
      [2, 'FOUND', 3],
      [3, 'OFFSET_OVERFLOW_ONE', 3],
      [4, 'OFFSET_OVERFLOW_BADLY', 3],
      [-1, 'OFFSET_TOO_SMALL', 0],
    ]
    for (const [offset, status, next] of cases) {
      const { answer } = pull({ offset })
      assert.equal(answer!.status, status)
      assert.equal(answer!.nextBeginOffset, next)
      assert.equal(answer!.maxOffset, 3)
    }
    assert.deepEqual(bodies(pull({ offset: 1 }).answer), ['m1', 'm2'])
  })

  it('stops at the number and the bytes asked for, but never before the first message', async () => {
    for (let i = 0; i < 40; i++) await put(broker, { body: Buffer.alloc(500, 97) })
    assert.equal(pull({ messagesMax: 2 }).answer!.count, 2)
    assert.equal(pull({ messagesMax: 0 }).answer!.count, 1)
    assert.equal(pull({ bytesMax: 1 }).answer!.count, 1)
    const capped = pull().answer!
    assert.ok(capped.count > 1 && capped.records.length <= 4096)
    assert.equal(capped.nextBeginOffset, capped.count)
  })

  it('passes over what a tag expression leaves out, and moves on', async () => {
    for (const tag of ['a', 'b', 'a', 'c']) await put(broker, { body: Buffer.from(tag), ...tagged(tag) })
    await put(broker, { body: Buffer.from('none') })
    const subscription = (expression: string): Partial<PullRequest> => ({
      subscription: { expression, type: 'TAG' },
    })
    assert.deepEqual(bodies(pull(subscription('a')).answer), ['a', 'a'])
    assert.deepEqual(bodies(pull(subscription(' b || c ')).answer), ['b', 'c'])
    assert.deepEqual(bodies(pull(subscription('')).answer), ['a', 'b', 'a', 'c', 'none'])
    const unmatched = pull(subscription('z')).answer!
    assert.equal(unmatched.status, 'NO_MATCHED_MESSAGE')
    assert.equal(unmatched.nextBeginOffset, 5)
  })

  const priced = (price: string): { properties: string; body: Buffer } => ({
    properties: `price\u0001${price}\u0002region\u0001EU\u0002`,
    body: Buffer.from(price),
  })
  const where = (expression: string): Partial<PullRequest> => ({
    subscription: { expression, type: 'SQL92' },
  })

  it('passes over what a SQL92 expression leaves out, and moves on', async () => {
    for (const price of ['5', '15', 'none', '25', '35']) await put(broker, priced(price))
    await put(broker, { body: Buffer.from('without properties') })
    assert.deepEqual(bodies(pull(where("price > 10 AND region = 'EU'")).answer), ['15', '25', '35'])
    const two = pull({ ...where('price > 10'), messagesMax: 2 }).answer!
    assert.deepEqual(bodies(two), ['15', '25'])
    assert.equal(two.nextBeginOffset, 4)
    assert.deepEqual(bodies(pull(where('price IS NULL')).answer), ['without properties'])
    const unmatched = pull(where('price > 100')).answer!
    assert.deepEqual([unmatched.status, unmatched.nextBeginOffset], ['NO_MATCHED_MESSAGE', 6])
  })

  it('looks at 800 messages for a SQL92 expression, then has the client go on', async () => {
    for (let i = 0; i < 900; i++) await put(broker, priced(i === 850 ? '99' : '1'))
    const first = pull(where('price = 99')).answer!
    assert.deepEqual([first.status, first.nextBeginOffset], ['NO_MATCHED_MESSAGE', 800])
    assert.deepEqual(bodies(pull({ ...where('price = 99'), offset: 800 }).answer), ['99'])
  })

  it('gives no more bytes than asked for with a SQL92 expression either', async () => {
    for (let i = 0; i < 40; i++) await put(broker, { ...priced('1'), body: Buffer.alloc(500, 97) })
    const answer = pull(where('price = 1')).answer!
    assert.ok(answer.count > 1 && answer.records.length <= 4096)
    assert.equal(answer.nextBeginOffset, answer.count)
  })

  it('refuses what it may not read', () => {
    broker.topics.update(topicConfig('writeOnly', { perm: 2 }))
    const cases: [Partial<PullRequest>, string][] = [
      [{ topic: 'absent' }, 'MQ_TOPIC_NOT_EXIST'],
      [{ topic: 'writeOnly' }, 'MQ_NO_PERMISSION'],
      [{ queueId: 4 }, 'MQ_INVALID_PARAMETER'],
      [{ queueId: -1 }, 'MQ_INVALID_PARAMETER'],
      [{ group: 'bad group' }, 'MQ_GROUP_NOT_EXIST'],
      [{ subscription: null }, 'MQ_SUBSCRIPTION_NOT_EXIST'],
      [{ subscription: { expression: '||', type: 'TAG' } }, 'MQ_SUBSCRIPTION_PARSE_FAILED'],
      [{ subscription: { expression: 'a >', type: 'SQL92' } }, 'MQ_SUBSCRIPTION_PARSE_FAILED'],
      [{ subscription: { expression: 'x', type: 'XPATH' } }, 'MQ_SUBSCRIPTION_PARSE_FAILED'],
    ]
    for (const [change, code] of cases) assert.throws(() => pull(change), { code }, JSON.stringify(change))
  })

  it('stores the offset that came with it', () => {
    pull({ commitOffset: 7 })
    assert.equal(broker.offsets.get('T', 'g', 0), 7)
  })

  describe('that waits', () => {
    it('is answered by the message that comes, and only by one of its queue', async () => {
      const waiting = pull({ suspendMs: 15_000 })
      await put(broker, { queueId: 1 })
      assert.equal(waiting.answer, null)
      await put(broker, { body: Buffer.from('mine') })
      assert.deepEqual(bodies(waiting.answer), ['mine'])
      assert.equal(time.waiting, 0)
    })

    it('is not woken by a tag it does not want', async () => {
      const waiting = pull({ suspendMs: 15_000, subscription: { expression: 'a', type: 'TAG' } })
      await put(broker, tagged('b'))
      assert.equal(waiting.answer, null)
      await put(broker, { body: Buffer.from('A'), ...tagged('a') })
      assert.deepEqual(bodies(waiting.answer), ['A'])
    })

    it('is not woken by a message that its SQL92 expression leaves out', async () => {
      const waiting = pull({ suspendMs: 15_000, ...where('price > 10') })
      await put(broker, priced('5'))
      await put(broker, priced('none'))
      assert.equal(waiting.answer, null)
      await put(broker, priced('11'))
      assert.deepEqual(bodies(waiting.answer), ['11'])
    })

    it('is answered when its time is over, with nothing', async () => {
      await put(broker)
      const waiting = pull({ offset: 1, suspendMs: 15_000 })
      time.advance(14_999)
      assert.equal(waiting.answer, null)
      time.advance(1)
      assert.equal(waiting.answer!.status, 'OFFSET_OVERFLOW_ONE')
      assert.equal(waiting.answer!.nextBeginOffset, 1)
      await put(broker)
      assert.equal(time.waiting, 0)
    })

    it('is answered though nothing can be read by then: nobody is left to tell, and others are served', () => {
      const waiting = pull({ suspendMs: 1000 })
      broker.store.extent = () => {
        throw new Error('EIO: i/o error, read')
      }
      time.advance(1000)
      assert.equal(waiting.answer!.status, 'NO_MESSAGE_IN_QUEUE')
    })

    it('shares a message with everyone who waits for it', async () => {
      const waiting = Array.from({ length: 100 }, () => pull({ suspendMs: 1000 }))
      await put(broker, { body: Buffer.from('for all') })
      for (const each of waiting) assert.deepEqual(bodies(each.answer), ['for all'])
    })

    it('does not wait where there is something to say', async () => {
      assert.equal(pull({ offset: 5, suspendMs: 1000 }).answer!.status, 'NO_MESSAGE_IN_QUEUE')
      await put(broker)
      assert.equal(pull({ offset: 0, suspendMs: 1000 }).answer!.status, 'FOUND')
      assert.equal(pull({ offset: 5, suspendMs: 1000 }).answer!.status, 'OFFSET_OVERFLOW_BADLY')
    })

    it('is dropped with its connection, and with no other one', async () => {
      const gone = pull({ suspendMs: 1000 })
      channel = new FakeChannel(2)
      const waiting = pull({ suspendMs: 1000 })
      const elsewhere = pull({ queueId: 1, suspendMs: 1000 })
      broker.disconnected(channel)
      assert.equal(time.waiting, 1)
      await put(broker)
      time.advance(1000)
      assert.equal(gone.answer!.status, 'FOUND')
      assert.equal(waiting.answer, null)
      assert.equal(elsewhere.answer, null)
    })

    it('is answered without messages when its client does not read', async () => {
      const waiting = pull({ suspendMs: 1000 })
      channel.congested = true
      await put(broker)
      assert.equal(waiting.answer!.status, 'NO_MESSAGE_IN_QUEUE')
      assert.equal(waiting.answer!.nextBeginOffset, 0)
      assert.equal(waiting.answer!.records.length, 0)
    })

    it('is answered when the broker goes', () => {
      const waiting = pull({ suspendMs: 1000 })
      broker.close()
      assert.equal(waiting.answer!.status, 'NO_MESSAGE_IN_QUEUE')
    })
  })
})

import assert from 'node:assert/strict'
import type { Broker } from '../../../src/core/broker/broker.ts'
import { decodeMessages } from '../../../src/core/model/message-codec.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { closeBroker, FakeChannel, ManualTime, openBroker, put, topicConfig } from './test-broker.ts'

describe('a topic with more queues, or fewer', () => {
  const folder = temporaryFolder()
  const time = new ManualTime()
  const channel = new FakeChannel()
  let broker: Broker

  beforeEach(() => {
    broker = openBroker(folder.path, time)
  })
  afterEach(() => closeBroker(broker))

  const resize = (readQueueNums: number, writeQueueNums: number): void =>
    broker.topics.update(topicConfig('T', { readQueueNums, writeQueueNums }))

  const send = async (queueId: number, text: string): Promise<number> =>
    (await put(broker, { queueId, body: Buffer.from(text) })).queueId

  /** What a group gets that goes on at its offset, as a member does. @throws what pulling throws */
  function consumed(queueId: number): string[] {
    const request = { group: 'g', topic: 'T', queueId, messagesMax: 32, bytesMax: null, subVersion: 0 }
    const offset = Math.max(0, broker.offsets.get('T', 'g', queueId) ?? 0)
    let bodies: string[] = []
    const subscription = { expression: '*', type: 'TAG' }
    const rest = { offset, subscription, commitOffset: null, suspendMs: 0 }
    broker.pull(channel, { ...request, ...rest }, ({ records, nextBeginOffset }) => {
      bodies = decodeMessages(records, 'b').map(({ body }) => body.toString())
      broker.offsets.set('T', 'g', queueId, nextBeginOffset)
    })
    return bodies
  }

  it('takes and gives messages in new queues at once', async () => {
    resize(2, 2)
    await assert.rejects(send(2, 'early'), {
      code: 'MQ_INVALID_PARAMETER',
      message: /request queueId\[2\] is illegal/,
    })
    assert.throws(() => consumed(2), { code: 'MQ_INVALID_PARAMETER' })
    resize(4, 4)
    assert.equal(await send(3, 'a'), 3)
    assert.deepEqual(consumed(3), ['a'])
    assert.deepEqual(consumed(2), [])
  })

  it('is drained as RocketMQ’s runbooks do it: fewer to write to first, then fewer to read', async () => {
    resize(4, 4)
    for (let queueId = 0; queueId < 4; queueId++) await send(queueId, `${queueId}`)
    resize(4, 2)
    // a producer that has not heard of it is no reason to lose a message
    assert.equal(await send(3, 'late'), 3)
    const picked = [await send(-1, 'x'), await send(-1, 'x'), await send(-1, 'x'), await send(-1, 'x')]
    assert.deepEqual(new Set(picked), new Set([0, 1]))
    assert.deepEqual([consumed(2), consumed(3)], [['2'], ['3', 'late']])
    resize(2, 2)
    await assert.rejects(send(3, 'too late'), { code: 'MQ_INVALID_PARAMETER' })
    assert.throws(() => consumed(3), { code: 'MQ_INVALID_PARAMETER' })
    assert.deepEqual(consumed(0)[0], '0')
  })

  it('has all that nobody consumed before it shrank, and goes on where the group was, when it grows', async () => {
    resize(4, 4)
    for (const text of ['a', 'b', 'c']) await send(3, text)
    assert.deepEqual(consumed(3), ['a', 'b', 'c'])
    for (const text of ['d', 'e']) await send(3, text)
    resize(1, 1)
    closeBroker(broker)
    broker = openBroker(folder.path, time)
    assert.throws(() => consumed(3), { code: 'MQ_INVALID_PARAMETER' })
    resize(4, 4)
    assert.equal((await put(broker, { queueId: 3, body: Buffer.from('f') })).queueOffset, 5)
    assert.deepEqual(consumed(3), ['d', 'e', 'f'])
  })
})

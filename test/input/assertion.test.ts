import assert from 'node:assert/strict'
import type { MessageAdmin } from '../../src/core/client/admin.ts'
import { MqError } from '../../src/core/errors.ts'
import type { Message } from '../../src/core/model/message.ts'
import { checkMessages, type Expectation } from '../../src/input/assertion.ts'
import { criteriaOf } from '../../src/input/criteria.ts'

/** A topic of one queue, in memory; `onPull` is called before each pull. */
class OneQueue {
  readonly stored: Message[] = []
  onPull: () => void = () => undefined
  exists = true

  add(key: string, tag: string | null = null, properties: Readonly<Record<string, string>> = {}): void {
    const queueOffset = this.stored.length
    const message: Partial<Message> = {
      brokerName: 'b',
      queueId: 0,
      queueOffset,
      tag,
      keys: [key],
      properties,
    }
    this.stored.push({ ...message, body: Buffer.from(key), storeTimestamp: queueOffset } as Message)
  }

  get admin(): MessageAdmin {
    const asked: Partial<MessageAdmin> = {
      queues: (topic) => {
        if (!this.exists) return Promise.reject(new MqError('MQ_TOPIC_NOT_EXIST', topic))
        return Promise.resolve([{ topic, brokerName: 'b', queueId: 0 }])
      },
      minOffset: () => Promise.resolve(0),
      maxOffset: () => Promise.resolve(this.stored.length),
      pull: (_queue, offset, { maxMsgNums = 32 } = {}) => {
        this.onPull()
        const messages = this.stored.slice(offset, offset + Math.min(maxMsgNums, 2))
        return Promise.resolve({
          status: messages.length === 0 ? 'NO_NEW_MSG' : 'FOUND',
          nextBeginOffset: offset + messages.length,
          minOffset: 0,
          maxOffset: this.stored.length,
          messages,
        })
      },
    }
    return asked as MessageAdmin
  }
}

describe('checking messages', () => {
  let topic: OneQueue
  beforeEach(() => (topic = new OneQueue()))

  const check = (change: Partial<Expectation>, now?: () => number): Promise<readonly Message[]> =>
    checkMessages(
      topic.admin,
      { topic: 'T', criteria: [], count: 'some', withinMs: 0, from: { kind: 'earliest' }, ...change },
      now,
    )
  const failure = async (change: Partial<Expectation>, now?: () => number): Promise<string> => {
    const error = await check(change, now).then(
      () => assert.fail('it held'),
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof MqError && error.code === 'MQ_CHECK_FAILED', String(error))
    return error.message
  }

  it('names the three that come nearest, of equals the latest, with what each has instead', async () => {
    for (let i = 0; i < 6; i++) topic.add(`k${i}`, i === 1 ? 'A' : 'B', i === 4 ? { n: '7' } : {})
    topic.stored[2] = { ...topic.stored[2]!, keys: [] }
    assert.equal(
      await failure({ criteria: criteriaOf({ key: 'k1', tag: 'B', where: 'n > 5' }) }),
      '0 of 1 messages in T with key k1 and tag B and n > 5; nearest: b queue 0 offset 4: key k4; ' +
        'b queue 0 offset 5: key k5, no n; b queue 0 offset 3: key k3, no n',
    )
    assert.match(
      await failure({ criteria: criteriaOf({ grep: /none/ }) }),
      /nearest: b queue 0 offset 5: body "k5"; /,
    )
  })

  it('counts what comes between two looks, each message once', async () => {
    topic.add('a')
    let pulls = 0
    topic.onPull = () => {
      if (++pulls === 1) topic.add('a')
    }
    const found = await check({ criteria: criteriaOf({ key: 'a' }), count: 2, withinMs: 60_000 })
    assert.deepEqual(
      found.map(({ queueOffset }) => queueOffset),
      [0, 1],
    )
  })

  it('does not call it right while more than asked for lie there', async () => {
    for (const key of ['a', 'b', 'a', 'c', 'a']) topic.add(key)
    assert.match(
      await failure({ criteria: criteriaOf({ key: 'a' }), count: 1, withinMs: 60_000 }),
      /^more than 1 /,
    )
    assert.match(
      await failure({ criteria: criteriaOf({ key: 'c' }), count: 0, withinMs: 60_000 }),
      /should not be/,
    )
  })

  it('sees what came when its time was just over', async () => {
    let time = 0
    topic.onPull = () => {
      time = 1001
    }
    topic.add('a')
    assert.equal((await check({ withinMs: 1000 }, () => time)).length, 1)
  })

  it('says that it could not read everything, rather than that there is none', async () => {
    for (let i = 0; i < 100; i++) topic.add('a')
    let time = 0
    topic.onPull = () => {
      time += 1000
    }
    for (const count of [0, 1] as const) {
      time = 0
      const message = await failure({ criteria: criteriaOf({ key: 'z' }), count, withinMs: 1000 }, () => time)
      assert.equal(message, 'T has more than can be read within 1000 ms; found 0 in what was read')
    }
    // without a time it reads to the end
    assert.deepEqual(await check({ criteria: criteriaOf({ key: 'z' }), count: 0 }, () => time), [])
  })

  it('waits for a topic, and does not take one that is missing for an empty one', async () => {
    topic.exists = false
    assert.equal(await failure({ count: 0 }), 'there is no topic T')
    assert.equal(await failure({ topic: '%DLQ%g' }), 'there is no topic %DLQ%g')
    assert.deepEqual(
      await check({ topic: '%DLQ%g', count: 0 }),
      [],
      'the broker makes it with its first message',
    )
    let time = 0
    const now = (): number => {
      // made while it waits
      if (++time === 3) {
        topic.exists = true
        topic.add('a')
      }
      return time
    }
    assert.equal((await check({ withinMs: 60_000 }, now)).length, 1)
  })
})

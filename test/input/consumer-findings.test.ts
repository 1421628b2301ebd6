import assert from 'node:assert/strict'
import type { ConsumerRunningInfo, Scalars } from '../../src/core/model/client-data.ts'
import { haveSameSubscriptions, stuckQueues } from '../../src/input/consumer-findings.ts'

const now = 1_700_000_000_000

function member(
  topic: string,
  held: Scalars = {},
  properties: Record<string, string> = {},
): ConsumerRunningInfo {
  const subscription = { topic, subString: '*', expressionType: 'TAG', tagsSet: [], codeSet: [] }
  return {
    properties: {
      PROP_CONSUME_TYPE: 'CONSUME_PASSIVELY',
      PROP_CONSUMER_START_TIMESTAMP: String(now - 121_000),
      ...properties,
    },
    subscriptions: [{ ...subscription, subVersion: 1, classFilterMode: false }],
    queues: [{ topic, brokerName: 'b', queueId: 3, info: held }],
    popQueues: [],
    status: {},
    userConsumerInfo: {},
    jstack: null,
  }
}

describe('what consumers say of themselves', () => {
  it('is compared once the first of them has run for two minutes', () => {
    const differ = new Map([
      ['a', member('T')],
      ['b', member('U')],
    ])
    assert.equal(haveSameSubscriptions(differ, now), false)
    assert.equal(haveSameSubscriptions(differ, now - 2000), true)
    assert.equal(haveSameSubscriptions(new Map([['a', member('T')]]), now), true)
    const puller = member('T', {}, { PROP_CONSUME_TYPE: 'CONSUME_ACTIVELY' })
    assert.equal(haveSameSubscriptions(new Map([...differ, ['a', puller]]), now), true)
  })

  it('shows a queue whose messages lie, or whose lock is not got', () => {
    const whatOf = (held: Scalars, inOrder = false): string[] =>
      stuckQueues(member('T', held, { PROP_CONSUMEORDERLY: String(inOrder) }), now).map(({ what }) => what)
    assert.deepEqual(whatOf({ lastConsumeTimestamp: now - 60_001, cachedMsgCount: 1 }), [
      "can't consume for a while, maybe blocked, 60001ms",
    ])
    assert.deepEqual(whatOf({ lastConsumeTimestamp: now - 60_001, cachedMsgCount: 0 }), [])
    assert.deepEqual(whatOf({ lastConsumeTimestamp: now - 60_000, cachedMsgCount: 9 }), [])
    assert.deepEqual(whatOf({ locked: false, lastLockTimestamp: now - 5 }, true), [
      "can't lock for a while, 5ms",
    ])
    assert.deepEqual(whatOf({ locked: true, droped: true, tryUnlockTimes: 2 }, true), [
      'unlock 2 times, still failed',
    ])
    assert.deepEqual(whatOf({ locked: true, droped: false, tryUnlockTimes: 2 }, true), [])
  })
})

import assert from 'node:assert/strict'
import { GetCounters, putCounts } from '../../../src/core/broker/counters.ts'
import type { Broker } from '../../../src/core/broker/broker.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { closeBroker, ManualTime, openBroker, put, topicConfig } from './test-broker.ts'

describe('settings of a broker', () => {
  const folder = temporaryFolder()
  const time = new ManualTime()
  let broker: Broker

  beforeEach(() => (broker = openBroker(folder.path, time)))
  afterEach(() => closeBroker(broker))

  it('have defaults, are kept over a restart, and change all together or not at all', () => {
    assert.equal(broker.settings.get('fileReservedTime'), '72')
    assert.throws(() => broker.settings.update({ fileReservedTime: '1', brokerIP1: 'x' }), {
      code: 'MQ_NO_PERMISSION',
    })
    assert.throws(() => broker.settings.update({ fileReservedTime: '1', brokerPermission: '0' }), {
      code: 'MQ_INVALID_PARAMETER',
    })
    assert.equal(broker.settings.get('fileReservedTime'), '72')
    broker.settings.update({ fileReservedTime: '720' })
    assert.deepEqual(broker.store.retention, { ageMaxMs: 720 * 3_600_000 })
    closeBroker(broker)
    broker = openBroker(folder.path, time)
    assert.equal(broker.settings.get('fileReservedTime'), '720')
    assert.deepEqual(broker.store.retention, { ageMaxMs: 720 * 3_600_000 })
  })

  it('limit the log by space, too, and the other limit stays', () => {
    broker.settings.update({ fileReservedTime: '24' })
    broker.settings.update({ fileReservedSize: '2g' })
    const retention = { ageMaxMs: 24 * 3_600_000, sizeMax: 2 * 1024 ** 3 }
    assert.deepEqual(broker.store.retention, retention)
    assert.equal(broker.settings.get('fileReservedSize'), '2147483648')
    closeBroker(broker)
    broker = openBroker(folder.path, time)
    assert.deepEqual(broker.store.retention, retention)
    broker.settings.update({ fileReservedSize: '0' })
    assert.deepEqual(broker.store.retention, { ageMaxMs: 24 * 3_600_000 })
    assert.throws(() => broker.settings.update({ fileReservedSize: 'big' }), { code: 'MQ_INVALID_PARAMETER' })
  })

  it('keep no prototype of an object', () => {
    assert.throws(() => broker.settings.update({ constructor: 'x' }), { code: 'MQ_NO_PERMISSION' })
    assert.throws(() => broker.settings.update(JSON.parse('{"__proto__":"x"}') as Record<string, string>), {
      code: 'MQ_NO_PERMISSION',
    })
  })

  it('mask what name servers are told of topics, and count as a change of them', () => {
    broker.topics.update(topicConfig('T'))
    const { counter } = broker.topics.dataVersion()
    broker.settings.update({ brokerPermission: '4' })
    assert.equal(broker.topics.dataVersion().counter, counter + 1)
    assert.equal(broker.settings.routed(broker.topics.get('T')!).perm, 4)
    broker.settings.update({ brokerPermission: '6' })
    assert.equal(broker.settings.routed(broker.topics.get('T')!).perm, 6)
  })

  it('autoCreateSubscriptionGroup off: an unknown group is refused', () => {
    broker.settings.update({ autoCreateSubscriptionGroup: 'false' })
    assert.throws(() => broker.groups.getOrCreate('new'), { code: 'MQ_GROUP_NOT_EXIST' })
    assert.equal(broker.groups.getOrCreate('TOOLS_CONSUMER').groupName, 'TOOLS_CONSUMER')
  })
})

describe('counters of a broker', () => {
  const folder = temporaryFolder()

  it('count what a topic was sent in the log itself', async () => {
    const time = new ManualTime()
    const broker = openBroker(folder.path, time)
    broker.topics.update(topicConfig('T', { readQueueNums: 2, writeQueueNums: 2 }))
    for (let i = 0; i < 6; i++) await put(broker, { topic: 'T', queueId: i % 2 })
    time.advance(120_000)
    await put(broker, { topic: 'T', queueId: 0 })
    const { statsMinute, statsHour, statsDay } = putCounts(broker, 'T')!
    assert.deepEqual([statsMinute.sum, statsHour.sum, statsDay.sum], [1, 7, 7])
    assert.equal(statsMinute.tps, 1 / 60)
    assert.equal(putCounts(broker, 'nope'), null)
    closeBroker(broker)
  })

  it('count what a group was given, and forget it after a day', () => {
    const time = new ManualTime()
    const gets = new GetCounters(time)
    assert.equal(gets.of('T@G'), null)
    gets.add('T', 'G', 5)
    time.advance(30 * 60_000)
    gets.add('T', 'G', 2)
    const { statsMinute, statsHour, statsDay } = gets.of('T@G')!
    assert.deepEqual([statsMinute.sum, statsHour.sum, statsDay.sum], [2, 7, 7])
    time.advance(25 * 3_600_000)
    assert.equal(gets.of('T@G')!.statsDay.sum, 0)
  })
})

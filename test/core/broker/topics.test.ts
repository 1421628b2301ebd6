import assert from 'node:assert/strict'
import type { Broker } from '../../../src/core/broker/broker.ts'
import { attributesAfter, topicAttributes } from '../../../src/core/broker/attributes.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { closeBroker, ManualTime, openBroker, topicConfig } from './test-broker.ts'

describe('Topics', () => {
  const folder = temporaryFolder()
  let time: ManualTime
  let broker: Broker

  beforeEach(() => {
    time = new ManualTime()
    broker = openBroker(folder.path, time)
  })
  afterEach(() => closeBroker(broker))

  it('are there again after a restart, with a data version that rose', () => {
    const config = topicConfig('T', { readQueueNums: 3, perm: 4, order: true })
    broker.topics.update(config)
    broker.topics.update({ ...config, perm: 6 })
    closeBroker(broker)
    broker = openBroker(folder.path, time)
    assert.deepEqual(broker.topics.get('T'), { ...config, perm: 6 })
    assert.deepEqual(broker.store.state.dataVersion('topic'), { timestamp: time.now(), counter: 2 })
  })

  it('raise no data version for an update that changes nothing', () => {
    broker.topics.update(topicConfig('T'))
    broker.topics.update(topicConfig('T'))
    assert.equal(broker.store.state.dataVersion('topic').counter, 1)
  })

  it('have other queues for half a minute once these, or who may use them, have changed', () => {
    const { topics } = broker
    const isChanged = (): boolean => topics.queueChanges.has('T')
    const settles = (): void => {
      time.advance(35_001)
      assert.equal(isChanged(), false)
    }
    assert.equal(isChanged(), false)
    topics.getOrCreate('T', 'TBW102', 4, 0)
    assert.equal(isChanged(), true)
    for (const change of [{ readQueueNums: 8 }, { writeQueueNums: 8 }, { perm: 4 }] as const) {
      settles()
      topics.update(topicConfig('T', { ...topics.get('T'), ...change }))
      assert.equal(isChanged(), true, JSON.stringify(change))
    }
    settles()
    topics.update(topicConfig('T', { ...topics.get('T'), order: true }))
    assert.equal(isChanged(), false)
    topics.remove('T')
    assert.equal(isChanged(), true)
    closeBroker(broker)
    broker = openBroker(folder.path, time)
    assert.equal(broker.topics.queueChanges.has('T'), false)
  })

  it('are made after TBW102 by a send: at most 8 queues, readable and writable', () => {
    const made = broker.topics.getOrCreate('new', 'TBW102', 4, 0)
    assert.deepEqual(made, topicConfig('new'))
    assert.deepEqual(broker.topics.get('new'), made)
    assert.equal(broker.topics.getOrCreate('many', 'TBW102', 100, 0).writeQueueNums, 8)
    assert.equal(broker.topics.getOrCreate('none', 'TBW102', -5, 0).writeQueueNums, 0)
    assert.equal(broker.topics.getOrCreate('new', 'TBW102', 8, 0).writeQueueNums, 4)
  })

  it('are not made after a topic that hands nothing down', () => {
    broker.topics.update(topicConfig('T'))
    for (const template of ['T', 'absent']) {
      assert.throws(() => broker.topics.getOrCreate('new', template, 4, 0), { code: 'MQ_TOPIC_NOT_EXIST' })
    }
    assert.equal(broker.topics.get('new'), null)
  })

  it('are refused under names of the system, except cluster and broker', () => {
    for (const name of ['TBW102', 'SCHEDULE_TOPIC_XXXX', 'rmq_sys_x', 'BenchmarkTest']) {
      assert.throws(() => broker.topics.update(topicConfig(name)), {
        code: 'MQ_INVALID_PARAMETER',
        message: `The topic[${name}] is conflict with system topic.`,
      })
    }
    broker.topics.update(topicConfig('DefaultCluster', { readQueueNums: 2 }))
    assert.equal(broker.topics.get('DefaultCluster')!.readQueueNums, 2)
    assert.equal(broker.topics.all().filter((config) => config.topicName === 'DefaultCluster').length, 1)
  })

  it('do not take numbers of queues that would end everyone who lists them', () => {
    for (const change of [
      { readQueueNums: 2 ** 31 - 1 },
      { writeQueueNums: 2 ** 31 - 1 },
      { readQueueNums: -1 },
    ]) {
      assert.throws(() => broker.topics.update(topicConfig('T', change)), { code: 'MQ_INVALID_PARAMETER' })
    }
  })

  it('keep names that JavaScript objects know', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      assert.equal(broker.topics.get(name), null)
      broker.topics.update(topicConfig(name))
      assert.equal(broker.topics.get(name)!.topicName, name)
    }
  })

  it('get a retry topic of one queue for a group', () => {
    broker.topics.createRetryTopic('g')
    broker.topics.createRetryTopic('g')
    assert.equal(broker.topics.get('%RETRY%g')!.readQueueNums, 1)
  })
})

describe('attributesAfter', () => {
  it('sets and removes by sign', () => {
    const before = { 'message.type': 'NORMAL', 'reserve.time': '5' }
    assert.deepEqual(
      attributesAfter(topicAttributes, before, { '-reserve.time': '', '+message.type': 'FIFO' }),
      {
        'message.type': 'FIFO',
      },
    )
    assert.deepEqual(attributesAfter(topicAttributes, null, { '+cleanup.policy': 'COMPACTION' }), {
      'cleanup.policy': 'COMPACTION',
    })
  })

  it('refuses what AttributeUtil refuses', () => {
    const cases: [Record<string, string> | null, Record<string, string>, RegExp][] = [
      [null, { 'message.type': 'FIFO' }, /wrong format key/],
      [null, { '+no.such': '1' }, /unsupported key: no\.such/],
      [null, { '+constructor': '1' }, /unsupported key/],
      [null, { '+message.type': 'fifo' }, /value is not in set: fifo/],
      [null, { '+message.type': 'MIXED' }, /MIXED/],
      [null, { '+reserve.time': 'x' }, /value is not in set: x/],
      [null, { '-message.type': '' }, /only add attribute/],
      [{}, { '-message.type': '' }, /nonexistent key: message\.type/],
      [{}, { '+queue.type': 'BatchCQ' }, /unchangeable attribute/],
      [null, { '': '' }, /wrong format key/],
    ]
    for (const [before, change, message] of cases) {
      assert.throws(() => attributesAfter(topicAttributes, before, change), message, JSON.stringify(change))
    }
  })
})

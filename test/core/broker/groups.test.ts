import assert from 'node:assert/strict'
import type { Broker } from '../../../src/core/broker/broker.ts'
import { resetOffsets } from '../../../src/core/broker/reset-offsets.ts'
import { groupConfig } from '../../../src/core/model/group.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { closeBroker, FakeChannel, ManualTime, openBroker, put, topicConfig } from './test-broker.ts'

describe('groups of a broker', () => {
  const folder = temporaryFolder()
  const time = new ManualTime()
  let broker: Broker

  beforeEach(() => (broker = openBroker(folder.path, time)))
  afterEach(() => closeBroker(broker))

  it('are made at their first use, and kept', () => {
    assert.equal(broker.groups.get('new'), null)
    assert.deepEqual(broker.groups.getOrCreate('new'), groupConfig('new'))
    closeBroker(broker)
    broker = openBroker(folder.path, time)
    assert.deepEqual(broker.groups.get('new'), groupConfig('new'))
    assert.ok(broker.groups.all().some(({ groupName }) => groupName === 'TOOLS_CONSUMER'))
  })

  it('change all together or not at all', () => {
    const good = { ...groupConfig('good'), retryMaxTimes: 1 }
    assert.throws(() => broker.groups.update([good, groupConfig('not good')]), {
      code: 'MQ_INVALID_PARAMETER',
    })
    assert.equal(broker.groups.get('good'), null)
    broker.groups.update([{ ...good, attributes: { '+priority.factor': '5' } }])
    assert.deepEqual(broker.groups.get('good')!.attributes, { 'priority.factor': '5' })
    broker.groups.update([{ ...good, attributes: { '-priority.factor': '' } }])
    assert.deepEqual(broker.groups.get('good')!.attributes, {})
    assert.equal(broker.groups.remove('good'), true)
    assert.equal(broker.groups.remove('good'), false)
  })

  it('raise the version that name servers and slaves compare', () => {
    const before = broker.store.state.dataVersion('group').counter
    broker.groups.getOrCreate('counted')
    assert.equal(broker.store.state.dataVersion('group').counter, before + 1)
  })
})

describe('a group that is moved', () => {
  const folder = temporaryFolder()
  const time = new ManualTime()
  let broker: Broker

  beforeEach(async () => {
    broker = openBroker(folder.path, time)
    broker.topics.update(topicConfig('T', { readQueueNums: 2, writeQueueNums: 2 }))
    for (let i = 0; i < 5; i++) await put(broker, { topic: 'T', queueId: i % 2 })
    broker.groups.getOrCreate('G')
  })
  afterEach(() => closeBroker(broker))

  it('goes to a time, to the end, in one queue to an offset', () => {
    assert.deepEqual(resetOffsets(broker, 'G', 'T', null, { timestamp: -1 }), [
      { queueId: 0, offset: 3 },
      { queueId: 1, offset: 2 },
    ])
    assert.deepEqual(resetOffsets(broker, 'G', 'T', null, { timestamp: 0 }), [
      { queueId: 0, offset: 0 },
      { queueId: 1, offset: 0 },
    ])
    resetOffsets(broker, 'G', 'T', 1, { offset: 1 })
    assert.equal(broker.offsets.get('T', 'G', 1), 1)
    assert.throws(
      () => resetOffsets(broker, 'G', 'T', 1, { offset: 3 }),
      /not in consume queue range \[0-2\]/,
    )
    assert.throws(() => resetOffsets(broker, 'G', 'nope', null, { timestamp: 0 }), {
      code: 'MQ_TOPIC_NOT_EXIST',
    })
    assert.throws(() => resetOffsets(broker, 'nope', 'T', null, { timestamp: 0 }), {
      code: 'MQ_GROUP_NOT_EXIST',
    })
  })

  it('tells its members at their next pull, and passes over what they remember until then', () => {
    const channel = new FakeChannel()
    const connection = { clientId: 'c', clientAddr: '127.0.0.1:1', language: 'JAVA', version: 513 }
    broker.clients.heartbeat(channel, connection, {
      clientId: 'c',
      producerGroups: [],
      consumers: [
        {
          groupName: 'G',
          consumeType: 'CONSUME_PASSIVELY',
          messageModel: 'CLUSTERING',
          consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
          subscriptions: [],
          unitMode: false,
        },
      ],
      fingerprint: 0,
      withoutSub: false,
    })
    broker.offsets.set('T', 'G', 0, 3)
    resetOffsets(broker, 'G', 'T', null, { timestamp: 0 })
    broker.offsets.set('T', 'G', 0, 3)
    assert.equal(broker.offsets.get('T', 'G', 0), 0)
    const statuses: string[] = []
    const pull = (): void =>
      broker.pull(
        channel,
        {
          ...{ group: 'G', topic: 'T', queueId: 0, offset: 3, messagesMax: 32, bytesMax: null },
          subscription: { expression: '*', type: 'TAG' },
          ...{ subVersion: 0, commitOffset: null, suspendMs: 0 },
        },
        ({ status, nextBeginOffset }) => statuses.push(`${status} ${nextBeginOffset}`),
      )
    pull()
    pull()
    assert.deepEqual(statuses, ['OFFSET_RESET 0', 'OFFSET_OVERFLOW_ONE 3'])
    broker.offsets.set('T', 'G', 0, 1)
    assert.equal(broker.offsets.get('T', 'G', 0), 1)
  })
})

import assert from 'node:assert/strict'
import type { Broker } from '../../../src/core/broker/broker.ts'
import type { ConsumerData } from '../../../src/core/model/client-data.ts'
import {
  assignmentQuery,
  assignments,
  requestModeChange,
} from '../../../src/core/remoting/bodies/assignment.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { closeBroker, FakeChannel, ManualTime, openBroker, put, topicConfig } from './test-broker.ts'

describe('queues that the broker shares out', () => {
  const folder = temporaryFolder()
  let time: ManualTime
  let broker: Broker

  beforeEach(() => {
    time = new ManualTime()
    broker = openBroker(folder.path, time)
    broker.topics.update(topicConfig('T', { readQueueNums: 5, writeQueueNums: 5 }))
  })
  afterEach(() => closeBroker(broker))

  function join(...clientIds: string[]): void {
    clientIds.forEach((clientId, i) => {
      const consumer: ConsumerData = {
        groupName: 'G',
        consumeType: 'CONSUME_PASSIVELY',
        messageModel: 'CLUSTERING',
        consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
        subscriptions: [],
        unitMode: false,
      }
      const data = { clientId, producerGroups: [], consumers: [consumer], fingerprint: 0, withoutSub: false }
      const connection = { clientId, clientAddr: '', language: 'JAVA', version: 0 }
      broker.clients.heartbeat(new FakeChannel(i), connection, data)
    })
  }
  const queuesOf = (clientId: string, more: { strategyName?: string; messageModel?: string } = {}) =>
    broker.assignments
      .queuesOf({
        ...{ topic: 'T', consumerGroup: 'G', clientId, messageModel: 'CLUSTERING', strategyName: 'AVG' },
        ...more,
      })
      ?.map(({ queueId }) => queueId) ?? null

  it('go to the clients of a group as RocketMQ’s strategies say', () => {
    assert.equal(queuesOf('a'), null)
    join('b', 'a')
    assert.deepEqual([queuesOf('a'), queuesOf('b'), queuesOf('stranger')], [[0, 1, 2], [3, 4], []])
    const strategyName = 'AVG_BY_CIRCLE'
    assert.deepEqual(
      [queuesOf('a', { strategyName }), queuesOf('b', { strategyName })],
      [
        [0, 2, 4],
        [1, 3],
      ],
    )
    assert.equal(queuesOf('a', { strategyName: 'toString' }), null)
    assert.deepEqual(queuesOf('b', { messageModel: 'BROADCASTING' }), [0, 1, 2, 3, 4])
  })

  it('are all for everyone who pops, or shared with so many others', () => {
    join('a', 'b', 'c', 'd')
    broker.assignments.setMode('T', 'G', 'POP', 0)
    assert.equal(broker.assignments.mode({ topic: 'T', consumerGroup: 'G' }), 'POP')
    assert.deepEqual(queuesOf('a'), [-1])
    broker.assignments.setMode('T', 'G', 'POP', 1)
    assert.deepEqual(
      [queuesOf('a'), queuesOf('d')],
      [
        [0, 1, 2],
        [4, 0, 1],
      ],
    )
    join('e', 'f')
    assert.deepEqual(queuesOf('f'), [0])
    broker.assignments.setMode('T', 'G', 'PULL', 0)
    assert.deepEqual(queuesOf('f'), [])
    assert.deepEqual(queuesOf('e'), [4])
  })

  it('are consumed in no other mode than there is', () => {
    assert.throws(() => broker.assignments.setMode('%RETRY%G', 'G', 'POP', 0), { code: 'MQ_NO_PERMISSION' })
    assert.throws(() => broker.assignments.setMode('absent', 'G', 'POP', 0), { code: 'MQ_TOPIC_NOT_EXIST' })
    assert.throws(() => broker.assignments.setMode('T', 'G', 'PUSH', 0), { code: 'MQ_INVALID_PARAMETER' })
  })

  it('travel as RocketMQ’s bodies', () => {
    const query =
      '{"clientId":"c","consumerGroup":"G","messageModel":"CLUSTERING","strategyName":"AVG","topic":"T"}'
    assert.equal(assignmentQuery.decode(Buffer.from(query)).clientId, 'c')
    const queue = { topic: 'T', brokerName: 'broker-a', queueId: -1 }
    const bytes = assignments.encode([{ queue, mode: 'POP' }])
    const { messageQueueAssignments } = JSON.parse(bytes.toString()) as { messageQueueAssignments: unknown }
    assert.deepEqual(messageQueueAssignments, [{ messageQueue: queue, mode: 'POP' }])
    assert.deepEqual(assignments.decode(bytes), [{ queue, mode: 'POP' }])
    assert.equal(assignments.decode(assignments.encode(null)), null)
    const change = requestModeChange.decode(
      Buffer.from('{"consumerGroup":"G","mode":"POP","popShareQueueNum":3,"topic":"T"}'),
    )
    assert.deepEqual(change, { topic: 'T', consumerGroup: 'G', mode: 'POP', popShareQueueNum: 3 })
  })
})

describe('clients that wait for something to pop', () => {
  const folder = temporaryFolder()

  it('are told when there is, or that nothing came, and are counted meanwhile', async () => {
    const time = new ManualTime()
    const broker = openBroker(folder.path, time)
    try {
      broker.topics.update(topicConfig('T'))
      const told: boolean[] = []
      const wait = (waitMs: number): void =>
        broker.awaitMessage(new FakeChannel(), { group: 'G', topic: 'T', queueId: -1, waitMs }, (has) =>
          told.push(has),
        )
      wait(0)
      assert.deepEqual(told, [false])
      wait(1_000)
      wait(60_000)
      assert.deepEqual([broker.waitingPops('T', 'G'), broker.waitingPops('T', 'OTHER')], [2, 0])
      time.advance(1_000)
      assert.deepEqual(told, [false, false])
      await put(broker)
      assert.deepEqual([told, broker.waitingPops('T', 'G')], [[false, false, true], 0])
      wait(60_000)
      assert.equal(told.length, 4)
    } finally {
      closeBroker(broker)
    }
  })
})

import assert from 'node:assert/strict'
import { QueueLocks } from '../../../src/core/broker/queue-locks.ts'
import { lockBatch, lockedQueues } from '../../../src/core/remoting/bodies/lock-batch.ts'
import { ManualTime } from './test-broker.ts'

describe('queue locks', () => {
  it('belong to one client of a group until it gives them up or stays away for a minute', () => {
    const time = new ManualTime()
    const locks = new QueueLocks(time)
    assert.equal(locks.lock('g', 't', 0, 'a'), true)
    assert.equal(locks.lock('g', 't', 0, 'b'), false)
    assert.equal(locks.lock('g', 't', 1, 'b'), true)
    assert.equal(locks.lock('h', 't', 0, 'b'), true)
    time.advance(60_000)
    assert.equal(locks.lock('g', 't', 0, 'b'), false)
    assert.equal(locks.lock('g', 't', 0, 'a'), true)
    time.advance(60_001)
    assert.equal(locks.lock('g', 't', 0, 'b'), true)
    locks.unlock('g', 't', 0, 'a')
    assert.equal(locks.lock('g', 't', 0, 'a'), false)
    locks.unlock('g', 't', 0, 'b')
    assert.equal(locks.lock('g', 't', 0, 'a'), true)
  })

  it('travel as RocketMQ’s bodies', () => {
    const queues = [{ topic: 't', brokerName: 'b', queueId: 3 }]
    const sent = Buffer.from(
      '{"clientId":"c","consumerGroup":"g","mqSet":[{"brokerName":"b","queueId":3,"topic":"t"}],"onlyThisBroker":false}',
    )
    assert.deepEqual(lockBatch.decode(sent), { consumerGroup: 'g', clientId: 'c', queues })
    assert.deepEqual(lockedQueues.decode(lockedQueues.encode(queues)), queues)
  })
})

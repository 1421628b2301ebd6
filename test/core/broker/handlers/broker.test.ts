import assert from 'node:assert/strict'
import type { Broker } from '../../../../src/core/broker/broker.ts'
import { brokerOwnHandlers } from '../../../../src/core/broker/handlers/broker.ts'
import type { CallContext } from '../../../../src/core/remoting/handlers.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { closeBroker, ManualTime, openBroker, put, topicConfig } from '../test-broker.ts'

describe('entries of a consume queue that are asked for', () => {
  const folder = temporaryFolder()
  let broker: Broker

  beforeEach(() => {
    broker = openBroker(folder.path, new ManualTime())
    broker.topics.update(topicConfig('T'))
  })
  afterEach(() => closeBroker(broker))

  function entries(index: number, count: number): Promise<number> {
    const header = { topic: 'T', queueId: 0, index, count }
    return new Promise((resolve) => {
      brokerOwnHandlers(broker).QUERY_CONSUME_QUEUE!(
        {} as CallContext,
        { header, body: undefined },
        (answer) => resolve(answer.body!.entries.length),
      )
    })
  }

  it('are no more than an answer can carry, whatever the number', async () => {
    for (let i = 0; i < 3; i++) await put(broker)
    assert.deepEqual([await entries(0, 9), await entries(1, 1), await entries(0, -1)], [3, 1, 0])
    const asked: number[] = []
    const range = broker.store.entries.bind(broker.store)
    broker.store.entries = (topic, queueId, from, max) => {
      asked.push(max)
      return range(topic, queueId, from, max)
    }
    assert.equal(await entries(0, 0x7fffffff), 3)
    assert.deepEqual(asked, [65_536])
  })
})

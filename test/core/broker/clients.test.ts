import assert from 'node:assert/strict'
import { Clients } from '../../../src/core/broker/clients.ts'
import type { ConsumerData, HeartbeatData, Subscription } from '../../../src/core/model/client-data.ts'
import { FakeChannel, ManualTime } from './test-broker.ts'

function subscription(topic: string, subVersion = 1, subString = '*'): Subscription {
  return {
    topic,
    subString,
    expressionType: 'TAG',
    tagsSet: [],
    codeSet: [],
    subVersion,
    classFilterMode: false,
  }
}

function consumer(groupName: string, ...subscriptions: Subscription[]): ConsumerData {
  return {
    groupName,
    consumeType: 'CONSUME_PASSIVELY',
    messageModel: 'CLUSTERING',
    consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
    subscriptions,
    unitMode: false,
  }
}

function heartbeat(
  clientId: string,
  consumers: ConsumerData[],
  change: Partial<HeartbeatData> = {},
): HeartbeatData {
  return { clientId, producerGroups: [], consumers, fingerprint: 0, withoutSub: false, ...change }
}

describe('Clients', () => {
  let clients: Clients
  let one: FakeChannel
  let two: FakeChannel

  beforeEach(() => {
    one = new FakeChannel(1)
    two = new FakeChannel(2)
    clients = new Clients(new ManualTime())
  })

  function beat(from: FakeChannel, data: HeartbeatData): void {
    const connection = {
      clientId: data.clientId,
      clientAddr: from.remoteAddress,
      language: 'JAVA',
      version: 513,
    }
    clients.heartbeat(from, connection, data)
  }

  const ids = (group: string): string[] | undefined =>
    clients.consumerGroup(group)?.connections.map((each) => each.clientId)

  it('know the members of a group and what they subscribe to', () => {
    beat(one, heartbeat('a', [consumer('g', subscription('T'))]))
    beat(two, heartbeat('b', [consumer('g', subscription('T'))]))
    beat(one, heartbeat('a', [consumer('g', subscription('T'))]))
    assert.deepEqual(ids('g'), ['a', 'b'])
    assert.deepEqual(clients.groupsOf('T'), ['g'])
    assert.equal(clients.consumerGroup('other'), null)
  })

  it('take a newer subscription, keep it before an older one, and drop those not named any more', () => {
    beat(one, heartbeat('a', [consumer('g', subscription('T', 5, 'a'), subscription('U'))]))
    beat(one, heartbeat('a', [consumer('g', subscription('T', 4, 'older'))]))
    assert.equal(clients.subscription('g', 'T')!.subString, 'a')
    assert.equal(clients.subscription('g', 'U'), null)
    beat(one, heartbeat('a', [consumer('g', subscription('T', 6, 'newer'))]))
    assert.equal(clients.subscription('g', 'T')!.subString, 'newer')
  })

  it('keep subscriptions over a heartbeat without them', () => {
    beat(one, heartbeat('a', [consumer('g', subscription('T'))]))
    beat(one, heartbeat('a', [consumer('g')], { withoutSub: true }))
    assert.notEqual(clients.subscription('g', 'T'), null)
  })

  it('leave one group, or all of them with their connection', () => {
    beat(one, heartbeat('a', [consumer('g', subscription('T')), consumer('h', subscription('T'))]))
    beat(two, heartbeat('b', [consumer('g', subscription('T'))]))
    clients.leave(one, null, 'g')
    assert.deepEqual(ids('g'), ['b'])
    assert.deepEqual(ids('h'), ['a'])
    clients.disconnected(two)
    assert.equal(clients.consumerGroup('g'), null)
    clients.disconnected(one)
    assert.deepEqual(clients.groupsOf('T'), [])
    clients.disconnected(one)
    clients.leave(one, 'pg', 'h')
  })
})

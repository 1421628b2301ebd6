import assert from 'node:assert/strict'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Clients } from '../../../src/core/broker/clients.ts'
import { silentPush, type ClientChannel } from '../../../src/core/broker/ports.ts'
import { QueueChanges } from '../../../src/core/broker/queue-changes.ts'
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
  let time: ManualTime
  let notified: [ClientChannel, string][]
  let queueChanges: QueueChanges

  beforeEach(() => {
    one = new FakeChannel(1)
    two = new FakeChannel(2)
    time = new ManualTime()
    notified = []
    queueChanges = new QueueChanges(time)
    const consumerIdsChanged = (channel: ClientChannel, group: string): unknown =>
      notified.push([channel, group])
    const push = { ...silentPush, consumerIdsChanged }
    clients = new Clients(time, push, queueChanges, (group) => group !== 'silent')
  })

  it('forgets who has gone, also one that was in no group', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const gone = [[], ['p']].map((producerGroups) => {
      const channel = new FakeChannel()
      beat(channel, heartbeat('c', [], { producerGroups }))
      clients.disconnected(channel)
      return new WeakRef(channel)
    })
    await new Promise((resolve) => setImmediate(resolve))
    collect()
    assert.deepEqual(
      gone.map((channel) => channel.deref()),
      [undefined, undefined],
    )
  })

  function beat(from: FakeChannel, data: HeartbeatData): boolean {
    const connection = {
      clientId: data.clientId,
      clientAddr: from.remoteAddress,
      language: 'JAVA',
      version: 513,
    }
    return clients.heartbeat(from, connection, data)
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

  it('tell the members of a group when it changes, and nobody when it does not', () => {
    const told = (): string[] =>
      notified.splice(0).map(([channel, group]) => `${group} ${channel.remoteAddress}`)
    const data = (id: string, ...subscriptions: Subscription[]): HeartbeatData =>
      heartbeat(id, [consumer('g', ...subscriptions)])
    beat(one, data('a', subscription('T')))
    assert.deepEqual(told(), ['g 127.0.0.1:1'])
    beat(two, data('b', subscription('T')))
    const both = ['g 127.0.0.1:1', 'g 127.0.0.1:2']
    assert.deepEqual(told(), both)
    beat(two, data('b', subscription('T')))
    beat(two, data('b', subscription('T', 2, 'other tag')))
    assert.deepEqual(told(), [])
    beat(two, data('b', subscription('T'), subscription('U')))
    assert.deepEqual(told(), both)
    beat(two, data('b', subscription('T')))
    assert.deepEqual(told(), both)
    clients.leave(two, null, 'g')
    assert.deepEqual(told(), ['g 127.0.0.1:1'])
    clients.leave(two, null, 'g')
    clients.disconnected(one)
    assert.deepEqual(told(), [])
  })

  it('tell a consumer to share out queues that are new, when it has had time to hear of them', () => {
    const told = (from: FakeChannel, ...consumers: ConsumerData[]): string[] => {
      beat(from, heartbeat(from.remoteAddress, consumers))
      return notified.splice(0).map(([channel, group]) => `${group} ${channel.remoteAddress}`)
    }
    const broadcasting = { ...consumer('h', subscription('T')), messageModel: 'BROADCASTING' }
    const ones = [consumer('g', subscription('T')), consumer('k', subscription('T'))]
    told(one, ...ones)
    told(two, broadcasting)
    queueChanges.note('U')
    assert.deepEqual(told(one, ...ones), [], 'of another topic')
    queueChanges.note('T')
    assert.deepEqual(told(one, ...ones), ['g 127.0.0.1:1'], 'once, for all of its groups')
    assert.deepEqual(told(two, broadcasting), ['h 127.0.0.1:2'])
    // the route that it asked for a second ago may have been the old one
    time.advance(30_000)
    assert.deepEqual(told(one, ...ones), ['g 127.0.0.1:1'])
    queueChanges.note('V')
    time.advance(5001)
    assert.deepEqual(told(one, ...ones), [])
    queueChanges.note('T')
    time.advance(20_000)
    queueChanges.note('T')
    time.advance(20_000)
    assert.deepEqual(told(two, broadcasting), ['h 127.0.0.1:2'], 'of the last change')
  })

  it('tell a group that does not want it only of a connection that is gone', () => {
    const three = new FakeChannel(3)
    for (const from of [one, two, three])
      beat(from, heartbeat(from.remoteAddress, [consumer('silent', subscription('T'))]))
    queueChanges.note('T')
    beat(one, heartbeat('a', [consumer('silent', subscription('T'))]))
    clients.leave(three, null, 'silent')
    assert.deepEqual(notified, [])
    clients.disconnected(two)
    assert.deepEqual(notified, [[one, 'silent']])
  })

  it('tell nobody of broadcasting groups', () => {
    const broadcasting = { ...consumer('g', subscription('T')), messageModel: 'BROADCASTING' }
    beat(one, heartbeat('a', [broadcasting]))
    beat(two, heartbeat('b', [broadcasting]))
    clients.disconnected(two)
    assert.deepEqual(notified, [])
  })

  it('are asked for their subscriptions again when these are not known or not the same', () => {
    const full = (fingerprint: number): HeartbeatData =>
      heartbeat('a', [consumer('g', subscription('T'))], { fingerprint })
    const short = (fingerprint: number): HeartbeatData =>
      heartbeat('a', [consumer('g')], { fingerprint, withoutSub: true })
    assert.equal(beat(one, full(0)), true)
    assert.equal(beat(one, full(7)), true, 'changed since the heartbeat of version 1')
    assert.equal(beat(one, short(7)), false)
    assert.equal(beat(two, full(8)), true)
    clients.disconnected(one)
    clients.disconnected(two)
    assert.equal(beat(one, short(7)), true, 'nobody knows them any more')
    assert.equal(beat(one, full(7)), false)
    assert.equal(beat(one, short(7)), false)
    assert.equal(beat(one, heartbeat('a', [], { fingerprint: 7, producerGroups: ['p'] })), false)
  })

  it('are hung up on after two minutes without a heartbeat, and the others told', () => {
    clients.expireEvery(time)
    beat(one, heartbeat('a', [consumer('g', subscription('T'))]))
    const producer = new FakeChannel(3)
    beat(producer, heartbeat('p', [], { producerGroups: ['pg'] }))
    time.advance(10_000)
    beat(two, heartbeat('b', [consumer('g', subscription('T'))]))
    for (let s = 10; s < 120; s += 10) time.advance(10_000)
    assert.deepEqual(ids('g'), ['a', 'b'])
    beat(two, heartbeat('b', [consumer('g')], { withoutSub: true }))
    notified = []
    time.advance(10_000)
    assert.deepEqual(ids('g'), ['b'])
    assert.deepEqual(notified, [[two, 'g']])
    assert.deepEqual([one.closed, two.closed, producer.closed], [true, false, true])
    for (let s = 0; s <= 120; s += 10) time.advance(10_000)
    assert.equal(clients.consumerGroup('g'), null)
    clients.close()
    assert.equal(time.waiting, 0)
  })
})

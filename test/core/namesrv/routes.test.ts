import assert from 'node:assert/strict'
import { deflateSync } from 'node:zlib'
import { crc32 } from '../../../src/core/lib/crc32.ts'
import type { DataVersion } from '../../../src/core/model/route.ts'
import { registrationHandlers } from '../../../src/core/namesrv/handlers.ts'
import { Routes, type LocalBroker, type Registration } from '../../../src/core/namesrv/routes.ts'
import {
  decodeRegistration,
  encodeRegistration,
} from '../../../src/core/remoting/bodies/broker-registration.ts'
import type { CallContext } from '../../../src/core/remoting/handlers.ts'
import { FakeChannel, ManualTime, topicConfig } from '../broker/test-broker.ts'

const version = (counter: number, stateVersion = 0): DataVersion => ({ stateVersion, timestamp: 1, counter })

function registration(change: Partial<Registration> = {}): Registration {
  return {
    cluster: 'C',
    brokerName: 'b',
    brokerId: 0,
    brokerAddr: '10.0.0.1:10911',
    haServerAddr: '10.0.0.1:10912',
    heartbeatTimeoutMs: null,
    enableActingMaster: false,
    dataVersion: version(1),
    topics: [topicConfig('T'), topicConfig('U')],
    ...change,
  }
}

describe('Routes', () => {
  let time: ManualTime
  let routes: Routes
  let channel: FakeChannel

  beforeEach(() => {
    time = new ManualTime()
    routes = new Routes(time, null)
    routes.expireEvery(time)
    channel = new FakeChannel()
  })

  const addrs = (topic = 'T'): unknown =>
    routes.route(topic, 'x:1')?.brokerDatas.map((each) => each.brokerAddrs)
  const perm = (topic = 'T'): number | undefined => routes.route(topic, 'x:1')?.queueDatas[0]?.perm

  it('know the topics of brokers that register, of all of them one cluster', () => {
    routes.register(registration(), channel)
    const other = {
      brokerName: 'c',
      brokerAddr: '10.0.0.2:10911',
      topics: [topicConfig('T'), topicConfig('V')],
    }
    routes.register(registration(other), new FakeChannel())
    assert.deepEqual(addrs(), [{ 0: '10.0.0.1:10911' }, { 0: '10.0.0.2:10911' }])
    assert.deepEqual(addrs('U'), [{ 0: '10.0.0.1:10911' }])
    assert.deepEqual(routes.topicNames(), ['T', 'U', 'V'])
    assert.deepEqual(routes.clusterInfo('x:1').clusterAddrTable, { C: ['b', 'c'] })
    assert.equal(routes.route('W', 'x:1'), null)
    assert.deepEqual(routes.topicNames(['c']), ['T', 'V'])
  })

  it('forget a topic, everywhere or in one cluster, until its brokers say it again', () => {
    routes.register(registration(), channel)
    const other = { cluster: 'D', brokerName: 'd', brokerAddr: '10.0.0.2:10911' }
    routes.register(registration(other), new FakeChannel())
    routes.forgetTopic('T', 'D')
    assert.deepEqual(addrs(), [{ 0: '10.0.0.1:10911' }])
    routes.forgetTopic('T', null)
    assert.equal(routes.route('T', 'x:1'), null)
    routes.forgetTopic('T', null)
    routes.register(registration({ dataVersion: version(2) }), channel)
    assert.deepEqual(addrs(), [{ 0: '10.0.0.1:10911' }])
  })

  it('take a topic anew only with another version, and one that is new always', () => {
    routes.register(registration(), channel)
    const grown = [topicConfig('T', { readQueueNums: 16 }), topicConfig('New')]
    const queues = (): number => routes.route('T', 'x:1')!.queueDatas[0]!.readQueueNums
    const before = queues()
    routes.register(registration({ topics: grown }), channel)
    assert.equal(queues(), before)
    assert.notEqual(routes.route('New', 'x:1'), null)
    routes.register(registration({ topics: grown, dataVersion: version(2) }), channel)
    assert.equal(queues(), 16)
    // what is not told again stays: a change carries one topic
    assert.notEqual(routes.route('U', 'x:1'), null)
  })

  it('refuse a change of a broker that never told the whole', () => {
    const change = registration({ topics: [topicConfig('T')] })
    assert.throws(() => routes.register(change, channel), {
      code: 'MQ_FAILED',
      message: 'register broker failed',
    })
    routes.register(registration(), channel)
    routes.register({ ...change, dataVersion: version(2) }, channel)
  })

  it('drop a broker after two minutes of silence, or its own time, and hang up', () => {
    routes.register(registration(), channel)
    const quick = new FakeChannel()
    routes.register(registration({ brokerName: 'q', brokerAddr: 'q:1', heartbeatTimeoutMs: 10_000 }), quick)
    time.advance(15_000)
    assert.deepEqual(addrs(), [{ 0: '10.0.0.1:10911' }])
    assert.equal(quick.closed, true)
    for (let i = 0; i < 4; i++) {
      time.advance(100_000)
      routes.heartbeat({ cluster: 'C', brokerAddr: '10.0.0.1:10911' })
    }
    assert.notEqual(routes.route('T', 'x:1'), null)
    for (let i = 0; i < 24; i++) time.advance(5000)
    assert.notEqual(routes.route('T', 'x:1'), null)
    time.advance(5000)
    assert.equal(routes.route('T', 'x:1'), null)
    assert.deepEqual(routes.topicNames(), [])
    assert.equal(channel.closed, true)
  })

  it('drop a broker with its connection, not with an earlier one of it', () => {
    routes.register(registration(), channel)
    const second = new FakeChannel()
    routes.register(registration(), second)
    routes.disconnected(channel)
    assert.notEqual(routes.route('T', 'x:1'), null)
    routes.disconnected(second)
    assert.equal(routes.route('T', 'x:1'), null)
    assert.deepEqual(routes.clusterInfo('x:1'), { brokerAddrTable: {}, clusterAddrTable: {} })
  })

  it('tell a slave its master; its topics count for nothing', () => {
    routes.register(registration(), channel)
    const slave = registration({
      brokerId: 1,
      brokerAddr: 'slave:1',
      topics: [topicConfig('S'), topicConfig('R')],
    })
    assert.deepEqual(routes.register(slave, new FakeChannel()), {
      masterAddr: '10.0.0.1:10911',
      haServerAddr: '10.0.0.1:10912',
    })
    assert.deepEqual(addrs(), [{ 0: '10.0.0.1:10911', 1: 'slave:1' }])
    assert.equal(routes.route('S', 'x:1'), null)
    // it becomes the master: one address, one id
    routes.register({ ...slave, brokerId: 0 }, new FakeChannel())
    assert.deepEqual(addrs(), [{ 0: 'slave:1' }])
  })

  it('let a slave stand in read-only where the broker name allows it', () => {
    routes.register(registration({ enableActingMaster: true }), channel)
    routes.register(
      registration({ brokerId: 1, brokerAddr: 's:1', enableActingMaster: true }),
      new FakeChannel(),
    )
    assert.equal(perm(), 6)
    routes.disconnected(channel)
    assert.deepEqual([perm(), addrs()], [4, [{ 1: 's:1' }]])
  })

  it('keep the address of a higher state version, else take the new one', () => {
    routes.register(registration({ dataVersion: version(1, 5) }), channel)
    routes.register(registration({ brokerAddr: 'new:1', dataVersion: version(2, 4) }), new FakeChannel())
    assert.deepEqual(addrs(), [{ 0: '10.0.0.1:10911' }])
    routes.register(registration({ brokerAddr: 'new:1', dataVersion: version(2, 5) }), new FakeChannel())
    assert.deepEqual(addrs(), [{ 0: 'new:1' }])
  })

  it('wipe and add the write permission until the topics change', () => {
    routes.register(registration(), channel)
    assert.deepEqual([routes.changePerm('b', 'wipe'), perm()], [2, 4])
    routes.register(registration(), channel)
    assert.equal(perm(), 4)
    assert.deepEqual([routes.changePerm('b', 'add'), perm()], [2, 6])
    routes.changePerm('b', 'wipe')
    routes.register(registration({ dataVersion: version(2) }), channel)
    assert.equal(perm(), 6)
    assert.equal(routes.changePerm('nobody', 'wipe'), 0)
  })

  describe('with a broker in the same process', () => {
    let counter: number
    beforeEach(() => {
      counter = 1
      const local: LocalBroker = {
        cluster: 'C',
        brokerName: 'own',
        brokerId: 0,
        addrFor: (dialled) => dialled,
        topic: (name) => (name === 'T' ? topicConfig('T') : null),
        topics: () => [topicConfig('T')],
        dataVersion: () => version(counter),
      }
      routes = new Routes(time, local)
    })

    it('name it where the caller is, beside the others', () => {
      routes.register(registration(), channel)
      assert.deepEqual(addrs(), [{ 0: 'x:1' }, { 0: '10.0.0.1:10911' }])
      assert.deepEqual(routes.clusterInfo('x:1').clusterAddrTable, { C: ['own', 'b'] })
    })

    it('refuse another one of its name', () => {
      assert.throws(() => routes.register(registration({ brokerName: 'own' }), channel), {
        message: "register broker failed: own is this name server's own broker",
      })
    })

    it('wipe its write permission until its topics change', () => {
      assert.deepEqual([routes.changePerm('own', 'wipe'), perm()], [1, 4])
      counter++
      assert.equal(perm(), 6)
    })
  })
})

describe('REGISTER_BROKER', () => {
  const topics = [topicConfig('T', { order: true, attributes: { 'message.type': 'FIFO' } }), topicConfig('U')]
  const body = encodeRegistration({ dataVersion: version(7), topics })

  it('is read as it was written', () => {
    assert.deepEqual(decodeRegistration(body, false), {
      dataVersion: version(7),
      topics: topics.map((each) => ({
        ...each,
        attributes: Object.assign(Object.create(null), each.attributes) as object,
      })),
    })
    assert.deepEqual(decodeRegistration(Buffer.alloc(0), false).topics, [])
  })

  it('is read compressed, as brokers before 5.0 may write it', () => {
    const text = (value: string): Buffer => {
      const bytes = Buffer.from(value)
      const length = Buffer.alloc(4)
      length.writeInt32BE(bytes.length)
      return Buffer.concat([length, bytes])
    }
    const one = Buffer.from([0, 0, 0, 1])
    const line = text('T 4 8 6 SINGLE_TAG {"message.type":"FIFO"}')
    const parts = [text('{"counter":3,"timestamp":9}'), one, line, text('[]')]
    const { dataVersion, topics: read } = decodeRegistration(deflateSync(Buffer.concat(parts)), true)
    assert.deepEqual(dataVersion, { stateVersion: 0, timestamp: 9, counter: 3 })
    const [topic] = read
    assert.deepEqual(
      [topic!.topicName, topic!.readQueueNums, topic!.writeQueueNums, topic!.perm, { ...topic!.attributes }],
      ['T', 4, 8, 6, { 'message.type': 'FIFO' }],
    )
    for (const cut of [3, 8, 40]) {
      const broken = deflateSync(Buffer.concat(parts).subarray(0, cut))
      assert.throws(() => decodeRegistration(broken, true), /RangeError|out of range|text of/)
    }
  })

  it('answers the order configuration, and refuses a body that is not what was summed up', () => {
    const time = new ManualTime()
    const nothing = (): undefined => undefined
    const kv = { get: () => null, put: nothing, remove: nothing, list: () => ({ T: 'b:4' }) }
    const handlers = registrationHandlers(new Routes(time, null), kv)
    const context = { channel: new FakeChannel(), localAddress: 'x:1' } as unknown as CallContext
    const { brokerAddr, brokerName, brokerId, haServerAddr } = registration()
    const header = { brokerAddr, brokerName, brokerId, haServerAddr, clusterName: 'C' }
    const answers: object[] = []
    const register = (bodyCrc32: number): void =>
      handlers.REGISTER_BROKER!(context, { header: { ...header, bodyCrc32 }, body }, (answer) =>
        answers.push(answer),
      )
    register(crc32(body))
    register(0)
    const answered = { header: {}, body: { T: 'b:4' } }
    assert.deepEqual(answers.splice(0), [answered, answered])
    assert.throws(() => register(crc32(body) + 1), { message: 'crc32 not match' })
    handlers.QUERY_DATA_VERSION!(context, { header, body: version(7) }, (answer) => answers.push(answer))
    handlers.QUERY_DATA_VERSION!(context, { header, body: version(8) }, (answer) => answers.push(answer))
    assert.deepEqual(answers, [
      { header: { changed: false }, body: version(7) },
      { header: { changed: true }, body: version(7) },
    ])
  })
})

import assert from 'node:assert/strict'
import { readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openForeignStore } from '../../../src/core/embedded/foreign.ts'
import { readForeignConfig } from '../../../src/core/embedded/foreign-config.ts'
import { readRecord } from '../../../src/core/model/record.ts'
import { SysFlag } from '../../../src/core/model/sys-flag.ts'
import { nodeFileSystem } from '../../../src/core/store/file-system.ts'
import type { ForeignStore } from '../../../src/core/store/foreign-store.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { BrokerFolder } from './broker-folder.ts'

for (const kept of [true, false]) {
  describe(`a foreign folder, its index ${kept ? 'kept in the cache' : 'in memory'}`, () => {
    const root = temporaryFolder()
    let broker: BrokerFolder

    beforeEach(() => {
      broker = new BrokerFolder(join(root.path, 'store'))
    })

    const open = (): ForeignStore =>
      openForeignStore({
        folder: broker.path,
        fs: nodeFileSystem,
        cacheHome: kept ? join(root.path, 'cache') : null,
      })

    function bodies(store: ForeignStore, topic: string, queueId = 0): string[] {
      const entries = store.entries(topic, queueId, 0, 10_000)
      return store.records(topic, queueId, entries).map((bytes) => readRecord(bytes!, 0).body.toString())
    }

    /** What two processes see, one after the other. */
    function twice<T>(look: (store: ForeignStore) => T): T {
      const seen = [1, 2].map(() => {
        const store = open()
        try {
          return look(store)
        } finally {
          store.close()
        }
      })
      assert.deepEqual(seen[1], seen[0])
      return seen[0]!
    }

    it('has its messages over many segments, by place and by key', () => {
      for (let i = 0; i < 600; i++) {
        const properties = `KEYS\u0001k${i} all\u0002UNIQ_KEY\u0001U${i}\u0002`
        broker.append({
          topic: 't',
          queueId: i % 3,
          queueOffset: Math.floor(i / 3),
          body: `b${i}`.padEnd(300),
          properties,
        })
      }
      broker.allocateAhead()
      assert.ok(readdirSync(join(broker.path, 'commitlog')).length > 4)
      twice((store) => {
        for (let q = 0; q < 3; q++) {
          assert.deepEqual(
            bodies(store, 't', q),
            Array.from({ length: 200 }, (_, i) => `b${i * 3 + q}`.padEnd(300)),
          )
        }
        assert.equal(store.find('t', 'k57').length, 1)
        assert.equal(store.find('t', 'U599').length, 1)
        assert.equal(store.find('t', 'all').length, 600)
        return store.extent('t', 2)
      })
    })

    it('shows records of every kind where RocketMQ does', () => {
      const long = `%RETRY%${'g'.repeat(200)}`
      broker.append({ topic: long, queueOffset: 0, body: 'v2' })
      broker.append({ topic: 'six', queueOffset: 0, body: 'v6', host: '[fd00::2]:10911' })
      broker.append({ topic: 't', queueOffset: 0, body: 'half', sysFlag: SysFlag.prepared })
      broker.append({ topic: 't', queueOffset: 0, body: 'rolled back', sysFlag: SysFlag.rollback })
      broker.append({ topic: 't', queueOffset: 0, body: 'committed', sysFlag: SysFlag.commit })
      broker.append({ topic: 'late', queueOffset: 41, body: 'first kept' })
      broker.append({
        topic: 'SCHEDULE_TOPIC_XXXX',
        queueId: 2,
        queueOffset: 0,
        properties: 'DELAY\u00013\u0002TAGS\u0001TagA\u0002',
        storeTimestamp: 5000,
      })
      twice((store) => {
        assert.deepEqual(bodies(store, long), ['v2'])
        assert.deepEqual(bodies(store, 'six'), ['v6'])
        assert.deepEqual(bodies(store, 't'), ['committed'])
        assert.deepEqual(store.extent('late', 0), { topic: 'late', queueId: 0, minOffset: 41, endOffset: 42 })
        assert.equal(store.entries('SCHEDULE_TOPIC_XXXX', 2, 0, 1)[0]!.tagsCode, 15_000)
      })
    })

    it('shows of a topic that was made anew the new messages only', () => {
      for (let i = 0; i < 300; i++) {
        broker.append({ topic: 'anew', queueId: i % 2, queueOffset: i >> 1, body: `old ${i}`.padEnd(400) })
        broker.append({ topic: 'other', queueOffset: i, body: 'x' })
      }
      broker.append({ topic: 'anew', queueId: 0, queueOffset: 0, body: 'new 0' })
      broker.append({ topic: 'anew', queueId: 0, queueOffset: 1, body: 'new 1' })
      twice((store) => {
        assert.deepEqual(bodies(store, 'anew', 0), ['new 0', 'new 1'])
        // written last before the queue that tells of the deletion had its last message
        assert.ok(bodies(store, 'anew', 1).every((body) => body.startsWith('old 299')))
        assert.equal(bodies(store, 'other').length, 300)
        return store.extent('anew', 0)
      })
    })

    it("knows from RocketMQ's own index what was deleted without a trace in the log", () => {
      const at = Array.from({ length: 4 }, (_, i) => broker.append({ topic: 'gone', queueOffset: i }))
      const kept0 = broker.append({ topic: 'kept', queueOffset: 0 })
      broker.append({ topic: 'anew', queueId: 1, queueOffset: 0, body: 'old' })
      const anew = broker.append({ topic: 'anew', queueId: 0, queueOffset: 0, body: 'new' })
      broker.consumeQueue('kept', 0, [[kept0, anew - kept0]])
      broker.consumeQueue('anew', 0, [[anew, broker.end - anew]])
      broker.append({ topic: 'not indexed yet', queueOffset: 0, body: 'fresh' })
      assert.equal(at.length, 4)
      twice((store) => {
        assert.deepEqual(bodies(store, 'gone'), [])
        assert.deepEqual(bodies(store, 'anew', 1), [])
        assert.deepEqual(bodies(store, 'anew', 0), ['new'])
        assert.equal(bodies(store, 'kept').length, 1)
        assert.deepEqual(bodies(store, 'not indexed yet'), ['fresh'])
      })
    })

    it('stops at the first place that is no record, and goes on when there is one', () => {
      broker.append({ topic: 't', queueOffset: 0, body: 'one' })
      const stale = broker.end
      broker.write(stale + 700, Buffer.from('old bytes behind the true end'))
      const store = open()
      assert.deepEqual(bodies(store, 't'), ['one'])
      for (let i = 1; i < 400; i++) broker.append({ topic: 't', queueOffset: i, body: 'more'.padEnd(300) })
      store.refresh()
      assert.equal(bodies(store, 't').length, 400)
      broker.append({ topic: 't', queueOffset: 400, body: 'last' })
      store.refresh()
      assert.equal(bodies(store, 't').at(-1), 'last')
      store.close()
      twice((again) => assert.equal(bodies(again, 't').length, 401))
    })

    it('passes over damage that the broker has written on behind', () => {
      const places = Array.from({ length: 400 }, (_, i) =>
        broker.append({ topic: 't', queueOffset: i, body: `${i}`.padEnd(300) }),
      )
      broker.write(places[7]! + 100, Buffer.from('damage'))
      const store = open()
      const entries = store.entries('t', 0, 0, 1000)
      assert.equal(entries.length, 399)
      assert.ok(!entries.some(({ queueOffset }) => queueOffset === 7))
      assert.deepEqual(
        store.damage.map(({ from }) => from),
        [places[7]],
      )
      store.close()
    })

    it('notices a log that was replaced, truncated or shortened from its begin', () => {
      for (let i = 0; i < 500; i++) broker.append({ topic: 't', queueOffset: i, body: `a${i}`.padEnd(300) })
      twice((store) => assert.equal(bodies(store, 't').length, 500))
      const log = join(broker.path, 'commitlog')
      const [first] = readdirSync(log)
      rmSync(join(log, first!))
      const left = twice((store) => bodies(store, 't'))
      assert.ok(left.length > 100 && left.length < 500 && left.at(-1)!.startsWith('a499'))

      const { mtime } = statSync(log)
      for (const name of readdirSync(log)) rmSync(join(log, name))
      const other = new BrokerFolder(broker.path)
      for (let i = 0; i < 500; i++) other.append({ topic: 't', queueOffset: i, body: `b${i}`.padEnd(300) })
      utimesSync(log, mtime, mtime)
      twice((store) => assert.ok(bodies(store, 't')[0]!.startsWith('b0')))

      for (const name of readdirSync(log).slice(1)) rmSync(join(log, name))
      other.write(20_000, Buffer.alloc(40_000))
      const short = twice((store) => bodies(store, 't').length)
      assert.ok(short > 10 && short < 100, `${short}`)
    })

    it('refuses segments of different sizes', () => {
      broker.append({ topic: 't', queueOffset: 0 })
      writeFileSync(join(broker.path, 'commitlog', String(64 * 1024).padStart(20, '0')), Buffer.alloc(4096))
      assert.throws(open, { code: 'MQ_STORE_CORRUPT' })
    })
  })
}

describe('the config of a foreign folder', () => {
  const root = temporaryFolder()
  const read = (): ReturnType<typeof readForeignConfig> => readForeignConfig(nodeFileSystem, root.path)

  it('is read in the dialect of fastjson, with the names that brokers give their topics', () => {
    const broker = new BrokerFolder(root.path)
    broker.topics({ 'rmq_sys_SYNC_BROKER_MEMBER_b-7': 1, rmq_sys_REVIVE_LOG_East: 8, orders: 3 })
    broker.config('consumerOffset.json', '{"offsetTable":{"orders@G":{0:5,2:9}}}')
    broker.config('delayOffset.json', '{"offsetTable":{3:2}}')
    broker.config(
      'subscriptionGroup.json',
      '{"subscriptionGroupTable":{"G":{"retryMaxTimes":3,"groupName":"G"}}}',
    )
    const config = read()
    assert.equal(config.brokerName, 'b-7')
    assert.equal(config.clusterName, 'East')
    assert.equal(config.topics.find(({ topicName }) => topicName === 'orders')!.readQueueNums, 3)
    assert.deepEqual(config.offsets, [
      { topic: 'orders', group: 'G', queueId: 0, nextOffset: 5 },
      { topic: 'orders', group: 'G', queueId: 2, nextOffset: 9 },
    ])
    assert.equal(config.groups.get('G')!.retryMaxTimes, 3)
    assert.deepEqual([...config.delayOffsets], [[3, 2]])
  })

  it('is read from the backup of a file that is broken, empty or missing; nothing is deleted', () => {
    const broker = new BrokerFolder(root.path)
    broker.topics({ orders: 3 })
    const folder = join(root.path, 'config')
    nodeFileSystem.rename(join(folder, 'topics.json'), join(folder, 'topics.json.bak'))
    for (const text of ['{"topicConfigTable":{"or', '', null]) {
      if (text !== null) broker.config('topics.json', text)
      assert.deepEqual(
        read().topics.map(({ topicName }) => topicName),
        ['orders'],
      )
      assert.equal(readdirSync(folder).length, text === null ? 1 : 2)
      rmSync(join(folder, 'topics.json'), { force: true })
    }
  })

  it('is an error when neither can be read, and nothing when neither is there', () => {
    const broker = new BrokerFolder(root.path)
    assert.deepEqual(read().topics, [])
    broker.config('topics.json', 'no')
    broker.config('topics.json.bak', '[1]')
    assert.throws(read, { code: 'MQ_STORE_CORRUPT', message: /topics\.json/ })
    broker.config('topics.json.bak', '{"topicConfigTable":7}')
    assert.throws(read, { code: 'MQ_STORE_CORRUPT' })
  })
})

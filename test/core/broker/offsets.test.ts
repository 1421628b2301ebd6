import assert from 'node:assert/strict'
import type { Broker } from '../../../src/core/broker/broker.ts'
import { systemTimers } from '../../../src/core/lib/clock.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { closeBroker, ManualTime, openBroker, put, topicConfig } from './test-broker.ts'

describe('groups and offsets', () => {
  const folder = temporaryFolder()
  let time: ManualTime
  let broker: Broker

  beforeEach(() => {
    time = new ManualTime()
    broker = openBroker(folder.path, time)
    broker.topics.update(topicConfig('T'))
  })
  afterEach(() => closeBroker(broker))

  it('keep offsets by topic, group and queue, over a restart', async () => {
    for (let i = 0; i < 6; i++) await put(broker)
    assert.equal(broker.offsets.get('T', 'g', 0), null)
    broker.offsets.set('T', 'g', 0, 5)
    broker.offsets.set('T', 'g', 0, 3)
    broker.offsets.set('T', 'h', 1, 0)
    closeBroker(broker)
    broker = openBroker(folder.path, time)
    assert.equal(broker.offsets.get('T', 'g', 0), 3)
    assert.equal(broker.offsets.get('T', 'g', 1), null)
    assert.equal(broker.offsets.get('T', 'h', 1), 0)
    assert.deepEqual(broker.offsets.groupsOf('T'), ['g', 'h'])
    assert.deepEqual(broker.offsets.topicsOf('g'), ['T'])
  })

  it('store what pulls say by the way soon, and tell it at once', () => {
    const stored = (): unknown =>
      broker.store.state.db
        .prepare('SELECT topic, next_offset FROM consumer_offset ORDER BY topic')
        .raw()
        .all()
    const timers = time.waiting
    broker.offsets.note('T', 'g', 0, 4)
    assert.equal(broker.offsets.get('T', 'g', 0), 4)
    broker.offsets.note('T', 'g', 0, 7)
    assert.deepEqual(stored(), [['T', 4]])
    assert.equal(time.waiting, timers + 1, 'one timer, whoever asks meanwhile')
    time.advance(500)
    assert.deepEqual(stored(), [['T', 7]])
    broker.offsets.note('T', 'g', 0, 8)
    assert.equal(broker.offsets.get('T', 'g', 0), 8)
    // what is said outright is newer than what was noted before
    broker.offsets.note('T', 'g', 0, 9)
    broker.offsets.set('T', 'g', 0, 2)
    time.advance(1000)
    assert.deepEqual(stored(), [['T', 2]])
    broker.offsets.note('T', 'g', 0, 10)
    broker.offsets.reset('T', 'g', 0, 4, true)
    broker.offsets.note('T', 'g', 0, 11)
    time.advance(1000)
    assert.deepEqual(stored(), [['T', 4]])
    broker.offsets.note('U', 'g', 0, 1)
    broker.offsets.removeGroup('g')
    time.advance(1000)
    assert.deepEqual(stored(), [])
  })

  it('store what pulls have said when the broker closes, or as soon as it is possible', () => {
    broker.offsets.note('T', 'g', 0, 1)
    const { state } = broker.store
    state.db.pragma('query_only = ON')
    time.advance(500)
    state.db.pragma('query_only = OFF')
    time.advance(500)
    assert.equal(state.db.prepare('SELECT next_offset FROM consumer_offset').pluck().get(), 1)
    broker.offsets.note('T', 'g', 1, 6)
    closeBroker(broker)
    broker = openBroker(folder.path, time)
    assert.equal(broker.offsets.get('T', 'g', 1), 6)
  })

  it('make unknown groups, but no illegal ones, and none for the tools', () => {
    assert.equal(broker.groups.getOrCreate('g').consumeEnable, true)
    assert.equal(broker.store.state.dataVersion('group').counter, 1)
    broker.groups.getOrCreate('g')
    broker.groups.getOrCreate('TOOLS_CONSUMER')
    assert.equal(broker.store.state.dataVersion('group').counter, 1)
    for (const name of ['', 'bad group', '../g', 'g'.repeat(121)]) {
      assert.throws(() => broker.groups.getOrCreate(name), { code: 'MQ_GROUP_NOT_EXIST' })
    }
  })

  it('find the offset of a store time, lower and upper', async () => {
    // 10, 20, 20, 30 seconds after the start
    const start = time.now()
    for (const ms of [10_000, 10_000, 0, 10_000]) {
      time.advance(ms)
      await put(broker)
    }
    const lower = (ms: number): number => broker.offsetByTime('T', 0, start + ms, false)
    const upper = (ms: number): number => broker.offsetByTime('T', 0, start + ms, true)
    assert.deepEqual([0, 10_000, 10_001, 20_000, 25_000, 30_000, 30_001].map(lower), [0, 0, 1, 1, 3, 3, 4])
    assert.deepEqual([0, 10_000, 19_999, 20_000, 25_000, 30_000, 99_000].map(upper), [0, 0, 0, 2, 2, 3, 3])
    assert.equal(broker.offsetByTime('T', 1, start, false), 0)
  })
})

describe('systemTimers', () => {
  it('take times beyond what a timer of Node holds for its longest, not for none', async () => {
    const warnings: Error[] = []
    const listen = (warning: Error): void => void warnings.push(warning)
    process.on('warning', listen)
    const cancel = systemTimers.after(Number.MAX_SAFE_INTEGER, () => undefined)
    await new Promise((resolve) => setImmediate(resolve))
    cancel()
    process.off('warning', listen)
    assert.deepEqual(warnings, [])
  })
})

import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Maintenance } from '../../src/core/embedded/maintenance.ts'
import { parseFastjson } from '../../src/core/remoting/bodies/fastjson.ts'
import { temporaryFolder } from '../core/temporary-folder.ts'
import { unpackStoreFixture, type StoreFixture } from './store-fixture.ts'

describe('the store of a real 5.5.0 broker, imported and exported', () => {
  const root = temporaryFolder()
  let fixture: StoreFixture

  before(() => void (fixture = unpackStoreFixture()))
  after(() => fixture.remove())

  it('is what it was: segments and consume queues byte by byte, groups, topics and offsets by value', async () => {
    const folder = join(root.path, 'store')
    cpSync(fixture.store, folder, { recursive: true })
    const report = await new Maintenance({ folder }).import()
    assert.equal(report.brokerName, 'broker-fix')
    assert.deepEqual((await new Maintenance({ folder }).verify()).problems, [])
    const to = join(root.path, 'exported')
    await new Maintenance({ folder }).export(to)
    let compared = 0
    for (const part of ['commitlog', 'consumequeue']) {
      const names = (from: string): string[] =>
        readdirSync(join(from, part), { recursive: true, encoding: 'utf8' })
          .filter((name) => statSync(join(from, part, name)).isFile())
          .sort()
      assert.deepEqual(names(to), names(fixture.store))
      for (const name of names(to)) {
        const [theirs, ours] = [fixture.store, to].map((each) => readFileSync(join(each, part, name)))
        // the fixture's broker had a smaller mappedFileSizeConsumeQueue than the default
        assert.ok(ours!.subarray(0, theirs!.length).equals(theirs!), `${part}/${name}`)
        const rest = ours!.subarray(theirs!.length)
        assert.ok(rest.equals(Buffer.alloc(rest.length)))
        compared++
      }
    }
    assert.ok(compared > 30)
    const config = (from: string, name: string, table: string): object =>
      (parseFastjson(readFileSync(join(from, 'config', name), 'utf8')) as Record<string, object>)[table]!
    for (const [name, table] of [
      ['subscriptionGroup.json', 'subscriptionGroupTable'],
      ['consumerOffset.json', 'offsetTable'],
      ['delayOffset.json', 'offsetTable'],
    ] as const) {
      assert.deepEqual(config(to, name, table), config(fixture.store, name, table))
    }
    // all timers of the fixture were delivered: theirs are read on behind them, here as there
    const [theirTimers, ourTimers] = [fixture.store, to].map((each) =>
      readFileSync(join(each, 'config', 'timercheck')),
    )
    assert.equal(ourTimers!.readBigInt64BE(16), theirTimers!.readBigInt64BE(16))
    const topics = config(fixture.store, 'topics.json', 'topicConfigTable') as Record<string, object>
    const exported = Object.entries(config(to, 'topics.json', 'topicConfigTable'))
    for (const [name, topic] of exported) assert.deepEqual(topic, topics[name])
    const expected = new Set(
      fixture.expected.map(({ topic }) => topic).filter((name) => !/^(rmq_sys|RMQ_SYS|SCHEDULE)/.test(name)),
    )
    for (const name of expected)
      assert.ok(
        exported.some(([each]) => each === name),
        name,
      )
  })
})

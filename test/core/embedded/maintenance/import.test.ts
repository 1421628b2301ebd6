import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { BrokerFolder } from '../broker-folder.ts'
import { append, openOwn, served } from '../own-folder.ts'
import { FilledFolder, keys, segmentSize } from './filled-folder.ts'

describe('store import', () => {
  const folder = new FilledFolder()

  function brokerFolder(): BrokerFolder {
    const broker = new BrokerFolder(folder.path)
    for (let i = 0; i < 300; i++) {
      const properties = `KEYS\u0001k${i}\u0002`
      broker.append({
        topic: 't',
        queueId: i % 2,
        queueOffset: i >> 1,
        body: `${i}`.padEnd(400),
        properties,
      })
    }
    for (let i = 0; i < 3; i++) broker.append({ topic: 'anew', queueOffset: i, body: `old ${i}` })
    broker.append({ topic: 'anew', queueOffset: 0, body: 'new' })
    broker.topics({ t: 2, anew: 1, 'rmq_sys_SYNC_BROKER_MEMBER_b-7': 1 })
    broker.config('consumerOffset.json', '{"offsetTable":{"t@G":{0:5,1:7}}}')
    broker.config('delayOffset.json', '{"offsetTable":{3:2}}')
    broker.allocateAhead()
    return broker
  }

  it('takes a folder over: it serves the same, and is written to', async () => {
    const broker = brokerFolder()
    broker.write(broker.end + 500, Buffer.from('old bytes behind the end'))
    const report = await folder.maintenance.import()
    assert.equal(report.brokerName, 'b-7')
    assert.equal(report.logEnd, broker.end)
    assert.deepEqual(await folder.problems(), [])
    const store = openOwn(folder.path)
    assert.equal(store.brokerName, 'b-7')
    assert.equal(store.segmentSize, segmentSize)
    assert.equal(store.extent('t', 1).endOffset, 150)
    assert.equal(store.extent('anew', 0).endOffset, 1)
    assert.equal(store.find('t', 'k7').length, 1)
    const { physicalOffset, queueOffset } = await append(store, 't', 1, 'ours')
    assert.equal(physicalOffset, broker.end)
    assert.equal(queueOffset, 150)
    store.close()
    assert.deepEqual(await folder.problems(), [])
    const before = served(folder.path, keys)
    await folder.maintenance.rebuild()
    assert.deepEqual(served(folder.path, keys), before)
    const offsets = new Sqlite(join(folder.path, 'pocketmq', 'state.db'), { readonly: true })
    assert.deepEqual(offsets.prepare('SELECT queue_id, next_offset FROM consumer_offset').raw().all(), [
      [0, 5],
      [1, 7],
    ])
    offsets.close()
    await assert.rejects(folder.maintenance.import(), { code: 'MQ_FAILED' })
  })

  it('that died half-way leaves the folder as it was, and can be done again', async () => {
    brokerFolder()
    const draft = join(folder.path, 'pocketmq.importing')
    mkdirSync(join(draft, 'index'), { recursive: true })
    writeFileSync(join(draft, 'state.db'), 'half')
    writeFileSync(join(draft, 'index', `${'0'.repeat(20)}.db`), 'half')
    assert.deepEqual(await folder.problems(), [])
    await folder.maintenance.import()
    assert.deepEqual(await folder.problems(), [])
    assert.ok(!readdirSync(folder.path).includes('pocketmq.importing'))
  })

  it('changes neither log nor config', async () => {
    brokerFolder()
    const copy = join(folder.root, 'copy')
    cpSync(folder.path, copy, { recursive: true })
    await folder.maintenance.import()
    for (const part of ['commitlog', 'config']) {
      assert.deepEqual(readdirSync(join(folder.path, part)), readdirSync(join(copy, part)))
      for (const name of readdirSync(join(copy, part)))
        assert.ok(readFileSync(join(folder.path, part, name)).equals(readFileSync(join(copy, part, name))))
    }
  })

  it('is not kept from it by a pid that was given to another program', async function () {
    if (process.platform !== 'linux') return this.skip()
    brokerFolder()
    writeFileSync(join(folder.path, 'abort'), `${process.pid}`)
    await folder.maintenance.import()
  })
})

import assert from 'node:assert/strict'
import { nodeFileSystem } from '../../../src/core/store/file-system.ts'
import type { Store } from '../../../src/core/store/store.ts'
import { SimulatedFileSystem } from '../../fault/simulated-file-system.ts'
import {
  findTexts,
  openStore,
  readQueue,
  rebuild,
  request,
  segmentSize,
  send,
  type OpenOptions,
} from '../../fault/workload.ts'
import { temporaryFolder } from '../temporary-folder.ts'

describe('a store over its life', () => {
  const folder = temporaryFolder()
  const open = (options: OpenOptions = {}): Store => openStore(nodeFileSystem, folder.path, options)
  const texts = (store: Store, topic = 't', queueId = 0): string[] => [
    ...readQueue(store, topic, queueId).texts.values(),
  ]

  it('gives a deleted topic back empty, for ever, whatever is rebuilt, and over segments', () => {
    const store = open()
    for (let i = 0; i < 6; i++) send(store, 't', 0, `old ${i}`, segmentSize * 0.4)
    send(store, 'u', 0, 'other')
    store.deleteTopic('t')
    assert.deepEqual(store.extent('t', 0), { topic: 't', queueId: 0, minOffset: 0, endOffset: 0 })
    assert.deepEqual(findTexts(store, 't', 'old 5'), [])
    assert.equal(send(store, 't', 0, 'new 0', segmentSize * 0.4), 0)
    assert.equal(send(store, 't', 0, 'new 1', segmentSize * 0.4), 1)
    const check = (): void => {
      assert.deepEqual(texts(store), ['new 0', 'new 1'])
      assert.deepEqual(texts(store, 'u'), ['other'])
      assert.deepEqual(findTexts(store, 't', 'old 0'), [])
      assert.deepEqual(findTexts(store, 't', 'new 1'), ['new 1'])
    }
    check()
    rebuild(store)
    check()
    store.deleteTopic('t')
    rebuild(store)
    assert.deepEqual(texts(store), [])
    assert.equal(send(store, 't', 0, 'newest'), 0)
    store.close()
    const again = open({ writer: 'hold' })
    assert.deepEqual(texts(again), ['newest'])
    again.close()
  })

  it('shows a process that had the topic open the deletion by another, and mixes no queues', () => {
    const one = open()
    const other = open()
    send(one, 't', 0, 'old')
    other.deleteTopic('t')
    send(other, 'u', 0, 'of u')
    assert.equal(send(one, 't', 0, 'new'), 0)
    for (const store of [one, other]) {
      store.refresh()
      assert.deepEqual([texts(store), texts(store, 'u')], [['new'], ['of u']])
    }
    one.close()
    other.close()
  })

  it('goes on counting where a queue ended whose segments have all expired', () => {
    const store = open()
    for (let i = 0; i < 4; i++) send(store, 'gone', 0, `m ${i}`, segmentSize * 0.4)
    for (let i = 0; i < 4; i++) send(store, 't', 0, `m ${i}`, segmentSize * 0.4)
    assert.equal(store.expire({ sizeMax: 2 * segmentSize }).length, 2)
    const floor = { topic: 'gone', queueId: 0, minOffset: 4, endOffset: 4 }
    assert.deepEqual(store.extent('gone', 0), floor)
    rebuild(store)
    assert.deepEqual(store.extent('gone', 0), floor)
    assert.equal(send(store, 'gone', 0, 'next'), 4)
    store.close()
    const again = open()
    assert.deepEqual(texts(again, 'gone'), ['next'])
    assert.equal(again.extent('gone', 0).minOffset, 4)
    again.close()
  })

  it('serves on when segments that have expired cannot be removed', () => {
    const store = open({ writer: 'hold' })
    for (let i = 0; i < 6; i++) send(store, 't', 0, `old ${i}`, segmentSize * 0.4)
    store.retention = { sizeMax: segmentSize }
    store.neededFrom = () => {
      throw new Error('EIO: i/o error, read')
    }
    store.syncLater()
    assert.equal(send(store, 't', 0, 'new'), 6)
    assert.throws(() => store.expire(store.retention), /EIO/)
    store.close()
  })

  it('tells whoever waits for a sync that it failed, and whoever comes later', async () => {
    const fs = new SimulatedFileSystem(folder.path)
    const store = openStore(fs, fs.root, { writer: 'hold' })
    assert.equal(send(store, 't', 0, 'acknowledged'), 0)
    fs.fault = { at: fs.operations, code: 'EIO', times: 1, kinds: ['datasync'] }
    for (let i = 0; i < 2; i++) {
      const error = await new Promise((resolve) => store.whenSynced(resolve))
      assert.match(String(error), /EIO/)
    }
    assert.deepEqual(texts(store), ['acknowledged'], 'reading goes on')
    store.close()
  })

  it('takes a sync that does not even begin for one that failed', async () => {
    const fs = new SimulatedFileSystem(folder.path)
    const store = openStore(fs, fs.root, { writer: 'hold' })
    assert.equal(send(store, 't', 0, 'acknowledged'), 0)
    fs.refusesToSyncLater = true
    store.syncLater()
    assert.match(String(store.broken), /EIO/)
    fs.refusesToSyncLater = false
    const error = await new Promise((resolve) => store.whenSynced(resolve))
    assert.match(String(error), /EIO/)
    assert.equal(send(store, 't', 0, 'refused'), null)
    store.close()
  })

  it('of a server that syncs, acknowledges after the sync, and goes on meanwhile', async () => {
    const fs = new SimulatedFileSystem(folder.path)
    const store = openStore(fs, fs.root, { writer: 'hold', flush: 'sync' })
    const told: string[] = []
    const put = (text: string): void => {
      store.append(request('t', 0, text), (error) => told.push(`${text}: ${error?.code ?? 'stored'}`))
      store.commit()
    }
    put('zeroth')
    await new Promise((resolve) => store.whenSynced(resolve))
    let syncs = 0
    fs.onOperation = (kind) => (syncs += kind === 'datasync' ? 1 : 0)
    put('first')
    // written while the first one's sync is under way: one more covers both
    put('second')
    put('third')
    assert.deepEqual(told.splice(0), ['zeroth: stored'])
    assert.deepEqual(texts(store), ['zeroth', 'first', 'second', 'third'], 'who reads does not wait')
    await new Promise((resolve) => store.whenSynced(resolve))
    assert.deepEqual(told.splice(0), ['first: stored', 'second: stored', 'third: stored'])
    assert.equal(syncs, 2)
    fs.fault = { at: fs.operations, code: 'EIO', times: 1, kinds: ['datasync'] }
    put('fourth')
    put('fifth')
    await new Promise((resolve) => store.whenSynced(resolve))
    assert.deepEqual(told, ['fourth: MQ_STORE_UNWRITABLE', 'fifth: MQ_STORE_UNWRITABLE'])
    assert.throws(() => put('sixth'), /EIO/)
    store.close()
  })

  for (const flush of ['sync', 'async'] as const) {
    it(`tells who has staged something when a sync fails that it is not stored (${flush})`, async () => {
      const fs = new SimulatedFileSystem(folder.path)
      const store = openStore(fs, fs.root, { writer: 'hold', flush })
      assert.equal(send(store, 't', 0, 'first'), flush === 'sync' ? null : 0)
      fs.fault = { at: fs.operations, code: 'EIO', times: 1, kinds: ['datasync'] }
      const failed = new Promise((resolve) => store.whenSynced(resolve))
      // committed at the end of the tick, and the sync fails just before
      const told = new Promise((resolve) => store.append(request('t', 0, 'second'), resolve))
      assert.match(String(await failed), /EIO/)
      assert.match(String(await told), /EIO/)
      store.close()
    })
  }

  it('lets a segment go that a sync has not come to, and syncs on', async () => {
    const fs = new SimulatedFileSystem(folder.path)
    const store = openStore(fs, fs.root, { writer: 'hold', flush: 'sync' })
    const told: unknown[] = []
    for (let i = 0; i < 4; i++) {
      store.append(request('t', 0, `m ${i}`, segmentSize * 0.6), (error) => told.push(error))
      store.commit()
    }
    assert.equal(store.expire({ sizeMax: segmentSize }).length, 3)
    await new Promise((resolve) => store.whenSynced(resolve))
    assert.equal(store.broken, null)
    assert.deepEqual(told, [null, null, null, null])
    assert.equal(await new Promise((resolve) => store.append(request('t', 0, 'next'), resolve)), null)
    store.close()
  })

  it('of a server that syncs, acknowledges at its end what is under way', () => {
    const store = open({ writer: 'hold', flush: 'sync' })
    const told: unknown[] = []
    for (const text of ['first', 'second']) {
      store.append(request('t', 0, text), (error) => told.push(error))
      store.commit()
    }
    store.close()
    assert.deepEqual(told, [null, null])
    const again = open()
    assert.deepEqual(texts(again), ['first', 'second'])
    again.close()
  })

  it('lets a reader go on that was open while another process rolled, expired and rebuilt', () => {
    const writer = open()
    const reader = open()
    for (let i = 0; i < 12; i++) {
      assert.equal(send(writer, 't', 0, `m ${i}`, segmentSize * 0.4), i)
      if (i % 3 === 0) writer.expire({ sizeMax: 3 * segmentSize })
      if (i % 5 === 0) rebuild(writer)
      reader.refresh()
      const found = readQueue(reader, 't', 0)
      assert.equal(found.end, i + 1)
      assert.equal(found.texts.size, found.end - found.min, 'no hole')
    }
    writer.close()
    reader.close()
  })

  it('shows a reader that has not looked again no entry that it cannot read', () => {
    const writer = open()
    send(writer, 't', 0, 'first')
    const reader = open()
    for (let i = 0; i < 5; i++) send(writer, 't', 0, `m ${i}`, segmentSize * 0.4)
    const { end, texts: found } = readQueue(reader, 't', 0)
    assert.equal(found.size, end)
    writer.close()
    reader.close()
  })

  it('takes over from a process that left entries of a large turn unflushed', () => {
    const one = open()
    const other = open()
    for (let round = 0; round < 3; round++) {
      for (const store of [one, other]) {
        let acknowledged = 0
        for (let i = 0; i < 3000; i++) store.append(request('t', 0, `m${i}`), () => acknowledged++)
        store.commit()
        assert.equal(acknowledged, 3000)
      }
    }
    one.refresh()
    assert.equal(one.extent('t', 0).endOffset, 18_000)
    one.close()
    other.close()
    const again = open()
    assert.equal(readQueue(again, 't', 0).texts.size, 18_000)
    again.close()
  })

  it('never stores a message before the one in front of it, whatever its clock says', () => {
    const first = open()
    send(first, 't', 0, 'now')
    first.close()
    const early = { now: () => 1_000 }
    const second = openStore(nodeFileSystem, folder.path, { clock: early })
    send(second, 't', 0, 'then')
    const [one, two] = second
      .records('t', 0, second.entries('t', 0, 0, 2))
      .map((record) => record!.readBigInt64BE(56))
    assert.ok(two! >= one!)
    second.close()
  })

  it('refuses what fits no record, and keeps what was staged with it', () => {
    const store = open()
    const results: (string | null)[] = []
    store.append(request('t', 0, 'good'), (error) => results.push(error?.code ?? null))
    const misfits = [
      { ...request('t', 0, 'x'), queueId: 2 ** 31 },
      { ...request('t', 0, 'x'), flag: 0.5 },
      { ...request('t', 0, 'x'), properties: 'p'.repeat(32_750) },
      { ...request('t'.repeat(300), 0, 'x') },
      request('t', 0, 'x', segmentSize),
    ]
    for (const misfit of misfits) {
      assert.throws(() => store.append(misfit, () => results.push('called')), { code: 'MQ_MESSAGE_ILLEGAL' })
      const batch = [request('t', 0, 'x'), misfit]
      assert.throws(() => store.appendBatch(batch, () => results.push('called')), {
        code: 'MQ_MESSAGE_ILLEGAL',
      })
    }
    store.commit()
    assert.deepEqual(results, [null])
    assert.equal(send(store, 't', 0, 'next'), 1)
    assert.deepEqual(texts(store), ['good', 'next'])
    store.close()
  })

  it('lets the lock go when a turn fails that has staged nothing', () => {
    const store = open({ lockTimeoutMs: 50 })
    const misfit = { ...request('t', 0, 'x'), queueId: -1 }
    assert.throws(() => store.append(misfit, () => undefined), { code: 'MQ_MESSAGE_ILLEGAL' })
    const other = open({ lockTimeoutMs: 50 })
    assert.equal(send(other, 't', 0, 'x'), 0)
    other.close()
    store.close()
  })
})

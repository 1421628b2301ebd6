import assert from 'node:assert/strict'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { ConsumeQueue } from '../../../../src/core/store/consume-queue.ts'
import { QueueRows } from '../../../../src/core/store/index-rows.ts'
import { BrokerFolder } from '../broker-folder.ts'
import { FilledFolder, segmentSize } from './filled-folder.ts'

describe('store verify', () => {
  const folder = new FilledFolder()

  it('finds nothing in a sound folder, and changes nothing', async () => {
    await folder.fill()
    const files = (): string[] =>
      readdirSync(folder.path, { recursive: true, encoding: 'utf8' })
        .filter((name) => !/-(wal|shm)$/.test(name))
        .sort()
    const before = files()
    const report = await folder.maintenance.verify()
    assert.deepEqual(report.problems, [])
    assert.equal(report.records, 440)
    assert.ok(report.segments > 3)
    assert.deepEqual(files(), before)
  })

  it('finds a damaged record, and says where', async () => {
    await folder.fill()
    folder.overwrite(
      folder.segmentFile(folder.places[50]!),
      (folder.places[50]! % segmentSize) + 200,
      Buffer.from('damage'),
    )
    const found = await folder.problems()
    assert.equal(found[0]!.part, 'log')
    assert.equal(found[0]!.offset, folder.places[50])
    assert.match(found[0]!.message, /crc/)
  })

  it('finds a missing segment', async () => {
    await folder.fill()
    rmSync(join(folder.path, folder.segmentFile(folder.places[200]!)))
    const [found] = await folder.problems()
    assert.equal(found!.part, 'log')
    assert.match(found!.message, /no segment/)
  })

  it('finds a lost tail', async () => {
    await folder.fill()
    const last = folder.places.at(-1)!
    folder.overwrite(folder.segmentFile(last), last % segmentSize, Buffer.alloc(400))
    assert.ok((await folder.problems()).some(({ part, offset }) => part === 'log' && offset === last))
  })

  const index = join('pocketmq/index', `${'0'.repeat(20)}.db`)
  for (const { what, act, says } of [
    {
      what: 'an index entry that leads elsewhere',
      act: () =>
        folder.changeEntry(1, 5, (entry) => ({ ...entry, physicalOffset: entry.physicalOffset + 1 })),
      says: /offset 5/,
    },
    {
      what: 'an index entry of another tag',
      act: () => folder.changeEntry(1, 6, (entry) => ({ ...entry, tagsCode: 1 })),
      says: /offset 6/,
    },
    {
      what: 'a lost index entry',
      act: () => folder.changeEntry(1, 7, () => null),
      says: /a page of entries is missing/,
    },
    {
      what: 'an index entry too many',
      act: () =>
        folder.database(index, (db) => {
          const rows = new QueueRows(100_000)
          rows.push(0, 100, 0)
          new ConsumeQueue(db).add({ id: 1, minOffset: 0, endOffset: 100_000 }, rows)
        }),
      says: /rows/,
    },
    {
      what: 'a page of entries with a wrong byte',
      act: () =>
        folder.sql(
          index,
          'UPDATE consume_queue SET entries = CAST(substr(entries, 1, 25) || zeroblob(length(entries) - 25) AS BLOB) WHERE queue = 1',
        ),
      says: /CRC/,
    },
    {
      what: 'lost keys',
      act: () => folder.sql(index, 'DELETE FROM key_page WHERE run = 1'),
      says: /keys/,
    },
    {
      what: 'a catalog that is wrong',
      act: () =>
        folder.sql(
          'pocketmq/catalog.db',
          "UPDATE sealed_queue SET end_offset = end_offset + 1 WHERE topic = 't' AND queue_id = 2 AND base = 0",
        ),
      says: /catalog\.db is damaged: a queue/,
    },
    {
      what: 'a filter of keys that would hide some',
      act: () => folder.sql('pocketmq/catalog.db', 'UPDATE key_filter SET bits = zeroblob(length(bits))'),
      says: /catalog\.db: the filter/,
    },
  ]) {
    it(`finds ${what}`, async () => {
      await folder.fill()
      act()
      const found = await folder.problems()
      assert.ok(
        found.some(({ part, message }) => part === 'index' && says.test(message)),
        JSON.stringify(found),
      )
      await folder.maintenance.rebuild()
      assert.deepEqual(await folder.problems(), [])
    })
  }

  it('finds an index file that is gone, and one that is no database', async () => {
    await folder.fill()
    rmSync(join(folder.path, 'pocketmq', 'index', `${'0'.repeat(20)}.db`))
    const second = join(folder.path, 'pocketmq', 'index', `${String(segmentSize).padStart(20, '0')}.db`)
    writeFileSync(second, Buffer.alloc(8192, 1))
    const found = await folder.problems()
    assert.deepEqual(
      found.filter(({ part }) => part === 'index').map(({ offset }) => offset),
      [0, segmentSize],
    )
  })

  it('finds a group that is ahead of its queue', async () => {
    await folder.fill()
    folder.sql('pocketmq/state.db', 'UPDATE consumer_offset SET next_offset = 99999')
    const [found] = await folder.problems()
    assert.equal(found!.part, 'state')
    assert.match(found!.message, /group G/)
  })

  it('checks log and config of a RocketMQ folder', async () => {
    const broker = new BrokerFolder(folder.path)
    const at = Array.from({ length: 300 }, (_, i) =>
      broker.append({ topic: 't', queueOffset: i, body: 'x'.padEnd(400) }),
    )
    broker.append({ topic: 't', queueOffset: 0, body: 'anew' })
    assert.deepEqual(await folder.problems(), [])
    broker.write(at[3]! + 120, Buffer.from('damage'))
    broker.config('topics.json', 'no')
    assert.deepEqual(
      (await folder.problems()).map(({ part, offset }) => ({ part, offset })),
      [
        { part: 'config', offset: null },
        { part: 'log', offset: at[3]! },
      ],
    )
  })

  it('waits for nobody for ever', async () => {
    await folder.fill()
    const lock = new Sqlite(join(folder.path, 'pocketmq', 'main'))
    lock.exec('BEGIN IMMEDIATE')
    await assert.rejects(folder.maintenance.verify(), { code: 'MQ_STORE_IN_USE' })
    lock.close()
  })
})

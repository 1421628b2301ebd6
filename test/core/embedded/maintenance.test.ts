import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { Maintenance } from '../../../src/core/embedded/maintenance.ts'
import type { LogEntry } from '../../../src/core/embedded/maintenance/dump.ts'
import type { VerifyReport } from '../../../src/core/embedded/maintenance/verify.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { BrokerFolder } from './broker-folder.ts'
import { append, clock, openOwn, served } from './own-folder.ts'

const segmentSize = 64 * 1024
const keys = ['k0', 'k7', 'k399', 'none']

describe('Maintenance', () => {
  const root = temporaryFolder()
  let folder: string
  let places: number[]

  beforeEach(() => {
    folder = join(root.path, 'store')
  })

  /** Messages over several segments, a deleted and re-created topic, a group's offsets. */
  async function fill(): Promise<void> {
    const store = openOwn(folder)
    places = []
    for (let batch = 0; batch < 400; batch += 100) {
      const appended = Array.from({ length: 100 }, (_, j) => {
        const i = batch + j
        const properties = `KEYS\u0001k${i}\u0002TAGS\u0001tag${i % 3}\u0002`
        const place = append(store, 't', i % 3, `${i}`.padEnd(500), properties)
        if (i % 10 === 0) void append(store, 'anew', i % 2, `old ${i}`)
        return place
      })
      places.push(...(await Promise.all(appended)).map(({ physicalOffset }) => physicalOffset))
      if (batch === 200) store.deleteTopic('anew')
    }
    store.state.db.prepare('INSERT INTO consumer_offset VALUES (?, ?, ?, ?)').run('t', 'G', 1, 20)
    store.state.db.prepare('INSERT INTO subscription_group VALUES (?, ?)').run('G', '{"groupName":"G"}')
    store.state.db
      .prepare('INSERT INTO topic VALUES (?, ?)')
      .run(
        't',
        JSON.stringify({ topicName: 't', readQueueNums: 3, writeQueueNums: 3, perm: 6, attributes: {} }),
      )
    store.close()
  }

  const maintenance = (): Maintenance => new Maintenance({ folder, clock, lockTimeoutMs: 200 })

  function overwrite(file: string, position: number, bytes: Buffer): void {
    const fd = openSync(join(folder, file), 'r+')
    writeSync(fd, bytes, 0, bytes.length, position)
    closeSync(fd)
  }

  function sql(file: string, statement: string): void {
    const db = new Sqlite(join(folder, file))
    db.exec(statement)
    db.close()
  }

  const segmentFile = (offset: number): string =>
    `commitlog/${String(offset - (offset % segmentSize)).padStart(20, '0')}`

  async function problems(): Promise<VerifyReport['problems']> {
    const report = await maintenance().verify()
    assert.equal(report.ok, report.problems.length === 0)
    return report.problems
  }

  describe('verify', () => {
    it('finds nothing in a sound folder, and changes nothing', async () => {
      await fill()
      const files = (): string[] =>
        readdirSync(folder, { recursive: true, encoding: 'utf8' })
          .filter((name) => !/-(wal|shm)$/.test(name))
          .sort()
      const before = files()
      const report = await maintenance().verify()
      assert.deepEqual(report.problems, [])
      assert.equal(report.records, 440)
      assert.ok(report.segments > 3)
      assert.deepEqual(files(), before)
    })

    it('finds a damaged record, and says where', async () => {
      await fill()
      overwrite(segmentFile(places[50]!), (places[50]! % segmentSize) + 200, Buffer.from('damage'))
      const found = await problems()
      assert.equal(found[0]!.part, 'log')
      assert.equal(found[0]!.offset, places[50])
      assert.match(found[0]!.message, /crc/)
    })

    it('finds a missing segment', async () => {
      await fill()
      rmSync(join(folder, segmentFile(places[200]!)))
      const [found] = await problems()
      assert.equal(found!.part, 'log')
      assert.match(found!.message, /no segment/)
    })

    it('finds a lost tail', async () => {
      await fill()
      const last = places.at(-1)!
      overwrite(segmentFile(last), last % segmentSize, Buffer.alloc(400))
      assert.ok((await problems()).some(({ part, offset }) => part === 'log' && offset === last))
    })

    for (const { what, statement, file, says } of [
      {
        what: 'an index row that leads elsewhere',
        statement:
          'UPDATE consume_queue SET physical_offset = physical_offset + 1 WHERE queue = 1 AND queue_offset = 5',
        file: `index/${'0'.repeat(20)}.db`,
        says: /offset 5/,
      },
      {
        what: 'an index row of another tag',
        statement: 'UPDATE consume_queue SET tags_code = 1 WHERE queue = 1 AND queue_offset = 6',
        file: `index/${'0'.repeat(20)}.db`,
        says: /offset 6/,
      },
      {
        what: 'a lost index row',
        statement: 'DELETE FROM consume_queue WHERE queue = 1 AND queue_offset = 7',
        file: `index/${'0'.repeat(20)}.db`,
        says: /offset 7/,
      },
      {
        what: 'an index row too many',
        statement: 'INSERT INTO consume_queue VALUES (1, 100000, 0, 100, 0)',
        file: `index/${'0'.repeat(20)}.db`,
        says: /rows/,
      },
      {
        what: 'lost keys',
        statement: 'DELETE FROM key_page WHERE run = 1',
        file: `index/${'0'.repeat(20)}.db`,
        says: /keys/,
      },
      {
        what: 'a catalog that is wrong',
        statement:
          "UPDATE sealed_queue SET end_offset = end_offset + 1 WHERE topic = 't' AND queue_id = 2 AND base = 0",
        file: 'catalog.db',
        says: /catalog\.db: t\/2/,
      },
    ]) {
      it(`finds ${what}`, async () => {
        await fill()
        sql(join('pocketmq', file), statement)
        const found = await problems()
        assert.ok(
          found.some(({ part, message }) => part === 'index' && says.test(message)),
          JSON.stringify(found),
        )
        await maintenance().rebuild()
        assert.deepEqual(await problems(), [])
      })
    }

    it('finds an index file that is gone, and one that is no database', async () => {
      await fill()
      rmSync(join(folder, 'pocketmq', 'index', `${'0'.repeat(20)}.db`))
      const second = join(folder, 'pocketmq', 'index', `${String(segmentSize).padStart(20, '0')}.db`)
      writeFileSync(second, Buffer.alloc(8192, 1))
      const found = await problems()
      assert.deepEqual(
        found.filter(({ part }) => part === 'index').map(({ offset }) => offset),
        [0, segmentSize],
      )
    })

    it('finds a group that is ahead of its queue', async () => {
      await fill()
      sql('pocketmq/state.db', 'UPDATE consumer_offset SET next_offset = 99999')
      const [found] = await problems()
      assert.equal(found!.part, 'state')
      assert.match(found!.message, /group G/)
    })

    it('checks log and config of a RocketMQ folder', async () => {
      const broker = new BrokerFolder(folder)
      const at = Array.from({ length: 300 }, (_, i) =>
        broker.append({ topic: 't', queueOffset: i, body: 'x'.padEnd(400) }),
      )
      broker.append({ topic: 't', queueOffset: 0, body: 'anew' })
      assert.deepEqual(await problems(), [])
      broker.write(at[3]! + 120, Buffer.from('damage'))
      broker.config('topics.json', 'no')
      assert.deepEqual(
        (await problems()).map(({ part, offset }) => ({ part, offset })),
        [
          { part: 'config', offset: null },
          { part: 'log', offset: at[3]! },
        ],
      )
    })

    it('waits for nobody for ever', async () => {
      await fill()
      const lock = new Sqlite(join(folder, 'pocketmq', 'main'))
      lock.exec('BEGIN IMMEDIATE')
      await assert.rejects(maintenance().verify(), { code: 'MQ_STORE_IN_USE' })
      lock.close()
    })
  })

  describe('rebuild', () => {
    it('serves the same afterwards', async () => {
      await fill()
      const before = served(folder, keys)
      const report = await maintenance().rebuild()
      assert.ok(report.segments > 3)
      assert.deepEqual(served(folder, keys), before)
      assert.deepEqual(await problems(), [])
    })

    it('may be stopped, and the next one to open the folder finishes it', async () => {
      await fill()
      const before = served(folder, keys)
      const store = openOwn(folder)
      const steps = store.rebuild()
      steps.next()
      steps.return()
      store.close()
      assert.deepEqual(served(folder, keys), before)
      const writer = openOwn(folder)
      await append(writer, 'u', 0, 'after')
      writer.close()
      assert.deepEqual(await problems(), [])
    })
  })

  describe('dump', () => {
    const all = async (range: { from?: number; to?: number } = {}): Promise<LogEntry[]> => {
      const entries: LogEntry[] = []
      for await (const entry of maintenance().dump(range)) entries.push(entry)
      return entries
    }

    it('lists every record in order, those of deleted topics as well', async () => {
      await fill()
      const entries = await all()
      assert.equal(entries.length, 440)
      assert.ok(entries.every((entry, i) => i === 0 || entry.offset > entries[i - 1]!.offset))
      const entry = entries.find(({ offset }) => offset === places[7])
      assert.ok(entry?.kind === 'record')
      const { topic, queueId, queueOffset, tag, keys: words, crc } = entry
      assert.deepEqual(
        { topic, queueId, queueOffset, tag, words, crc },
        {
          topic: 't',
          queueId: 1,
          queueOffset: 2,
          tag: 'tag1',
          words: ['k7'],
          crc: 'record',
        },
      )
    })

    it('lists a range, from the next record on, and damage as what it is', async () => {
      await fill()
      const [from, to] = [places[12]!, places[19]!]
      assert.deepEqual(
        (await all({ from, to })).flatMap((entry) =>
          entry.kind === 'record' && entry.topic === 't' ? entry.offset : [],
        ),
        places.slice(12, 19),
      )
      assert.equal((await all({ from: from + 1, to: to + 1 })).at(-1)!.offset, to)
      overwrite(segmentFile(from), (from % segmentSize) + 200, Buffer.from('damage'))
      const [damage] = await all({ from, to })
      assert.ok(damage?.kind === 'damage')
      assert.equal(damage.offset + damage.size, places[13])
    })
  })

  describe('export', () => {
    it('writes what a broker starts on', async () => {
      await fill()
      const to = join(root.path, 'exported')
      const report = await maintenance().export(to)
      assert.equal(report.segmentSize, segmentSize)
      assert.deepEqual(readdirSync(to).sort(), ['commitlog', 'config', 'consumequeue'])
      for (const name of readdirSync(join(folder, 'commitlog'))) {
        const [ours, theirs] = [folder, to].map((each) => readFileSync(join(each, 'commitlog', name)))
        assert.ok(ours!.equals(theirs!))
      }
      const json = (name: string): unknown => JSON.parse(readFileSync(join(to, 'config', name), 'utf8'))
      assert.deepEqual((json('consumerOffset.json') as { offsetTable: unknown }).offsetTable, {
        't@G': { 1: 20 },
      })
      const { topicConfigTable } = json('topics.json') as { topicConfigTable: object }
      assert.deepEqual(Object.keys(topicConfigTable), ['t'])
      const { subscriptionGroupTable } = json('subscriptionGroup.json') as {
        subscriptionGroupTable: { G: object }
      }
      assert.equal((subscriptionGroupTable.G as { retryMaxTimes: number }).retryMaxTimes, 16)
      const queue = join(to, 'consumequeue', 't', '1', '0'.repeat(20))
      assert.equal(statSync(queue).size, 6_000_000)
      const bytes = readFileSync(queue)
      assert.equal(Number(bytes.readBigInt64BE(20)), places[4])
      assert.equal(bytes.readInt32BE(133 * 20 + 8), 0)
      const anew = readFileSync(join(to, 'consumequeue', 'anew', '0', '0'.repeat(20)))
      assert.ok(Number(anew.readBigInt64BE(0)) >= places[300]!)
    })

    it('does not touch a folder that holds something, and leaves nothing when it is stopped', async () => {
      await fill()
      const to = join(root.path, 'exported')
      mkdirSync(to)
      writeFileSync(join(to, 'mine'), 'x')
      await assert.rejects(maintenance().export(to), { code: 'MQ_FAILED' })
      rmSync(join(to, 'mine'))
      await maintenance().export(to)
      assert.deepEqual(readdirSync(root.path).sort(), ['exported', 'store'])
    })

    it('lets the next entry stand in for a damaged record, and blanks for those before a queue begins', async () => {
      const broker = new BrokerFolder(folder)
      const at = Array.from({ length: 300 }, (_, i) =>
        broker.append({ topic: 't', queueOffset: 300_005 + i, body: 'x'.padEnd(400) }),
      )
      broker.write(at[3]! + 120, Buffer.from('damage'))
      await maintenance().import()
      const to = join(root.path, 'exported')
      await maintenance().export(to)
      const bytes = readFileSync(join(to, 'consumequeue', 't', '0', '6000000'.padStart(20, '0')))
      const entry = (i: number): number[] => [
        Number(bytes.readBigInt64BE(i * 20)),
        bytes.readInt32BE(i * 20 + 8),
      ]
      assert.deepEqual(entry(0), [0, 0x7fffffff])
      assert.deepEqual(entry(4), [0, 0x7fffffff])
      assert.equal(entry(5)[0], at[0])
      assert.equal(entry(8)[0], at[4])
      assert.equal(entry(9)[0], at[4])
      assert.equal(entry(304)[0], at[299])
    })
  })

  describe('import', () => {
    function brokerFolder(): BrokerFolder {
      const broker = new BrokerFolder(folder)
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
      const report = await maintenance().import()
      assert.equal(report.brokerName, 'b-7')
      assert.equal(report.logEnd, broker.end)
      assert.deepEqual(await problems(), [])
      const store = openOwn(folder)
      assert.equal(store.brokerName, 'b-7')
      assert.equal(store.segmentSize, segmentSize)
      assert.equal(store.extent('t', 1).endOffset, 150)
      assert.equal(store.extent('anew', 0).endOffset, 1)
      assert.equal(store.find('t', 'k7').length, 1)
      const { physicalOffset, queueOffset } = await append(store, 't', 1, 'ours')
      assert.equal(physicalOffset, broker.end)
      assert.equal(queueOffset, 150)
      store.close()
      assert.deepEqual(await problems(), [])
      const before = served(folder, keys)
      await maintenance().rebuild()
      assert.deepEqual(served(folder, keys), before)
      const offsets = new Sqlite(join(folder, 'pocketmq', 'state.db'), { readonly: true })
      assert.deepEqual(offsets.prepare('SELECT queue_id, next_offset FROM consumer_offset').raw().all(), [
        [0, 5],
        [1, 7],
      ])
      offsets.close()
      await assert.rejects(maintenance().import(), { code: 'MQ_FAILED' })
    })

    it('that died half-way leaves the folder as it was, and can be done again', async () => {
      brokerFolder()
      const draft = join(folder, 'pocketmq.importing')
      mkdirSync(join(draft, 'index'), { recursive: true })
      writeFileSync(join(draft, 'state.db'), 'half')
      writeFileSync(join(draft, 'index', `${'0'.repeat(20)}.db`), 'half')
      assert.deepEqual(await problems(), [])
      await maintenance().import()
      assert.deepEqual(await problems(), [])
      assert.ok(!readdirSync(folder).includes('pocketmq.importing'))
    })

    it('changes neither log nor config', async () => {
      brokerFolder()
      const copy = join(root.path, 'copy')
      cpSync(folder, copy, { recursive: true })
      await maintenance().import()
      for (const part of ['commitlog', 'config']) {
        assert.deepEqual(readdirSync(join(folder, part)), readdirSync(join(copy, part)))
        for (const name of readdirSync(join(copy, part)))
          assert.ok(readFileSync(join(folder, part, name)).equals(readFileSync(join(copy, part, name))))
      }
    })

    it('is not kept from it by a pid that was given to another program', async function () {
      if (process.platform !== 'linux') return this.skip()
      brokerFolder()
      writeFileSync(join(folder, 'abort'), `${process.pid}`)
      await maintenance().import()
    })
  })

  it('says that a folder has no store, and what is not for a RocketMQ folder', async () => {
    await assert.rejects(maintenance().verify(), { code: 'MQ_STORE_NOT_FOUND' })
    new BrokerFolder(folder).append({ topic: 't', queueOffset: 0 })
    await assert.rejects(maintenance().rebuild(), { code: 'MQ_STORE_FOREIGN' })
    await assert.rejects(async () => maintenance().export(join(root.path, 'x')), { code: 'MQ_STORE_FOREIGN' })
  })
})

describe('liveBroker', () => {
  const root = temporaryFolder()

  it('sees the lock of a process that holds byte 0', async function () {
    if (process.platform !== 'linux') return this.skip()
    const broker = new BrokerFolder(root.path)
    broker.append({ topic: 't', queueOffset: 0 })
    writeFileSync(join(root.path, 'lock'), 'lock')
    const code =
      'import fcntl,sys;f=open(sys.argv[1],"r+b");fcntl.lockf(f,fcntl.LOCK_EX,1,0);print("held",flush=True);sys.stdin.read()'
    const holder = spawn('python3', ['-c', code, join(root.path, 'lock')], { stdio: 'pipe' })
    const failed = once(holder, 'error').then(() => null)
    if ((await Promise.race([once(holder.stdout, 'data'), failed])) === null) return this.skip()
    try {
      await assert.rejects(new Maintenance({ folder: root.path }).import(), { code: 'MQ_STORE_IN_USE' })
    } finally {
      const ended = once(holder, 'exit')
      holder.stdin.end()
      await ended
    }
    await new Maintenance({ folder: root.path }).import()
  })
})

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { StateDb, stateVersion } from '../../../src/core/store/state-db.ts'
import { halfTopic, opTopic } from '../../../src/core/model/transaction.ts'
import { clampOffsets, QueueFloors, Tombstones } from '../../../src/core/store/state-tables.ts'
import { until } from '../remoting/sockets.ts'
import { temporaryFolder } from '../temporary-folder.ts'

describe('StateDb', () => {
  const folder = temporaryFolder()
  const path = (): string => join(folder.path, 'state.db')
  const open = (mode: 'open' | 'create' = 'create'): StateDb => new StateDb(path(), mode)

  it('comes back as it was left, and keeps what it was created with', () => {
    const first = open()
    first.initMeta({ brokerName: 'a' })
    const row = { ...first.writer(), epoch: 7, logEnd: 100, syncedTo: 90, filesEpoch: 3, bootId: 'b' }
    first.setWriter(row)
    first.close()
    const again = open('open')
    again.initMeta({ brokerName: 'b' })
    assert.equal(again.meta('brokerName'), 'a')
    assert.deepEqual(again.writer(), row)
    again.close()
  })

  it('shows others a new version once it has committed, and itself none', () => {
    const one = open()
    const other = open()
    const [before, own] = [other.version(), one.version()]
    one.setWriter({ ...one.writer(), epoch: 1 })
    assert.notEqual(other.version(), before)
    assert.equal(one.version(), own)
    one.close()
    other.close()
  })

  it('shows them to who holds the folder within some milliseconds', async () => {
    const [server, other] = [open(), open()]
    server.hold()
    const before = server.versionInRun()
    other.setWriter({ ...other.writer(), epoch: 1 })
    await until(() => server.versionInRun() !== before)
    const after = server.versionInRun()
    server.setWriter({ ...server.writer(), epoch: 2 })
    assert.equal(server.versionInRun(), after)
    server.close()
    other.close()
  })

  it('refuses a newer version, and leaves it as it is', () => {
    open().close()
    const db = new BetterSqlite3(path())
    db.pragma(`user_version = ${stateVersion + 1}`)
    db.close()
    assert.throws(() => open('open'), { code: 'MQ_STORE_VERSION' })
    assert.throws(() => open('create'), { code: 'MQ_STORE_VERSION' })
  })

  it('refuses an empty or damaged file where there is a state to lose', () => {
    writeFileSync(path(), '')
    assert.throws(() => open('open'), { code: 'MQ_STORE_CORRUPT' })
    writeFileSync(path(), 'x'.repeat(10_000))
    assert.throws(() => open('open'), { code: 'MQ_STORE_CORRUPT' })
    assert.throws(() => open('create'), { code: 'MQ_STORE_CORRUPT' })
  })

  /** What versions 1 and 2 made of an empty file. */
  const olderVersions = [
    `CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
     CREATE TABLE writer(
       id INTEGER PRIMARY KEY CHECK (id = 1), epoch INTEGER NOT NULL, boot_id TEXT NOT NULL, clean INTEGER NOT NULL,
       log_end INTEGER NOT NULL, synced_to INTEGER NOT NULL, indexed_to INTEGER NOT NULL,
       files_epoch INTEGER NOT NULL, next_due_at INTEGER);
     INSERT INTO writer VALUES (1, 7, 'boot', 0, 300, 200, 100, 3, NULL);
     CREATE TABLE data_version(kind TEXT PRIMARY KEY, timestamp INTEGER NOT NULL, counter INTEGER NOT NULL)
       WITHOUT ROWID;
     CREATE TABLE topic(name TEXT PRIMARY KEY, config TEXT NOT NULL) WITHOUT ROWID;
     CREATE TABLE subscription_group(name TEXT PRIMARY KEY, config TEXT NOT NULL) WITHOUT ROWID;
     CREATE TABLE consumer_offset(
       topic TEXT NOT NULL, group_name TEXT NOT NULL, queue_id INTEGER NOT NULL, next_offset INTEGER NOT NULL,
       PRIMARY KEY (topic, group_name, queue_id)) WITHOUT ROWID;
     CREATE TABLE delay_offset(level INTEGER PRIMARY KEY, next_offset INTEGER NOT NULL);
     CREATE TABLE tombstone(topic TEXT PRIMARY KEY, physical_offset INTEGER NOT NULL) WITHOUT ROWID;
     CREATE TABLE queue_floor(topic TEXT NOT NULL, queue_id INTEGER NOT NULL, end_offset INTEGER NOT NULL,
       PRIMARY KEY (topic, queue_id)) WITHOUT ROWID;
     CREATE TABLE damage(log_from INTEGER PRIMARY KEY, log_to INTEGER NOT NULL, why TEXT NOT NULL,
       found_at INTEGER NOT NULL);
     CREATE TABLE kv_config(namespace TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
       PRIMARY KEY (namespace, key)) WITHOUT ROWID;
     INSERT INTO meta VALUES ('brokerName', 'old');
     INSERT INTO topic VALUES ('orders', '{"topicName":"orders"}');
     INSERT INTO consumer_offset VALUES ('orders', 'g', 2, 41);
     INSERT INTO tombstone VALUES ('gone', 90);`,
    `CREATE TABLE pop_queue(
       topic TEXT NOT NULL, group_name TEXT NOT NULL, queue_id INTEGER NOT NULL, next_offset INTEGER NOT NULL,
       reported INTEGER NOT NULL, PRIMARY KEY (topic, group_name, queue_id)) WITHOUT ROWID;
     CREATE TABLE pop_receipt(
       topic TEXT NOT NULL, group_name TEXT NOT NULL, queue_id INTEGER NOT NULL, queue_offset INTEGER NOT NULL,
       pop_time INTEGER NOT NULL, invisible_until INTEGER NOT NULL, deliveries INTEGER NOT NULL,
       PRIMARY KEY (topic, group_name, queue_id, queue_offset)) WITHOUT ROWID;
     CREATE TABLE request_mode(topic TEXT NOT NULL, group_name TEXT NOT NULL, mode TEXT NOT NULL,
       PRIMARY KEY (topic, group_name)) WITHOUT ROWID;
     INSERT INTO pop_receipt VALUES ('orders', 'g', 2, 40, 1, 2, 3);`,
  ]

  for (const version of [1, 2]) {
    it(`brings a file of version ${version} up to date, once, with all that is in it`, () => {
      const db = new BetterSqlite3(path())
      db.pragma('journal_mode = WAL')
      for (const schema of olderVersions.slice(0, version)) db.exec(schema)
      db.pragma(`user_version = ${version}`)
      db.close()
      const fresh = new StateDb(join(folder.path, 'fresh.db'), 'create')
      const tables = (state: StateDb): unknown =>
        state.db.prepare('SELECT name FROM sqlite_master ORDER BY name').pluck().all()
      const columns = (state: StateDb, table: string): unknown => state.db.pragma(`table_info(${table})`)
      for (let round = 0; round < 2; round++) {
        const [one, other] = [open('open'), open('open')]
        assert.deepEqual(tables(one), tables(fresh))
        for (const table of tables(fresh) as string[])
          assert.deepEqual(columns(one, table), columns(fresh, table), table)
        const { epoch, clean, logEnd, syncedTo, filesEpoch, nextDueAt } = other.writer()
        assert.deepEqual(
          [epoch, clean, logEnd, syncedTo, filesEpoch, nextDueAt],
          [7, false, 300, 200, 3, null],
        )
        assert.equal(one.meta('brokerName'), 'old')
        const all = (table: string): unknown => one.db.prepare(`SELECT * FROM ${table}`).raw().all()
        assert.deepEqual(all('consumer_offset'), [['orders', 'g', 2, 41]])
        assert.deepEqual(all('tombstone'), [['gone', 90]])
        assert.deepEqual(all('topic'), [['orders', '{"topicName":"orders"}']])
        assert.deepEqual(all('pop_receipt'), version === 2 ? [['orders', 'g', 2, 40, 1, 2, 3]] : [])
        one.close()
        other.close()
      }
      fresh.close()
    })
  }

  it('leaves a file as it was when it cannot be brought up to date', () => {
    const db = new BetterSqlite3(path())
    db.pragma('journal_mode = WAL')
    db.exec(olderVersions[0]!)
    // a table of that name is in the way of the last step
    db.exec('CREATE TABLE timer(mine)')
    db.pragma('user_version = 1')
    db.close()
    assert.throws(() => open('open'), { code: 'MQ_STORE_CORRUPT' })
    const after = new BetterSqlite3(path())
    assert.equal(after.pragma('user_version', { simple: true }), 1)
    assert.equal(
      after.prepare(`SELECT count(*) FROM sqlite_master WHERE name = 'pop_queue'`).pluck().get(),
      0,
    )
    after.close()
  })

  it('rolls a transaction back that fails', () => {
    const state = open()
    assert.throws(() =>
      state.durably(() => {
        state.initMeta({ half: 'done' })
        throw new Error('no')
      }),
    )
    assert.equal(state.meta('half'), null)
    state.close()
  })
})

describe('state tables', () => {
  const folder = temporaryFolder()
  let state: StateDb
  beforeEach(() => (state = new StateDb(join(folder.path, 'state.db'), 'create')))
  afterEach(() => state.close())

  const offsets = (): unknown[] =>
    state.db.prepare('SELECT topic, queue_id, next_offset FROM consumer_offset').raw().all()
  const commit = (topic: string, queueId: number, next: number): unknown =>
    state.db.prepare(`INSERT INTO consumer_offset VALUES (?, 'g', ?, ?)`).run(topic, queueId, next)

  it('clamp offsets that ran ahead of their queue, and leave the others', () => {
    commit('t', 0, 10)
    commit('t', 1, 10)
    commit('u', 0, 3)
    clampOffsets(state, (topic, queueId) => (topic === 'u' ? 0 : queueId === 0 ? 10 : 4))
    assert.deepEqual(offsets(), [
      ['t', 0, 10],
      ['t', 1, 4],
      ['u', 0, 0],
    ])
  })

  it('clamp what waits: half messages whose decision the log has lost are taken from it again', () => {
    const { db } = state
    const progress = db.prepare('INSERT INTO waiting_progress VALUES (?, ?)')
    const half = db.prepare('INSERT INTO half VALUES (?, 1, 2, 0, NULL)')
    const rows = (): unknown[] => [
      db.prepare('SELECT queue_offset FROM half').pluck().all(),
      db.prepare('SELECT topic, next_offset FROM waiting_progress ORDER BY topic').raw().all(),
    ]
    progress.run(halfTopic, 9)
    progress.run(opTopic, 4)
    for (const offset of [3, 6, 8]) half.run(offset)
    const ends = (opEnd: number) => (topic: string) => (topic === opTopic ? opEnd : 7)
    clampOffsets(state, ends(4))
    const kept = [
      [opTopic, 4],
      [halfTopic, 7],
    ].sort(([a], [b]) => (a! < b! ? -1 : 1))
    assert.deepEqual(rows(), [[3, 6], kept])
    clampOffsets(state, ends(3))
    assert.deepEqual(rows(), [[], []])
  })

  it('clamp what POP keeps of a queue: nothing is handed out, or hidden, that is not there', () => {
    const queue = state.db.prepare('INSERT INTO pop_queue VALUES (?, ?, 0, ?, 0)')
    queue.run('t', 'g', 9)
    queue.run('t', 'h', 3)
    queue.run('u', 'g', 2)
    const receipt = state.db.prepare('INSERT INTO pop_receipt VALUES (?, ?, 0, ?, 1, 2, 1)')
    for (const offset of [2, 4, 5, 8]) receipt.run('t', 'g', offset)
    receipt.run('t', 'h', 1)
    receipt.run('u', 'g', 0)
    clampOffsets(state, (topic) => (topic === 't' ? 5 : 0))
    assert.deepEqual(state.db.prepare('SELECT topic, group_name, next_offset FROM pop_queue').raw().all(), [
      ['t', 'g', 5],
      ['t', 'h', 3],
      ['u', 'g', 0],
    ])
    assert.deepEqual(
      state.db.prepare('SELECT topic, group_name, queue_offset FROM pop_receipt').raw().all(),
      [
        ['t', 'g', 2],
        ['t', 'g', 4],
        ['t', 'h', 1],
      ],
    )
  })

  it('hide a deleted topic, its floors and its offsets gone with it', () => {
    const tombstones = new Tombstones(state)
    const floors = new QueueFloors(state)
    floors.raise([
      { topic: 't', queueId: 0, minOffset: 0, endOffset: 9 },
      { topic: 'u', queueId: 0, minOffset: 0, endOffset: 5 },
    ])
    commit('t', 0, 7)
    commit('u', 0, 5)
    tombstones.set('t', 1000)
    assert.equal(tombstones.of('t'), 1000)
    assert.equal(tombstones.of('u'), 0)
    assert.deepEqual([floors.of('t', 0), floors.of('u', 0)], [0, 5])
    assert.deepEqual(offsets(), [['u', 0, 5]])
  })

  it('lower tombstones to where the log ends now, and drop them where it begins behind', () => {
    const tombstones = new Tombstones(state)
    tombstones.set('t', 1000)
    tombstones.set('u', 200)
    tombstones.clamp(500)
    assert.deepEqual(Object.fromEntries(tombstones.all()), { t: 500, u: 200 })
    tombstones.dropBelow(200)
    assert.deepEqual(Object.fromEntries(tombstones.all()), { t: 500 })
  })

  it('see what another process has deleted', () => {
    const other = new StateDb(join(folder.path, 'state.db'), 'open')
    const tombstones = new Tombstones(state)
    assert.equal(tombstones.of('t'), 0)
    new Tombstones(other).set('t', 5)
    tombstones.look()
    assert.equal(tombstones.of('t'), 5)
    other.close()
  })

  it('never lower a floor', () => {
    const floors = new QueueFloors(state)
    floors.raise([{ topic: 't', queueId: 0, minOffset: 0, endOffset: 9 }])
    floors.raise([{ topic: 't', queueId: 0, minOffset: 0, endOffset: 4 }])
    assert.equal(floors.of('t', 0), 9)
  })
})

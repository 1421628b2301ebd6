import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { StateDb, stateVersion } from '../../../src/core/store/state-db.ts'
import { clampOffsets, QueueFloors, Tombstones } from '../../../src/core/store/state-tables.ts'
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

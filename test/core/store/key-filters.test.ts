import assert from 'node:assert/strict'
import { join } from 'node:path'
import { nodeFileSystem } from '../../../src/core/store/file-system.ts'
import { rowChecksum } from '../../../src/core/store/row-checksum.ts'
import { openDatabase } from '../../../src/core/store/sqlite.ts'
import { keyOf, openStore, segmentSize, send } from '../../fault/workload.ts'
import { Maintenance } from '../../../src/core/embedded/maintenance.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import type { Store } from '../../../src/core/store/store.ts'

describe('KeyFilters', () => {
  const folder = temporaryFolder()
  const open = (writer: 'turn' | 'hold' = 'turn'): Store => openStore(nodeFileSystem, folder.path, { writer })

  function catalog<T>(act: (db: ReturnType<typeof openDatabase>) => T): T {
    const db = openDatabase(join(folder.path, 'pocketmq', 'catalog.db'), 'create')
    try {
      return act(db)
    } finally {
      db.close()
    }
  }

  function forgetFilters(where: string): void {
    catalog((db) => {
      db.function('row_checksum', { varargs: true }, rowChecksum as (...values: unknown[]) => number)
      db.exec(`UPDATE sealed_segment SET filter_parts = 0,
        checksum = row_checksum(base, last_store_time, 0) WHERE ${where}`)
    })
  }

  /** How many parts the filter of each sealed segment has, by its row, and by what is there. */
  const parts = (): unknown[] =>
    catalog((db) =>
      db
        .prepare(
          `SELECT base, filter_parts AS parts, (SELECT count(*) FROM key_filter f WHERE f.base = s.base) AS held
           FROM sealed_segment s ORDER BY base`,
        )
        .all(),
    )
  const whole = [0, 1, 2].map((i) => ({ base: i * segmentSize, parts: 1, held: 1 }))

  /** Fills three segments, and begins the fourth. */
  function fill(store: Store): void {
    for (let i = 0; i < 7; i++) send(store, 't', 0, `m ${i}`, segmentSize * 0.4)
  }

  async function problems(): Promise<unknown> {
    return (await new Maintenance({ folder: folder.path, lockTimeoutMs: 2000 }).verify()).problems
  }

  it('are there once the turn is over in which a segment became full', async () => {
    const store = open()
    fill(store)
    assert.deepEqual(parts(), whole)
    assert.equal(store.find('t', keyOf('m 1')).length, 1)
    store.close()
    assert.deepEqual(await problems(), [])
  })

  it('are there when a server ends', async () => {
    const store = open('hold')
    fill(store)
    assert.equal(store.find('t', keyOf('m 1')).length, 1)
    store.close()
    assert.deepEqual(parts(), whole)
    assert.deepEqual(await problems(), [])
  })

  it('are made by a writer that stays when who should have was killed; nothing is wrong meanwhile', async () => {
    const store = open()
    fill(store)
    store.close()
    forgetFilters('base > 0')
    assert.deepEqual(await problems(), [])
    const reader = open()
    for (let i = 0; i < 7; i++) assert.equal(reader.find('t', keyOf(`m ${i}`)).length, 1)
    assert.deepEqual(reader.find('t', keyOf('none')), [])
    reader.close()
    const next = open()
    send(next, 't', 0, 'a command')
    assert.notDeepEqual(parts(), whole)
    for (let i = 0; i < 20; i++) send(next, 't', 0, `next ${i}`)
    assert.deepEqual(parts(), whole)
    next.close()
  })

  it('are made again after a rebuild, and go with their segment', async () => {
    const store = open()
    fill(store)
    for (const step of store.rebuild()) assert.ok(step >= 0)
    assert.deepEqual(parts(), whole)
    store.expire({ sizeMax: 3 * segmentSize })
    assert.deepEqual(parts(), whole.slice(1))
    store.close()
    assert.deepEqual(await problems(), [])
  })

  it('are those of the files there are, when another process has made them again', () => {
    const one = open()
    const other = open()
    fill(one)
    forgetFilters('true')
    for (const step of other.rebuild()) assert.ok(step >= 0)
    assert.deepEqual(parts(), whole)
    for (let i = 0; i < 20; i++) send(one, 't', 0, `more ${i}`)
    for (let i = 0; i < 7; i++) assert.equal(one.find('t', keyOf(`m ${i}`)).length, 1)
    one.close()
    other.close()
    assert.deepEqual(parts(), whole)
  })
})

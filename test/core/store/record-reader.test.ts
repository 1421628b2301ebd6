import assert from 'node:assert/strict'
import { closeSync, openSync, readdirSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { nodeFileSystem } from '../../../src/core/store/file-system.ts'
import type { QueueEntry } from '../../../src/core/store/index-db.ts'
import type { JoinedRecords } from '../../../src/core/store/record-reader.ts'
import type { Store } from '../../../src/core/store/store.ts'
import { openStore, request } from '../../fault/workload.ts'
import { temporaryFolder } from '../temporary-folder.ts'

describe('records joined for an answer', () => {
  const folder = temporaryFolder()
  let store: Store

  /** Queue 0 alone, then in turn with others, some far apart; over segments. */
  beforeEach(() => {
    store = openStore(nodeFileSystem, folder.path)
    const send = (queueId: number, size: number): void =>
      store.append(request('t', queueId, 'x'.repeat(size)), (error) => assert.equal(error, null))
    for (let i = 0; i < 100; i++) send(0, i)
    for (let i = 0; i < 600; i++) send(i % 4, i % 300)
    for (let i = 0; i < 20; i++) send(i % 2, i % 2 === 0 ? 10 : 6000)
    store.commit()
    assert.ok(readdirSync(join(folder.path, 'commitlog')).length > 1)
  })
  afterEach(() => store.close())

  const entriesOf = (queueId: number): QueueEntry[] => store.entries('t', queueId, 0, 1000)

  /** As `records` has them, which is read one by one. */
  function expected(queueId: number, entries: readonly QueueEntry[]): JoinedRecords {
    const sound = store.records('t', queueId, entries).filter((record) => record !== null)
    return { records: Buffer.concat(sound), count: sound.length }
  }

  it('are those of the entries, one behind the other, wherever they lie', () => {
    for (const queueId of [0, 1, 2, 3]) {
      const entries = entriesOf(queueId)
      for (const part of [entries, entries.slice(0, 1), entries.slice(0, 50), entries.slice(90), []]) {
        const joined = store.joinedRecords('t', queueId, part)
        assert.deepEqual(joined, expected(queueId, part))
        assert.equal(joined.count, part.length)
      }
    }
  })

  it('stay what they are when others are read', () => {
    const before = store.joinedRecords('t', 1, entriesOf(1)).records
    const copy = Buffer.from(before)
    store.joinedRecords('t', 2, entriesOf(2))
    store.joinedRecords('t', 0, entriesOf(0))
    assert.deepEqual(before, copy)
  })

  it('are without a damaged one', () => {
    for (const at of [0, 7, 120]) {
      const entries = entriesOf(0)
      const hurt = entries[at]!
      const [segment] = readdirSync(join(folder.path, 'commitlog')).filter(
        (name) =>
          Number(name) <= hurt.physicalOffset && hurt.physicalOffset < Number(name) + store.segmentSize,
      )
      const file = openSync(join(folder.path, 'commitlog', segment!), 'r+')
      writeSync(file, Buffer.from([0xaa]), 0, 1, hurt.physicalOffset - Number(segment) + 45)
      closeSync(file)
      const others = entries.filter((entry) => entry !== hurt)
      assert.equal(store.records('t', 0, entries)[at], null)
      assert.deepEqual(store.joinedRecords('t', 0, entries), expected(0, others))
    }
  })
})

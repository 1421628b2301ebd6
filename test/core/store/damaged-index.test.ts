import assert from 'node:assert/strict'
import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite3, { type Database } from 'better-sqlite3'
import { nodeFileSystem } from '../../../src/core/store/file-system.ts'
import type { Store } from '../../../src/core/store/store.ts'
import { findTexts, openStore, readQueue, segmentSize, send } from '../../fault/workload.ts'
import { temporaryFolder } from '../temporary-folder.ts'

describe('a store whose index files are damaged', () => {
  const folder = temporaryFolder()
  const texts = (store: Store, topic: string, queueId = 0): string[] => [
    ...readQueue(store, topic, queueId).texts.values(),
  ]

  function damage(root: string, file: string, act: (db: Database) => void): void {
    const db = new BetterSqlite3(join(root, 'pocketmq', file))
    act(db)
    db.close()
  }

  const indexNames = (root: string): string[] =>
    readdirSync(join(root, 'pocketmq', 'index'))
      .filter((name) => name.endsWith('.db'))
      .sort()
      .map((name) => join('index', name))

  for (const writer of ['turn', 'hold'] as const) {
    it(`takes no queue that begins behind the index for a topic made anew (${writer})`, async () => {
      const [one, killed] = [join(folder.path, 'one'), join(folder.path, 'killed')]
      const store = openStore(nodeFileSystem, one, { writer: 'hold' })
      for (const queueId of [0, 1]) for (let i = 0; i < 3; i++) send(store, 't', queueId, `${queueId} ${i}`)
      await new Promise<void>((resolve) => {
        store.syncLater()
        store.whenSynced(() => resolve())
      })
      // its index is not flushed again: the first messages of a third queue, and of another topic
      for (let i = 0; i < 3; i++) send(store, 't', 2, `2 ${i}`)
      for (let i = 0; i < 3; i++) send(store, 'u', 0, `u ${i}`)
      cpSync(one, killed, { recursive: true })
      store.close()
      damage(killed, indexNames(killed)[0]!, (db) => {
        const { changes } = db
          .prepare('UPDATE queue SET end_offset = end_offset + 2 WHERE queue_id = 0')
          .run()
        assert.equal(changes, 1)
      })
      const again = openStore(nodeFileSystem, killed, { writer })
      for (const queueId of [0, 1, 2])
        assert.deepEqual(
          texts(again, 't', queueId),
          [0, 1, 2].map((i) => `${queueId} ${i}`),
        )
      assert.deepEqual(texts(again, 'u'), ['u 0', 'u 1', 'u 2'])
      assert.equal(send(again, 't', 2, 'next'), 3)
      assert.deepEqual(again.state.db.prepare('SELECT * FROM tombstone').all(), [])
      again.close()
    })
  }

  it('serves a reader everything, however many of them are', () => {
    const store = openStore(nodeFileSystem, folder.path)
    const sent = Array.from({ length: 12 }, (_, i) => `m ${i}`)
    for (const text of sent) send(store, 't', 0, text, segmentSize * 0.4)
    store.close()
    const sealed = indexNames(folder.path).slice(0, -1)
    assert.equal(sealed.length, 5)
    for (const name of sealed) {
      damage(folder.path, name, (db) => {
        db.exec('UPDATE consume_queue SET first_offset = first_offset + 64')
        db.exec('UPDATE key_page SET first_hash = first_hash + 1')
      })
    }
    // look-ups would not open the files
    damage(folder.path, 'catalog.db', (db) => db.exec('DELETE FROM key_filter'))
    const reader = openStore(nodeFileSystem, folder.path)
    assert.deepEqual(findTexts(reader, 't', 'm 1'), ['m 1'])
    reader.close()
    const another = openStore(nodeFileSystem, folder.path)
    assert.deepEqual(texts(another, 't'), sent)
    another.close()
  })
})

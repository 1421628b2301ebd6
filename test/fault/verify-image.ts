import assert from 'node:assert/strict'
import { checkAgainst, checkGoesOn, queues, type Model } from './model.ts'
import type { SimulatedFileSystem } from './simulated-file-system.ts'
import { dumpIndex, openStore, rebuild } from './workload.ts'

/** All that must be true of a folder after a crash: see model.ts; and its index is that of a full scan. */
export function verifyImage(image: SimulatedFileSystem, before: Model, after: Model): void {
  const reader = openStore(image, image.root)
  checkAgainst(reader, before, after)
  reader.close()
  const store = openStore(image, image.root, { writer: 'hold' })
  checkAgainst(store, before, after)
  const offsets = store.state.db
    .prepare('SELECT topic, queue_id AS queueId, next_offset AS nextOffset FROM consumer_offset')
    .all() as { topic: string; queueId: number; nextOffset: number }[]
  for (const { topic, queueId, nextOffset } of offsets) {
    assert.ok(nextOffset <= store.extent(topic, queueId).endOffset, 'no group is ahead of its queue')
  }
  const indexed = dumpIndex(store, queues)
  rebuild(store)
  assert.equal(dumpIndex(store, queues), indexed, 'the index is that of a full scan')
  store.close()
  checkGoesOn(() => openStore(image, image.root))
}

import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { parseHost } from '../../../src/core/model/host.ts'
import { nodeFileSystem } from '../../../src/core/store/file-system.ts'
import type { AppendRequest } from '../../../src/core/store/append-batch.ts'
import { Store } from '../../../src/core/store/store.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const host = parseHost('127.0.0.1:9876')
const topics = ['a', 'b']

type Op =
  | { readonly kind: 'append'; readonly topic: string; readonly count: number }
  | { readonly kind: 'sync' | 'reopen' | 'expire' }
  | { readonly kind: 'delete'; readonly topic: string }
  | { readonly kind: 'read'; readonly topic: string; readonly from: number; readonly max: number }

const topic = fc.constantFrom(...topics)
const anyOp: fc.Arbitrary<Op> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('append'), topic, count: fc.nat(300) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('read'),
      topic,
      from: fc.nat(900),
      max: fc.integer({ min: 1, max: 300 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('sync', 'reopen', 'expire') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete'), topic }) },
)

describe('what a server reads of its queues', () => {
  const folder = temporaryFolder()

  /** What each queue holds: log offsets, the first being that of queue offset `first`. */
  interface Queue {
    first: number
    places: number[]
  }

  async function append(store: Store, topic: string, count: number): Promise<number[]> {
    const request: AppendRequest = {
      ...{ topic, queueId: 0, flag: 0, sysFlag: 0, bornTimestamp: 1, bornHost: host, storeHost: host },
      ...{ reconsumeTimes: 0, preparedTransactionOffset: 0, body: Buffer.alloc(60, 'x'), properties: '' },
    }
    const one = (): Promise<number> =>
      new Promise((resolve, reject) => {
        store.append(request, (error, result) =>
          error === null ? resolve(result!.physicalOffset) : reject(error),
        )
      })
    return Promise.all(Array.from({ length: count }, one))
  }

  function check(store: Store, topic: string, { first, places }: Queue, from: number, max: number): void {
    const end = first + places.length
    const { minOffset, endOffset } = store.extent(topic, 0)
    assert.deepEqual([minOffset, endOffset], [first, end])
    const start = Math.max(0, from - first)
    const expected = places.slice(start, start + max).map((place, i) => [first + start + i, place])
    const seen = store.entries(topic, 0, from, max)
    assert.deepEqual(
      seen.map(({ queueOffset, physicalOffset }) => [queueOffset, physicalOffset]),
      expected,
    )
    assert.ok(store.records(topic, 0, seen).every((record) => record !== null))
  }

  it('is what was put into them, however it was read, synced, deleted and expired before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyOp, { maxLength: 30 }), async (ops) => {
        const own = mkdtempSync(join(folder.path, 'run-'))
        const open = (): Store =>
          new Store({
            ...{ folder: own, fs: nodeFileSystem, clock: { now: () => 1_700_000_000_000 } },
            ...{ segmentSize: 32 * 1024, writer: 'hold' },
          })
        let store = open()
        const queues = new Map<string, Queue>(topics.map((name) => [name, { first: 0, places: [] }]))
        for (const op of ops) {
          switch (op.kind) {
            case 'append':
              queues.get(op.topic)!.places.push(...(await append(store, op.topic, op.count)))
              break
            case 'read':
              check(store, op.topic, queues.get(op.topic)!, op.from, op.max)
              break
            case 'sync':
              await new Promise((resolve) => store.whenSynced(resolve))
              break
            case 'reopen':
              store.close()
              store = open()
              break
            case 'delete':
              store.deleteTopic(op.topic)
              queues.set(op.topic, { first: 0, places: [] })
              break
            case 'expire':
              store.expire({ sizeMax: 64 * 1024 })
              for (const queue of queues.values()) {
                while (queue.places[0] !== undefined && queue.places[0] < store.commitLogMinOffset) {
                  queue.places.shift()
                  queue.first++
                }
              }
          }
          for (const [name, queue] of queues) check(store, name, queue, queue.first, 32)
        }
        store.close()
      }),
      { numRuns: 20 },
    )
  }).timeout(120_000)
})

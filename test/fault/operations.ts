import { defaultRetention } from '../../src/core/store/retention.ts'
import type { Store } from '../../src/core/store/store.ts'
import { nameOf, queueOf, type Model, type QueueModel } from './model.ts'
import { clock, rebuild, request, segmentSize, send } from './workload.ts'

/** Something a process does to a folder; it returns what it has acknowledged. */
export interface Operation {
  readonly name: string
  /** @returns what holds when all of it was done */
  plan(model: Model, tag: string): Model
  run(store: Store, tag: string): void
}

function withTexts(model: Model, topic: string, queueId: number, texts: readonly string[]): Model {
  const queue = queueOf(model, topic, queueId)
  const grown: QueueModel = { ...queue, texts: [...queue.texts, ...texts] }
  return new Map(model).set(nameOf(topic, queueId), grown)
}

function sending(name: string, topic: string, queueId: number, size: number): Operation {
  return {
    name,
    plan: (model, tag) => withTexts(model, topic, queueId, [`${name} ${tag}`]),
    run: (store, tag) => void send(store, topic, queueId, `${name} ${tag}`, size),
  }
}

const batchOf = (tag: string): string[] => Array.from({ length: 5 }, (_, i) => `batch ${tag}.${i}`)

export const operations: readonly Operation[] = [
  sending('append', 'alpha', 0, 100),
  sending('other', 'beta', 0, 300),
  // two of them do not fit a segment
  sending('roll', 'alpha', 1, segmentSize * 0.6),
  {
    name: 'batch',
    plan: (model, tag) => withTexts(model, 'alpha', 1, batchOf(tag)),
    run(store, tag) {
      const requests = batchOf(tag).map((text) => request('alpha', 1, text, 200))
      store.appendBatch(requests, () => undefined)
      store.commit()
    },
  },
  {
    name: 'commit offset',
    plan: (model) => model,
    run(store) {
      const { endOffset } = store.extent('alpha', 0)
      store.state.quickly(() =>
        store.state.db
          .prepare(
            `INSERT INTO consumer_offset VALUES ('alpha', 'group', 0, ?)
             ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset`,
          )
          .run(endOffset),
      )
    },
  },
  {
    name: 'delete topic',
    plan: (model) => new Map([...model].filter(([name]) => !name.startsWith('alpha/'))),
    run: (store) => store.deleteTopic('alpha'),
  },
  {
    name: 'expire',
    // what goes is decided by what shares a segment: anything may, but for the newest
    plan: (model) =>
      new Map([...model].map(([name, queue]) => [name, { ...queue, old: queue.texts.length }] as const)),
    run(store) {
      clock.time += 100 * 3600 * 1000
      store.expire(defaultRetention)
    },
  },
  { name: 'rebuild', plan: (model) => model, run: rebuild },
]

import assert from 'node:assert/strict'
import type { Store } from '../../src/core/store/store.ts'
import { findTexts, readQueue, send } from './workload.ts'

/** What a queue holds, as the sender knows it. */
export interface QueueModel {
  readonly min: number
  /** What lies below was stored too long ago: any writer may let it go, at whatever it does next. */
  readonly old: number
  /** From offset 0 on, what has expired included. */
  readonly texts: readonly string[]
}

export const queues = [
  ['alpha', 0],
  ['alpha', 1],
  ['beta', 0],
] as const

export type Model = ReadonlyMap<string, QueueModel>

const nothing: QueueModel = { min: 0, old: 0, texts: [] }

export function nameOf(topic: string, queueId: number): string {
  return `${topic}/${queueId}`
}

export function queueOf(model: Model, topic: string, queueId: number): QueueModel {
  return model.get(nameOf(topic, queueId)) ?? nothing
}

/**
 * The folder holds what was acknowledged, and of what was under way any beginning: nothing else, nothing
 * altered,
 * each message at its offset and found by its key.
 * @param before all acknowledged @param after with what was under way
 */
export function checkAgainst(store: Store, before: Model, after: Model): void {
  for (const [topic, queueId] of queues) {
    const found = readQueue(store, topic, queueId)
    const old = queueOf(before, topic, queueId)
    const young = queueOf(after, topic, queueId)
    const deleted = young.texts.length < old.texts.length
    const name = nameOf(topic, queueId)
    const about = `${name}: ${found.min}..${found.end}, before ${old.min}..${old.texts.length}, after ${young.min}..${young.texts.length}, old ${young.old}`
    if (deleted) {
      assert.ok(found.end === old.texts.length || found.end === 0, `deleted or not, ${about}`)
    } else {
      assert.ok(found.end >= old.texts.length, `lost, ${about}`)
      assert.ok(found.end <= young.texts.length, `unexpected, ${about}`)
    }
    if (found.end === 0) continue
    assert.ok(found.min >= old.min && found.min <= Math.max(old.min, old.old, young.old), `minimum, ${about}`)
    const texts = deleted ? old.texts : young.texts
    for (let offset = found.min; offset < found.end; offset++) {
      assert.equal(found.texts.get(offset), texts[offset], `${name} at ${offset}`)
      assert.ok(findTexts(store, topic, texts[offset]!).includes(texts[offset]!), `key of ${texts[offset]}`)
    }
  }
}

/** A recovered folder goes on where it ends, and says so after one more restart, too. */
export function checkGoesOn(open: () => Store): void {
  const first = open()
  const ends = queues.map(([topic, queueId]) => first.extent(topic, queueId).endOffset)
  queues.forEach(([topic, queueId], i) => {
    assert.equal(send(first, topic, queueId, `after ${i}`), ends[i], 'offsets are dense')
  })
  first.close()
  const second = open()
  queues.forEach(([topic, queueId], i) => {
    const found = readQueue(second, topic, queueId)
    assert.equal(found.end, ends[i]! + 1, 'one more')
    assert.equal(found.texts.get(ends[i]!), `after ${i}`)
    assert.equal(found.texts.size, found.end - found.min, `no hole in ${topic}/${queueId}`)
  })
  second.close()
}

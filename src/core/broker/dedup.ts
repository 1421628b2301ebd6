import type { Clock } from '../lib/clock.ts'
import { MqError } from '../errors.ts'
import { dedupIndexKey, dedupWindowMsDefault } from '../model/dedup.ts'
import { scheduleTopic } from '../model/delay-level.ts'
import { parseProperties, Property, propertyReader } from '../model/properties.ts'
import { readRecord } from '../model/record.ts'
import { wheelTopic } from '../model/timer.ts'
import type { AppendResult } from '../store/append-batch.ts'
import type { MessageStore } from '../store/message-store.ts'
import type { Placed } from './put.ts'

/** What a message is known by to whoever sends it again. */
interface DedupKey {
  readonly topic: string
  readonly key: string
  readonly windowMs: number
}

/** The message that was stored first. */
export interface FirstMessage extends AppendResult {
  readonly queueId: number
  readonly uniqueKey: string
}

const keyOf = propertyReader(Property.dedupKey)

/**
 * Ours, not RocketMQ's: of messages of a topic that are sent with one key within a window only the first is
 * stored, and the others are answered with it. The log says what was stored, its index finds it: nothing is
 * kept beside it, and a crash forgets nothing that was acknowledged.
 */
export class Dedup {
  readonly #store: MessageStore
  readonly #clock: Clock
  /** Others may write to the folder, too: it is looked at under the lock. */
  readonly #shared: boolean
  /** Keys of messages that are staged, and in no index yet. */
  readonly #staged = new Map<string, number>()

  constructor(store: MessageStore, clock: Clock, shared: boolean) {
    this.#store = store
    this.#clock = clock
    this.#shared = shared
  }

  /**
   * Gives a message to `put` unless it is a duplicate: then `known` has the first. `put` calls its argument
   * when the message is stored, or is not. @returns false: the message has no key, nothing was done
   * @throws MQ_MESSAGE_ILLEGAL, and what `put` throws
   */
  once(placed: Placed, put: (stored: () => void) => void, known: (first: FirstMessage) => void): boolean {
    const key = dedupKeyOf(placed)
    if (key === null) return false
    const act = (): void => {
      const name = `${key.topic} ${key.key}`
      if (this.#staged.has(name)) this.#store.commit()
      const first = this.#find(key)
      if (first !== null) return known(first)
      this.#count(name, 1)
      try {
        put(() => this.#count(name, -1))
      } catch (error) {
        this.#count(name, -1)
        throw error
      }
    }
    if (!this.#shared) act()
    else
      this.#store.exclusively(() => {
        act()
        this.#store.commit()
      })
    return true
  }

  #count(name: string, change: number): void {
    const count = (this.#staged.get(name) ?? 0) + change
    if (count > 0) this.#staged.set(name, count)
    else this.#staged.delete(name)
  }

  /** In its topic, or where it waits. */
  #find({ topic, key, windowMs }: DedupKey): FirstMessage | null {
    const since = this.#clock.now() - windowMs
    for (const place of [topic, wheelTopic, scheduleTopic]) {
      for (const physicalOffset of this.#store.find(place, dedupIndexKey(key))) {
        const bytes = this.#store.record(physicalOffset)
        const first = bytes === null ? null : firstOf(bytes, { topic, key }, place, since)
        if (first !== null) return first
      }
    }
    return null
  }
}

function dedupKeyOf({ append }: Placed): DedupKey | null {
  const key = keyOf(append.properties)
  if (key === null) return null
  const properties = parseProperties(append.properties)
  if (properties[Property.transactionPrepared] !== undefined) {
    throw new MqError('MQ_MESSAGE_ILLEGAL', `a half message has no ${Property.dedupKey}`, {
      hint: 'it may be rolled back, and would be taken for a duplicate when it is sent again',
    })
  }
  const windowMs = Number(properties[Property.dedupWindowMs] ?? dedupWindowMsDefault)
  if (!Number.isSafeInteger(windowMs) || windowMs <= 0)
    throw new MqError('MQ_MESSAGE_ILLEGAL', `${Property.dedupWindowMs} is no time in ms`)
  const waits = append.topic === wheelTopic || append.topic === scheduleTopic
  return { topic: waits ? properties[Property.realTopic]! : append.topic, key, windowMs }
}

/** Null for a record that only looks like it, is too old, or came of one that waited. */
function firstOf(
  bytes: Buffer,
  wanted: Pick<DedupKey, 'topic' | 'key'>,
  place: string,
  since: number,
): FirstMessage | null {
  const record = readRecord(bytes, 0)
  const properties = parseProperties(record.properties.toString('utf8'))
  const realTopic = properties[Property.realTopic]
  const isIts = place === wanted.topic ? realTopic === undefined : realTopic === wanted.topic
  if (record.topic.toString('utf8') !== place || properties[Property.dedupKey] !== wanted.key) return null
  if (!isIts || record.storeTimestamp < since) return null
  return {
    queueId: place === wanted.topic ? record.queueId : Number(properties[Property.realQueueId] ?? 0),
    queueOffset: record.queueOffset,
    physicalOffset: record.physicalOffset,
    uniqueKey: properties[Property.uniqueKey] ?? '',
  }
}

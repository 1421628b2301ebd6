import { setTimeout as pause } from 'node:timers/promises'
import type { Position } from '../command-line/position.ts'
import type { MessageAdmin } from '../core/client/admin.ts'
import { MqError } from '../core/errors.ts'
import type { Message } from '../core/model/message.ts'
import { dlqPrefix, retryPrefix } from '../core/model/names.ts'
import type { MessageQueue } from '../core/model/queue.ts'
import { NearestMisses, placeOf, type Criterion } from './criteria.ts'
import { readTopic } from './topic-reader.ts'

export interface Expectation {
  readonly topic: string
  readonly criteria: readonly Criterion[]
  /** Exactly so many; `some`: at least one; 0: none, for all of `withinMs`. */
  readonly count: number | 'some'
  /** How long to look; 0: at what is there. */
  readonly withinMs: number
  readonly from: Position
}

/** Told of what should not be there. */
const placesMax = 3
/** How often it looks again. */
const lookEveryMs = 50
/** How long after its time it may still read what was there: a topic of millions is not read to its end. */
const readOnMs = 5000

/**
 * Looks for messages until as many are there as expected.
 * @returns them @throws MQ_CHECK_FAILED with the nearest misses when time is over, or it cannot come true
 */
export async function checkMessages(
  messages: MessageAdmin,
  expectation: Expectation,
  now: () => number = Date.now,
): Promise<readonly Message[]> {
  const { criteria, count, withinMs } = expectation
  const deadline = now() + withinMs
  const tooLate = (): boolean => withinMs > 0 && now() > deadline + readOnMs
  const reader = new Rounds(messages, expectation, tooLate)
  const misses = new NearestMisses(criteria)
  const found: Message[] = []
  for (;;) {
    // looked at once more when time is over: what came last counts as well
    const last = now() >= deadline
    for await (const message of reader.next()) {
      const met = criteria.filter(({ holds }) => holds(message)).length
      if (met === criteria.length) found.push(message)
      else misses.add(message, met)
      if (count !== 'some' && found.length > count) throw tooMany(expectation, found)
    }
    if (tooLate()) throw notAllRead(expectation, found.length)
    const enough = count === 'some' ? found.length > 0 : found.length === count
    if (enough && count !== 0) return found
    if (last && enough && (reader.topicExists || madeByBroker(expectation.topic))) return found
    if (last) throw tooFew(expectation, found.length, reader.topicExists ? misses.told() : null)
    await pause(Math.max(1, Math.min(lookEveryMs, deadline - now())))
  }
}

/** The messages of a topic, each once, in rounds that end where it ends. */
class Rounds {
  topicExists = false
  readonly #messages: MessageAdmin
  readonly #expectation: Expectation
  readonly #ended: () => boolean
  readonly #next = new Map<string, number>()

  constructor(messages: MessageAdmin, expectation: Expectation, ended: () => boolean) {
    this.#ended = ended
    this.#messages = messages
    this.#expectation = expectation
  }

  async *next(): AsyncGenerator<Message> {
    const { topic, from } = this.#expectation
    const queues = await this.#queues(topic)
    this.topicExists = queues !== null
    const places = {
      nextOffset: ({ brokerName, queueId }: MessageQueue) =>
        this.#next.get(`${brokerName}/${queueId}`) ?? null,
      passed: ({ brokerName, queueId }: MessageQueue, offset: number) => {
        this.#next.set(`${brokerName}/${queueId}`, offset)
        return Promise.resolve()
      },
    }
    const options = { from, to: null, follow: false, filter: {}, places, ended: this.#ended }
    for await (const batch of readTopic(this.#messages, queues ?? [], options)) yield* batch
  }

  /** Null: there is no such topic yet. */
  async #queues(topic: string): Promise<readonly MessageQueue[] | null> {
    try {
      return await this.#messages.queues(topic)
    } catch (error) {
      const absent = ['MQ_TOPIC_NOT_EXIST', 'MQ_STORE_NOT_FOUND']
      if (error instanceof MqError && absent.includes(error.code)) return null
      throw error
    }
  }
}

function wanted({ topic, criteria }: Expectation): string {
  const texts = criteria.map(({ text }) => text)
  return texts.length === 0 ? `in ${topic}` : `in ${topic} with ${texts.join(' and ')}`
}

/** A topic that is there once there is a first message for it: without it there is none. */
function madeByBroker(topic: string): boolean {
  return topic.startsWith(dlqPrefix) || topic.startsWith(retryPrefix)
}

function within(withinMs: number): string {
  return withinMs === 0 ? '' : ` within ${withinMs} ms`
}

function notAllRead({ topic, withinMs }: Expectation, found: number): MqError {
  const seen = `found ${found} in what was read`
  return new MqError('MQ_CHECK_FAILED', `${topic} has more than can be read${within(withinMs)}; ${seen}`, {
    hint: 'say with --from where to begin, like --from @-10m, or allow more with --within',
  })
}

function tooMany(expectation: Expectation, found: readonly Message[]): MqError {
  const { count } = expectation
  const places = found.slice(0, placesMax).map(placeOf).join('; ') + (found.length > placesMax ? '; …' : '')
  const expected = count === 0 ? 'a message that should not be there' : `more than ${count}`
  return new MqError('MQ_CHECK_FAILED', `${expected} ${wanted(expectation)}: ${places}`, {
    hint: 'look at them with consumeMessage; --from says where to begin',
  })
}

/** @param misses null: there is no topic */
function tooFew(expectation: Expectation, found: number, misses: string | null): MqError {
  const { topic, count, withinMs } = expectation
  if (misses === null) {
    return new MqError('MQ_CHECK_FAILED', `there is no topic ${topic}${within(withinMs)}`, {
      hint: 'list topics with `topicList`',
    })
  }
  const seen = `${found} of ${count === 'some' ? 1 : count} messages ${wanted(expectation)}${within(withinMs)}`
  const nearest = misses === '' ? 'no other message is there' : `nearest: ${misses}`
  return new MqError('MQ_CHECK_FAILED', `${seen}; ${nearest}`, {
    hint: 'allow more with --within; --from says where to begin',
  })
}

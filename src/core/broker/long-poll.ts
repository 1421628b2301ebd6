import type { MessageFilter } from './filter/message-filter.ts'
import type { ClientChannel, Timers } from './ports.ts'

export interface WaitingPull {
  readonly channel: ClientChannel
  readonly group: string
  readonly topic: string
  readonly queueId: number
  /** The queue offset it waits for. */
  readonly offset: number
  readonly timeoutMs: number
  readonly filter: MessageFilter
  /** Called once: when a record has come, or after `timeoutMs`. */
  readonly retry: () => void
  /**
   * Called instead of what `retry` had to do when that throws: by a timer, where nobody catches it, it would
   * end the server. Whoever is told that there is nothing asks again, and is told why then.
   */
  readonly giveUp: () => void
}

/** A record that can be pulled now. */
export interface Arrival {
  readonly topic: string
  readonly queueId: number
  readonly queueOffset: number
  readonly tagsCode: number
  /** Its bytes, for filters that look into it; null when it cannot be read. */
  readonly read: () => Buffer | null
}

interface Parked {
  readonly pull: WaitingPull
  /** Its deadline. */
  cancel: () => void
}

/**
 * Pulls that wait for a message: PullRequestHoldService. One is woken by the first record behind its offset
 * that may match, or by its own deadline.
 */
export class LongPoll {
  readonly #timers: Timers
  /** By topic and queue: no name is made of both for each record. */
  readonly #parked = new Map<string, Map<number, Set<Parked>>>()
  /** Connections come and go by the thousand: none may look through what the others wait for. */
  readonly #ofChannel = new Map<ClientChannel, Set<Parked>>()
  #arrivals: Arrival[] = []

  constructor(timers: Timers) {
    this.#timers = timers
  }

  park(pull: WaitingPull): void {
    const parked: Parked = { pull, cancel: () => undefined }
    let queues = this.#parked.get(pull.topic)
    if (queues === undefined) this.#parked.set(pull.topic, (queues = new Map<number, Set<Parked>>()))
    add(queues, pull.queueId, parked)
    add(this.#ofChannel, pull.channel, parked)
    parked.cancel = this.#timers.after(pull.timeoutMs, () => this.#wake(parked))
  }

  /** @returns false when it had left before */
  #leave(parked: Parked): boolean {
    parked.cancel()
    remove(this.#ofChannel, parked.pull.channel, parked)
    const { topic, queueId } = parked.pull
    const queues = this.#parked.get(topic)
    if (queues === undefined || !remove(queues, queueId, parked)) return false
    if (queues.size === 0) this.#parked.delete(topic)
    return true
  }

  #wake(parked: Parked): void {
    // waking the one before may have ended the connection of this one
    if (!this.#leave(parked)) return
    try {
      parked.pull.retry()
    } catch {
      parked.pull.giveUp()
    }
  }

  /** Asked for every record: no server is busier than one that nobody waits for. */
  isAwaited(topic: string, queueId: number): boolean {
    return this.#parked.get(topic)?.has(queueId) === true
  }

  /** Those of a queue as they are now: waking one may add and remove some. */
  #waitingFor(topic: string, queueId: number): readonly Parked[] {
    const waiting = this.#parked.get(topic)?.get(queueId)
    return waiting === undefined ? [] : [...waiting]
  }

  /** Whom it may concern is told soon: filters and reads must not delay the commit that brought it. */
  arrived(arrival: Arrival): void {
    if (!this.isAwaited(arrival.topic, arrival.queueId)) return
    this.#arrivals.push(arrival)
    if (this.#arrivals.length === 1) this.#timers.soon(() => this.#tell())
  }

  #tell(): void {
    const arrivals = this.#arrivals
    this.#arrivals = []
    for (const { topic, queueId, queueOffset, tagsCode, read } of arrivals) {
      for (const parked of this.#waitingFor(topic, queueId)) {
        const { offset, filter } = parked.pull
        if (queueOffset >= offset && filter.entry(tagsCode) && mayPass(filter, read)) this.#wake(parked)
      }
    }
  }

  /** How many of a group wait for a queue. */
  count(topic: string, queueId: number, group: string): number {
    return this.#waitingFor(topic, queueId).filter(({ pull }) => pull.group === group).length
  }

  /** Everyone of a queue looks again: something that is no new record has changed. */
  topicChanged(topic: string, queueId: number): void {
    for (const parked of this.#waitingFor(topic, queueId)) this.#wake(parked)
  }

  /** Nobody is left to answer. */
  disconnected(channel: ClientChannel): void {
    for (const parked of [...(this.#ofChannel.get(channel) ?? [])]) this.#leave(parked)
  }

  /** Answers everyone now: the broker goes away. */
  wakeAll(): void {
    this.#arrivals = []
    const all = [...this.#parked.values()].flatMap((queues) => [...queues.values()])
    for (const parked of all.flatMap((waiting) => [...waiting])) this.#wake(parked)
  }
}

function add<K>(sets: Map<K, Set<Parked>>, key: K, parked: Parked): void {
  const set = sets.get(key)
  if (set === undefined) sets.set(key, new Set([parked]))
  else set.add(parked)
}

function remove<K>(sets: Map<K, Set<Parked>>, key: K, parked: Parked): boolean {
  const set = sets.get(key)
  if (set?.delete(parked) !== true) return false
  if (set.size === 0) sets.delete(key)
  return true
}

function mayPass({ record: passes }: MessageFilter, read: () => Buffer | null): boolean {
  if (passes === null) return true
  try {
    const record = read()
    return record === null || passes(record)
  } catch {
    // it looks itself
    return true
  }
}

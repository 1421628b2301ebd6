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
  readonly leave: () => void
}

/**
 * Pulls that wait for a message: PullRequestHoldService. One is woken by the first record behind its offset
 * that may match, or by its own deadline.
 */
export class LongPoll {
  readonly #timers: Timers
  readonly #parked = new Map<string, Set<Parked>>()
  #arrivals: Arrival[] = []

  constructor(timers: Timers) {
    this.#timers = timers
  }

  park(pull: WaitingPull): void {
    const key = `${pull.topic}/${pull.queueId}`
    let waiting = this.#parked.get(key)
    if (waiting === undefined) this.#parked.set(key, (waiting = new Set()))
    const set = waiting
    const parked: Parked = {
      pull,
      leave: () => {
        cancel()
        set.delete(parked)
        if (set.size === 0) this.#parked.delete(key)
      },
    }
    const cancel = this.#timers.after(pull.timeoutMs, () => wake(parked))
    set.add(parked)
  }

  /** Asked for every record: no server is busier than one that nobody waits for. */
  isAwaited(topic: string, queueId: number): boolean {
    return this.#parked.size > 0 && this.#parked.has(`${topic}/${queueId}`)
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
      for (const parked of [...(this.#parked.get(`${topic}/${queueId}`) ?? [])]) {
        const { offset, filter } = parked.pull
        if (queueOffset >= offset && filter.entry(tagsCode) && mayPass(filter, read)) wake(parked)
      }
    }
  }

  /** How many of a group wait for a queue. */
  count(topic: string, queueId: number, group: string): number {
    const waiting = [...(this.#parked.get(`${topic}/${queueId}`) ?? [])]
    return waiting.filter(({ pull }) => pull.group === group).length
  }

  /** Everyone of a queue looks again: something that is no new record has changed. */
  topicChanged(topic: string, queueId: number): void {
    for (const parked of [...(this.#parked.get(`${topic}/${queueId}`) ?? [])]) wake(parked)
  }

  /** Nobody is left to answer. */
  disconnected(channel: ClientChannel): void {
    for (const parked of this.#all()) if (parked.pull.channel === channel) parked.leave()
  }

  /** Answers everyone now: the broker goes away. */
  wakeAll(): void {
    this.#arrivals = []
    for (const parked of this.#all()) wake(parked)
  }

  #all(): Parked[] {
    return [...this.#parked.values()].flatMap((waiting) => [...waiting])
  }
}

function wake({ pull, leave }: Parked): void {
  leave()
  pull.retry()
}

function mayPass({ record: passes }: MessageFilter, read: () => Buffer | null): boolean {
  if (passes === null) return true
  const record = read()
  return record === null || passes(record)
}

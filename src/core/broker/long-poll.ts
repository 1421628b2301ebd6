import type { Timers } from './ports.ts'

interface Parked {
  readonly offset: number
  readonly matches: (tagsCode: number) => boolean
  readonly wake: () => void
}

/**
 * Pulls that wait for a message: PullRequestHoldService. One is woken by the first record behind its offset
 * whose tag may match, or by its own deadline.
 */
export class LongPoll {
  readonly #timers: Timers
  readonly #parked = new Map<string, Set<Parked>>()

  constructor(timers: Timers) {
    this.#timers = timers
  }

  /** `retry` is called once: then, or after `timeoutMs`. */
  park(
    topic: string,
    queueId: number,
    offset: number,
    timeoutMs: number,
    matches: (tagsCode: number) => boolean,
    retry: () => void,
  ): void {
    const key = `${topic}/${queueId}`
    let waiting = this.#parked.get(key)
    if (waiting === undefined) this.#parked.set(key, (waiting = new Set()))
    const set = waiting
    const leave = (): void => {
      set.delete(parked)
      if (set.size === 0) this.#parked.delete(key)
    }
    const cancel = this.#timers.after(timeoutMs, () => {
      leave()
      retry()
    })
    const parked: Parked = {
      offset,
      matches,
      wake: () => {
        cancel()
        leave()
        retry()
      },
    }
    set.add(parked)
  }

  /** A record can be pulled now. */
  arrived(topic: string, queueId: number, queueOffset: number, tagsCode: number): void {
    const waiting = this.#parked.get(`${topic}/${queueId}`)
    if (waiting === undefined) return
    for (const parked of [...waiting]) {
      if (queueOffset >= parked.offset && parked.matches(tagsCode)) parked.wake()
    }
  }

  /** Answers everyone now: the broker goes away. */
  wakeAll(): void {
    for (const waiting of [...this.#parked.values()]) for (const parked of [...waiting]) parked.wake()
  }
}

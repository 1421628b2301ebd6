import type { Clock } from '../../lib/clock.ts'
import { scheduleTopic } from '../../model/delay-level.ts'
import { wheelTopic } from '../../model/timer.ts'
import { halfTopic } from '../../model/transaction.ts'
import type { AppendRequest } from '../../store/append-batch.ts'
import type { MessageStore } from '../../store/message-store.ts'
import type { Statement } from '../../store/sqlite.ts'
import type { Timers as SystemTimers } from '../ports.ts'
import type { Transactions } from '../transaction/transactions.ts'
import { delivered } from './delivered.ts'
import { levelDueAt, Timers, type Timer } from './timers.ts'

export interface DueWorkOptions {
  readonly store: MessageStore
  readonly clock: Clock
  readonly timers: SystemTimers
  /** Waits of the delay levels from 1 up, in ms. */
  readonly levelsMs: readonly number[]
  readonly transactions: Transactions
}

/** A message whose wait is over, and what of its waiting ends with its delivery. */
interface Due {
  /** Null: it cannot be delivered, and is passed over. */
  readonly request: AppendRequest | null
  readonly ends: Timer | { readonly level: number; readonly nextOffset: number } | null
}

interface Collected {
  readonly due: Due[]
  bytes: number
}

/** Queues of the schedule topic that are looked at though the levels may be fewer by now. */
const levelsMin = 18
/** Delivered with one write and one sync at most. */
const [countMax, bytesMax] = [1000, 4 * 1024 * 1024]
/** A server that delivered something looks again after this at the soonest; RocketMQ does every 100 ms. */
const intervalMinMs = 10
/** After a failure; ScheduleMessageService waits as long. */
const retryMs = 10_000

/**
 * Delivers delayed messages: appended to their topics, synced, then marked, so that each comes at least once.
 * In a folder whoever is about to write or consume does it when the writer row says that something is due; a
 * server has a timer.
 */
export class DueWork {
  readonly #options: DueWorkOptions
  readonly #timers: Timers
  readonly #next: Statement<[number], { next_offset: number }>
  readonly #setNext: Statement<[number, number]>
  #cancel: (() => void) | null = null
  /** Epoch ms: when a server looks next. */
  #looksAt = Infinity
  #delivering = false

  constructor(options: DueWorkOptions) {
    this.#options = options
    this.#timers = new Timers(options.store)
    const { db } = options.store.state
    this.#next = db.prepare('SELECT next_offset FROM delay_offset WHERE level = ?')
    this.#setNext = db.prepare(
      'INSERT INTO delay_offset VALUES (?, ?) ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset',
    )
  }

  /** In a folder: delivers what is due by now. @returns false: nothing was @throws MQ_STORE_* */
  run(): boolean {
    const { store, clock } = this.#options
    let ran = false
    while ((store.nextDueAt ?? Infinity) <= clock.now()) {
      ran = true
      store.exclusively(() => {
        this.#timers.load()
        const due = this.#collect()
        this.#append(due)
        this.#mark(due)
      })
    }
    return ran
  }

  /** In a server: delivers from now on, when it is due. */
  start(): void {
    this.#cancel?.()
    this.#cancel = () => undefined
    this.expect(this.#options.store.nextDueAt ?? Infinity)
  }

  /** What has become due by now is delivered: by a server in a moment, else here. @throws as `run` */
  begin(): void {
    if (this.#cancel === null) this.run()
    else this.expect(this.#options.clock.now())
  }

  /** In a server: something that is due at a time, epoch ms, was stored. */
  expect(dueAt: number): void {
    const { clock, timers } = this.#options
    if (this.#cancel === null || this.#delivering || dueAt >= this.#looksAt) return
    this.#cancel()
    this.#looksAt = dueAt
    this.#cancel = timers.after(Math.max(0, dueAt - clock.now()), () => this.#serve())
  }

  #serve(): void {
    this.#looksAt = Infinity
    const { store, clock } = this.#options
    try {
      this.#timers.load()
      const due = this.#collect()
      this.#append(due)
      this.#delivering = true
      store.whenSynced((failed) => {
        // then nothing is written any more, this neither: what waits is delivered after a restart
        if (failed === null) this.#delivered(due)
      })
    } catch {
      // the next one that writes is told why; what waits is not lost
      this.expect(clock.now() + retryMs)
    }
  }

  #delivered(due: readonly Due[]): void {
    const { store, clock } = this.#options
    this.#delivering = false
    try {
      this.#mark(due)
      const notBefore = due.length > 0 ? clock.now() + intervalMinMs : 0
      this.expect(Math.max(notBefore, store.nextDueAt ?? Infinity))
    } catch {
      // delivered again, then
      this.expect(clock.now() + retryMs)
    }
  }

  close(): void {
    this.#cancel?.()
    this.#cancel = null
  }

  #collect(): readonly Due[] {
    const now = this.#options.clock.now()
    const collected: Collected = { due: [], bytes: 0 }
    for (const level of this.#levels) this.#collectLevel(level, now, collected)
    for (const timer of this.#timers.due(now, countMax - collected.due.length)) {
      if (collected.bytes >= bytesMax) break
      const record = this.#recordAt(wheelTopic, 0, timer.queueOffset)
      const request = record === null ? null : delivered(record, 'timer', now)
      collected.due.push({ request, ends: timer })
      collected.bytes += record?.length ?? 0
    }
    for (const half of this.#options.transactions.overdue(now))
      for (const request of this.#options.transactions.givenUp(half))
        collected.due.push({ request, ends: null })
    for (const request of this.#options.transactions.atomic.due()) collected.due.push({ request, ends: null })
    return collected.due
  }

  /** A level's messages are due in the order they were stored in. */
  #collectLevel(level: number, now: number, collected: Collected): void {
    const { store, levelsMs } = this.#options
    const room = countMax - collected.due.length
    const entries = room > 0 ? store.entries(scheduleTopic, level - 1, this.#nextOffset(level), room) : []
    for (const entry of entries) {
      if (collected.bytes >= bytesMax) return
      const [record = null] = store.records(scheduleTopic, level - 1, [entry])
      if (record !== null && levelDueAt(record, level, now, levelsMs) > now) return
      const request = record === null ? null : delivered(record, 'level', now)
      collected.due.push({ request, ends: { level, nextOffset: entry.queueOffset + 1 } })
      collected.bytes += entry.size
    }
  }

  get #levels(): readonly number[] {
    const count = Math.max(levelsMin, this.#options.levelsMs.length)
    return Array.from({ length: count }, (_, i) => i + 1)
  }

  #nextOffset(level: number): number {
    const { minOffset } = this.#options.store.extent(scheduleTopic, level - 1)
    return Math.max(minOffset, this.#next.get(level)?.next_offset ?? 0)
  }

  #recordAt(topic: string, queueId: number, queueOffset: number): Buffer | null {
    const { store } = this.#options
    const [entry] = store.entries(topic, queueId, queueOffset, 1)
    if (entry?.queueOffset !== queueOffset) return null
    return store.records(topic, queueId, [entry])[0] ?? null
  }

  /** @throws MQ_STORE_* when one of them could not be written */
  #append(due: readonly Due[]): void {
    const { store } = this.#options
    const failed: Error[] = []
    for (const { request } of due)
      if (request !== null) store.append(request, (error) => error !== null && failed.push(error))
    store.commit()
    if (failed.length > 0) throw failed[0]!
  }

  #mark(due: readonly Due[]): void {
    const { store, transactions } = this.#options
    store.state.quickly(() => {
      for (const { ends } of due) {
        if (ends === null) continue
        if ('level' in ends) this.#setNext.run(ends.level, ends.nextOffset)
        else this.#timers.remove(ends)
      }
    })
    transactions.atomic.settle()
    store.settleDue(this.#nextDueAt())
  }

  #nextDueAt(): number | null {
    const { store, clock, levelsMs, transactions } = this.#options
    const now = clock.now()
    this.#timers.load()
    let next = Math.min(this.#timers.nextDueAt() ?? Infinity, transactions.nextDueAt() ?? Infinity)
    for (const level of this.#levels) {
      const entries = store.entries(scheduleTopic, level - 1, this.#nextOffset(level), 1)
      if (entries.length === 0) continue
      const [record = null] = store.records(scheduleTopic, level - 1, entries)
      // one that cannot be read is passed over, now
      next = Math.min(next, record === null ? now : levelDueAt(record, level, now, levelsMs))
    }
    return next === Infinity ? null : next
  }

  /** Log offset from which on records are still needed; Infinity: none waits. */
  neededFrom(): number {
    const { store, transactions } = this.#options
    const waiting = [
      ...store.entries(halfTopic, 0, transactions.lowestOffset(), 1),
      ...store.entries(wheelTopic, 0, this.#timers.lowestOffset(), 1),
      ...this.#levels.flatMap((level) => store.entries(scheduleTopic, level - 1, this.#nextOffset(level), 1)),
    ]
    return Math.min(Infinity, ...waiting.map(({ physicalOffset }) => physicalOffset))
  }
}

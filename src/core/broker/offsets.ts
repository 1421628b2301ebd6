import type { StateDb } from '../store/state-db.ts'
import type { Statement } from '../store/sqlite.ts'
import type { Timers } from './ports.ts'

/** What pulls say is stored within so long: of a thousand queues each time, which takes some milliseconds. */
const notedMs = 500

/** Where groups go on in each queue, kept in state.db; ConsumerOffsetManager. */
export class Offsets {
  readonly #state: StateDb
  readonly #select: Statement<[string, string, number], { next_offset: number }>
  readonly #upsert: Statement<[string, string, number, number]>
  readonly #groups: Statement<[string], { group_name: string }>
  readonly #topics: Statement<[string], { topic: string }>
  readonly #removeGroup: Statement<[string]>[]
  /** Offsets that were moved while members of the group are connected, by `topic@group@queueId`. */
  readonly #resets = new Map<string, number>()
  readonly #timers: Timers
  /** What pulls have said since the last time it was stored, by the same key. */
  readonly #noted = new Map<string, [topic: string, group: string, queueId: number, nextOffset: number]>()
  /** A timer runs: one, however often they are asked for meanwhile. */
  #storesSoon = false

  constructor(state: StateDb, timers: Timers) {
    this.#state = state
    this.#timers = timers
    this.#select = state.db.prepare(
      'SELECT next_offset FROM consumer_offset WHERE topic = ? AND group_name = ? AND queue_id = ?',
    )
    this.#upsert = state.db.prepare(
      `INSERT INTO consumer_offset VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset`,
    )
    this.#groups = state.db.prepare('SELECT DISTINCT group_name FROM consumer_offset WHERE topic = ?')
    this.#removeGroup = ['consumer_offset', 'pop_queue', 'pop_receipt', 'request_mode'].map((table) =>
      state.db.prepare(`DELETE FROM ${table} WHERE group_name = ?`),
    )
    this.#topics = state.db.prepare('SELECT DISTINCT topic FROM consumer_offset WHERE group_name = ?')
  }

  /** The next offset to consume, or null when the group never committed one. */
  get(topic: string, group: string, queueId: number): number | null {
    if (this.#noted.size > 0) this.store()
    return this.#select.get(topic, group, queueId)?.next_offset ?? null
  }

  /**
   * Smaller offsets overwrite, too, as in RocketMQ. Between a reset and the next pull what members commit is
   * older than the reset, and passed over.
   */
  set(topic: string, group: string, queueId: number, nextOffset: number): void {
    const key = resetKey(topic, group, queueId)
    if (this.#resets.size > 0 && this.#resets.has(key)) return
    this.#noted.delete(key)
    this.#state.quickly(() => this.#upsert.run(topic, group, queueId, nextOffset))
  }

  /**
   * `set` soon: what a pull says by the way, of which nobody is told that it is stored. A server that dies
   * before has the group consume that much again; RocketMQ's stores every 5 s. A transaction a pull would be
   * a sixth of its time.
   */
  note(topic: string, group: string, queueId: number, nextOffset: number): void {
    const key = resetKey(topic, group, queueId)
    if (this.#resets.size > 0 && this.#resets.has(key)) return
    this.#noted.set(key, [topic, group, queueId, nextOffset])
    this.#storeSoon()
  }

  #storeSoon(): void {
    if (this.#storesSoon) return
    this.#storesSoon = true
    this.#timers.after(notedMs, () => {
      this.#storesSoon = false
      if (!this.storeIfPossible()) this.#storeSoon()
    })
  }

  /** Nobody waits who could be told why it is not possible. */
  storeIfPossible(): boolean {
    try {
      this.store()
      return true
    } catch {
      return false
    }
  }

  /** Stores what was noted: before anyone looks into the table. */
  store(): void {
    if (this.#noted.size === 0) return
    this.#state.quickly(() => {
      for (const noted of this.#noted.values()) this.#upsert.run(...noted)
    })
    this.#noted.clear()
  }

  /**
   * Moves a group. @param tellMembers it has members that go on by what they remember: they are told at their
   * next pull, ConsumerOffsetManager.assignResetOffset
   */
  reset(topic: string, group: string, queueId: number, nextOffset: number, tellMembers: boolean): void {
    this.#resets.delete(resetKey(topic, group, queueId))
    this.set(topic, group, queueId, nextOffset)
    if (tellMembers) this.#resets.set(resetKey(topic, group, queueId), nextOffset)
  }

  /**
   * Where a puller must go on instead of where it wants to; once.
   * ConsumerOffsetManager.queryThenEraseResetOffset
   */
  takeReset(topic: string, group: string, queueId: number): number | null {
    if (this.#resets.size === 0) return null
    const key = resetKey(topic, group, queueId)
    const offset = this.#resets.get(key) ?? null
    if (offset !== null) this.#resets.delete(key)
    return offset
  }

  /** Forgets where a group is, everywhere. */
  removeGroup(group: string): void {
    this.store()
    this.#state.durably(() => {
      for (const statement of this.#removeGroup) statement.run(group)
    })
  }

  groupsOf(topic: string): string[] {
    this.store()
    return this.#groups.all(topic).map((row) => row.group_name)
  }

  topicsOf(group: string): string[] {
    this.store()
    return this.#topics.all(group).map((row) => row.topic)
  }
}

function resetKey(topic: string, group: string, queueId: number): string {
  return `${topic}@${group}@${queueId}`
}

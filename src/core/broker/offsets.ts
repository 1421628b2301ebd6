import type { StateDb } from '../store/state-db.ts'
import type { Statement } from '../store/sqlite.ts'

/** Where groups go on in each queue, kept in state.db; ConsumerOffsetManager. */
export class Offsets {
  readonly #state: StateDb
  readonly #select: Statement<[string, string, number], { next_offset: number }>
  readonly #upsert: Statement<[string, string, number, number]>
  readonly #groups: Statement<[string], { group_name: string }>
  readonly #topics: Statement<[string], { topic: string }>

  constructor(state: StateDb) {
    this.#state = state
    this.#select = state.db.prepare(
      'SELECT next_offset FROM consumer_offset WHERE topic = ? AND group_name = ? AND queue_id = ?',
    )
    this.#upsert = state.db.prepare(
      `INSERT INTO consumer_offset VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset`,
    )
    this.#groups = state.db.prepare('SELECT DISTINCT group_name FROM consumer_offset WHERE topic = ?')
    this.#topics = state.db.prepare('SELECT DISTINCT topic FROM consumer_offset WHERE group_name = ?')
  }

  /** The next offset to consume, or null when the group never committed one. */
  get(topic: string, group: string, queueId: number): number | null {
    return this.#select.get(topic, group, queueId)?.next_offset ?? null
  }

  /** Smaller offsets overwrite, too, as in RocketMQ. */
  set(topic: string, group: string, queueId: number, nextOffset: number): void {
    this.#state.quickly(() => this.#upsert.run(topic, group, queueId, nextOffset))
  }

  groupsOf(topic: string): string[] {
    return this.#groups.all(topic).map((row) => row.group_name)
  }

  topicsOf(group: string): string[] {
    return this.#topics.all(group).map((row) => row.topic)
  }
}

import { scheduleTopic } from '../model/delay-level.ts'
import { wheelTopic } from '../model/timer.ts'
import { halfTopic, opTopic } from '../model/transaction.ts'
import type { QueueExtent } from './index-db.ts'
import type { Damage } from './log-walk.ts'
import type { StateDb } from './state-db.ts'
import type { Statement } from './sqlite.ts'

/** Deleted topics: records of a topic below its tombstone do not exist, in a rebuilt index neither. */
export class Tombstones {
  readonly #state: StateDb
  readonly #select: Statement<[], { topic: string; physical_offset: number }>
  #known: Map<string, number> | null = null
  #knownVersion = -1

  constructor(state: StateDb) {
    this.#state = state
    this.#select = state.db.prepare('SELECT topic, physical_offset FROM tombstone')
  }

  /** Log offset below which a topic has nothing; 0 for one that was never deleted. */
  of(topic: string): number {
    return this.all().get(topic) ?? 0
  }

  all(): ReadonlyMap<string, number> {
    return (this.#known ??= new Map(this.#select.all().map((row) => [row.topic, row.physical_offset])))
  }

  /** Sees what other processes have deleted. They need the lock for it, so a turn needs to look but once. */
  look(): void {
    const version = this.#state.version()
    if (version !== this.#knownVersion) this.#known = null
    this.#knownVersion = version
  }

  /** With what counted its queues' offsets, floors and groups': they begin at 0 again. */
  set(topic: string, physicalOffset: number): void {
    this.#write(
      'INSERT INTO tombstone VALUES (?, ?) ON CONFLICT DO UPDATE SET physical_offset = excluded.physical_offset',
      [topic, physicalOffset],
      () => {
        this.#state.db.prepare('DELETE FROM queue_floor WHERE topic = ?').run(topic)
        for (const table of ['consumer_offset', 'pop_queue', 'pop_receipt'])
          this.#state.db.prepare(`DELETE FROM ${table} WHERE topic = ?`).run(topic)
      },
    )
  }

  /** The log ends before: what is written there next is not what was deleted. */
  clamp(logEnd: number): void {
    this.#write('UPDATE tombstone SET physical_offset = min(physical_offset, ?)', [logEnd])
  }

  /** The log begins behind: nothing is left to hide. */
  dropBelow(logBegin: number): void {
    this.#write('DELETE FROM tombstone WHERE physical_offset <= ?', [logBegin])
  }

  #write(sql: string, values: readonly unknown[], also: () => void = () => undefined): void {
    this.#known = null
    this.#state.durably(() => {
      this.#state.db.prepare(sql).run(...values)
      also()
    })
  }
}

/**
 * Where queues go on that have nothing left: their segments have expired, their offsets must not begin again.
 */
export class QueueFloors {
  readonly #state: StateDb
  readonly #select: Statement<[string, number], { end_offset: number }>

  constructor(state: StateDb) {
    this.#state = state
    this.#select = state.db.prepare('SELECT end_offset FROM queue_floor WHERE topic = ? AND queue_id = ?')
  }

  of(topic: string, queueId: number): number {
    return this.#select.get(topic, queueId)?.end_offset ?? 0
  }

  /** Durable before the segment goes that says so itself. */
  raise(extents: readonly QueueExtent[]): void {
    const upsert = this.#state.db.prepare(
      `INSERT INTO queue_floor VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET end_offset = max(end_offset, excluded.end_offset)`,
    )
    this.#state.durably(() => {
      for (const { topic, queueId, endOffset } of extents) upsert.run(topic, queueId, endOffset)
    })
  }
}

/** Offsets that ran ahead of the log would make a group skip what is written next; receipts would hide it. */
export function clampOffsets(state: StateDb, endOffset: (topic: string, queueId: number) => number): void {
  const clamps = [
    clampColumn(state, 'consumer_offset', endOffset),
    clampColumn(state, 'pop_queue', endOffset),
    clampReceipts(state, endOffset),
    clampWaiting(state, endOffset),
  ].filter((clamp) => clamp !== null)
  if (clamps.length === 0) return
  state.durably(() => {
    for (const clamp of clamps) clamp()
  })
}

interface QueueOfGroup {
  readonly topic: string
  readonly group_name: string
  readonly queue_id: number
  readonly next_offset: number
}

function clampColumn(
  state: StateDb,
  table: 'consumer_offset' | 'pop_queue',
  endOffset: (topic: string, queueId: number) => number,
): (() => void) | null {
  const rows = state.db
    .prepare(`SELECT topic, group_name, queue_id, next_offset FROM ${table}`)
    .all() as QueueOfGroup[]
  const ahead = rows.filter((row) => row.next_offset > endOffset(row.topic, row.queue_id))
  if (ahead.length === 0) return null
  const clamp = state.db.prepare(
    `UPDATE ${table} SET next_offset = ? WHERE topic = ? AND group_name = ? AND queue_id = ?`,
  )
  return () => {
    for (const row of ahead)
      clamp.run(endOffset(row.topic, row.queue_id), row.topic, row.group_name, row.queue_id)
  }
}

function clampReceipts(
  state: StateDb,
  endOffset: (topic: string, queueId: number) => number,
): (() => void) | null {
  const rows = state.db
    .prepare('SELECT topic, queue_id, max(queue_offset) AS last FROM pop_receipt GROUP BY topic, queue_id')
    .all() as { topic: string; queue_id: number; last: number }[]
  const ahead = rows.filter((row) => row.last >= endOffset(row.topic, row.queue_id))
  if (ahead.length === 0) return null
  const remove = state.db.prepare(
    'DELETE FROM pop_receipt WHERE topic = ? AND queue_id = ? AND queue_offset >= ?',
  )
  return () => {
    for (const row of ahead) remove.run(row.topic, row.queue_id, endOffset(row.topic, row.queue_id))
  }
}

/** A half message whose decision the log has lost has no row any more: all are taken from the log again. */
const halvesAnew = [
  ['DELETE FROM half', []],
  ['DELETE FROM waiting_progress WHERE topic IN (?, ?)', [halfTopic, opTopic]],
] as const

function decisionsAreLost(state: StateDb, opEnd: number): boolean {
  const row = state.db.prepare('SELECT next_offset FROM waiting_progress WHERE topic = ?').get(opTopic) as
    { next_offset: number } | undefined
  return row !== undefined && row.next_offset > opEnd
}

/** What waits for a time or a decision; its next offsets are compared by those who read on from them. */
function clampWaiting(
  state: StateDb,
  endOffset: (topic: string, queueId: number) => number,
): (() => void) | null {
  const ends = [wheelTopic, halfTopic, opTopic].map((topic) => ({ topic, end: endOffset(topic, 0) }))
  const levels = (
    state.db.prepare('SELECT level, next_offset FROM delay_offset').all() as {
      level: number
      next_offset: number
    }[]
  ).map(({ level, next_offset: next }) => ({ level, next, end: endOffset(scheduleTopic, level - 1) }))
  const clamps: (readonly [sql: string, values: readonly unknown[]])[] = [
    ...levels
      .filter(({ next, end }) => next > end)
      .map(
        ({ level, end }) =>
          ['UPDATE delay_offset SET next_offset = ? WHERE level = ?', [end, level]] as const,
      ),
    ...ends.map(
      ({ topic, end }) =>
        [
          'UPDATE waiting_progress SET next_offset = min(next_offset, ?) WHERE topic = ?',
          [end, topic],
        ] as const,
    ),
    ['DELETE FROM timer WHERE queue_offset >= ?', [endOffset(wheelTopic, 0)]],
    ['DELETE FROM half WHERE queue_offset >= ?', [endOffset(halfTopic, 0)]],
    ...(decisionsAreLost(state, endOffset(opTopic, 0)) ? halvesAnew : []),
  ]
  return () => {
    for (const [sql, values] of clamps) state.db.prepare(sql).run(...values)
  }
}

/** Keeps what was found, for `store verify` and for whoever asks later. */
export function recordDamage(state: StateDb, damage: Damage, now: number): void {
  state.durably(() =>
    state.db
      .prepare('INSERT OR REPLACE INTO damage VALUES (?, ?, ?, ?)')
      .run(damage.from, damage.to, damage.why, now),
  )
}

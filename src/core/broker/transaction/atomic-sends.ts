import type { Clock } from '../../lib/clock.ts'
import { MqError } from '../../errors.ts'
import type { UniqueKeys } from '../../model/ids.ts'
import { uniqueKeyOf } from '../../model/properties.ts'
import { readRecord, type StoredRecord } from '../../model/record.ts'
import { Decision } from '../../model/transaction.ts'
import type { AppendRequest } from '../../store/append-batch.ts'
import type { MessageStore } from '../../store/message-store.ts'
import type { Statement } from '../../store/sqlite.ts'
import type { Topics } from '../topics.ts'
import { committed, decided, undecided } from './half.ts'
import type { Halves } from './halves.ts'

/** END_ATOMIC_SEND's header. */
export interface EndAtomicRequest {
  readonly atomicId: string
  /** Messages that were acknowledged to the sender. */
  readonly count: number
  /** One of Decision; unknown: only asks how many are left. */
  readonly decision: number
}

export interface AtomicSendOptions {
  readonly store: MessageStore
  readonly clock: Clock
  readonly halves: Halves
  readonly uniqueKeys: UniqueKeys
  readonly topics: Pick<Topics, 'createUndecidedTopic'>
  /** Where a message is stored that may have to wait. @throws MQ_MESSAGE_ILLEGAL */
  readonly place: (request: AppendRequest) => AppendRequest
}

/** Written at once at most: each is two records. */
const chunkMax = 500
const chunkBytesMax = 4 * 1024 * 1024

/**
 * Ours, not RocketMQ's: many half messages that are committed together, or not at all. One row of state.db,
 * durable before the first of them is committed, says so; whoever finds the row finishes what it says. Before
 * the row nothing is seen, after it everything will be.
 */
export class AtomicSends {
  readonly #options: AtomicSendOptions
  readonly #decide: Statement<[string, number]>
  readonly #decision: Statement<[string], { commits: number }>
  readonly #first: Statement<[], { atomic_id: string; commits: number }>
  readonly #forget: Statement<[string]>

  constructor(options: AtomicSendOptions) {
    this.#options = options
    const { db } = options.store.state
    this.#decide = db.prepare('INSERT INTO decided VALUES (?, ?)')
    this.#decision = db.prepare('SELECT commits FROM decided WHERE atomic_id = ?')
    this.#first = db.prepare('SELECT atomic_id, commits FROM decided LIMIT 1')
    this.#forget = db.prepare('DELETE FROM decided WHERE atomic_id = ?')
  }

  /**
   * Writes the decision down; what it says is done by `due`. Under the lock, when all of the messages are on
   * the disk. @throws MQ_FAILED when some are not there, MQ_ILLEGAL_OPERATION when it was decided otherwise
   */
  decide({ atomicId, count, decision }: EndAtomicRequest): void {
    const { store, halves } = this.#options
    halves.load()
    const commits = decision === Decision.commit
    const before = this.#decision.get(atomicId)
    if (before !== undefined) {
      if ((before.commits !== 0) === commits) return
      throw new MqError('MQ_ILLEGAL_OPERATION', 'the atomic send was decided otherwise before')
    }
    const open = halves.countOf(atomicId)
    if (commits && open < count) {
      throw new MqError(
        'MQ_FAILED',
        `${open} of ${count} messages of the atomic send are there: none is sent`,
      )
    }
    if (open === 0) return
    store.state.durably(() => this.#decide.run(atomicId, Number(commits)))
    store.settleDue(0)
  }

  /** Messages of a send that are not what was decided yet. */
  left(atomicId: string): number {
    const { halves } = this.#options
    halves.load()
    return halves.countOf(atomicId)
  }

  /** What is decided is done, however late: it is not given up. */
  isDecided(atomicId: string): boolean {
    return this.#decision.get(atomicId) !== undefined
  }

  /** A decision waits to be done. */
  get isDue(): boolean {
    return this.#first.get() !== undefined
  }

  /** What is stored next of what is decided; nothing: all of it is done. */
  due(): AppendRequest[] {
    const next = this.#first.get()
    if (next === undefined) return []
    const { halves, uniqueKeys, clock } = this.#options
    halves.load()
    const requests: AppendRequest[] = []
    let bytes = 0
    for (const [i, half] of halves.ofAtomic(next.atomic_id, chunkMax).entries()) {
      const record = halves.record(half)
      if (record === null) {
        halves.forget(half)
        continue
      }
      const stored = readRecord(record, 0)
      const message = next.commits === 0 ? null : this.#messageOf(stored)
      // a torn write may have left the message of the first one without the word that it is decided
      if (message !== null && !(i === 0 && this.#isStored(message, stored))) requests.push(message)
      requests.push(decided(stored, uniqueKeys.next(), clock.now()))
      bytes += record.length
      if (bytes >= chunkBytesMax) break
    }
    return requests
  }

  /** One that cannot be stored as it says keeps nobody waiting: it is given up, as what nobody decides. */
  #messageOf(half: StoredRecord): AppendRequest {
    const { place, topics } = this.#options
    const message = committed(half)
    try {
      if (message !== null) return place(message)
    } catch (error) {
      if (!(error instanceof MqError && error.code === 'MQ_MESSAGE_ILLEGAL')) throw error
    }
    topics.createUndecidedTopic()
    return undecided(half)
  }

  #isStored(message: AppendRequest, half: StoredRecord): boolean {
    const { store } = this.#options
    const uniqueKey = uniqueKeyOf(message.properties)
    if (uniqueKey === null) return false
    return store.find(message.topic, uniqueKey).some((physicalOffset) => {
      const bytes = store.record(physicalOffset)
      return bytes !== null && readRecord(bytes, 0).preparedTransactionOffset === half.physicalOffset
    })
  }

  /** Forgets decisions that are done; on the disk is what they say. */
  settle(): void {
    const { store, halves } = this.#options
    for (let next = this.#first.get(); next !== undefined; next = this.#first.get()) {
      halves.load()
      if (halves.countOf(next.atomic_id) > 0) return
      const { atomic_id: atomicId } = next
      store.state.durably(() => this.#forget.run(atomicId))
    }
  }
}

import { toldTime, type Clock } from '../../lib/clock.ts'
import { MqError } from '../../errors.ts'
import type { UniqueKeys } from '../../model/ids.ts'
import { Property, propertyReader, uniqueKeyOf } from '../../model/properties.ts'
import { readRecord, type StoredRecord } from '../../model/record.ts'
import { Decision, halfTopic } from '../../model/transaction.ts'
import type { AppendRequest } from '../../store/append-batch.ts'
import type { MessageStore } from '../../store/message-store.ts'
import type { Clients } from '../clients.ts'
import type { ClientPush, Timers } from '../ports.ts'
import type { Topics } from '../topics.ts'
import { AtomicSends, type EndAtomicRequest } from './atomic-sends.ts'
import { askedAbout, committed, decided, givenUpAt, undecided } from './half.ts'
import type { Half, Halves } from './halves.ts'

/** END_TRANSACTION's header. */
export interface EndRequest {
  readonly group: string
  /** Of the half message, in its topic and in the log. */
  readonly queueOffset: number
  readonly commitLogOffset: number
  readonly decision: number
  /** The producer was asked, and answers. */
  readonly fromCheck: boolean
}

export interface TransactionOptions {
  readonly store: MessageStore
  readonly clock: Clock
  readonly timers: Timers
  readonly halves: Halves
  readonly clients: Clients
  readonly topics: Topics
  readonly push: ClientPush
  readonly uniqueKeys: UniqueKeys
  /** Where a message is stored that may have to wait. @throws MQ_MESSAGE_ILLEGAL */
  readonly place: (request: AppendRequest) => AppendRequest
  /** Others may write to the folder, too: a decision is made under the lock. */
  readonly shared: boolean
  /** How often producers are asked. */
  readonly checkMs: number
}

type Done = (error: MqError | null) => void

/** BrokerConfig.transactionCheckInterval */
export const transactionCheckMsDefault = 30_000
/** Whatever is configured. */
const checkMsMin = 10
/** BrokerConfig.transactionCheckMax */
const checksMax = 15
/** Given up at once. */
const givenUpMax = 100

const groupOf = propertyReader(Property.producerGroup)
const immunityOf = propertyReader(Property.checkImmunitySec)

/**
 * Half messages are committed or rolled back by their producer, who is asked when it does not say: by a
 * server, every 30 s, any producer of its group that is connected. EndTransactionProcessor,
 * TransactionalMessageServiceImpl.
 */
export class Transactions {
  readonly #options: TransactionOptions
  /** Queue offsets of half messages whose decision is being written. */
  readonly #deciding = new Set<number>()
  readonly atomic: AtomicSends
  #cancel: () => void = () => undefined

  constructor(options: TransactionOptions) {
    this.#options = options
    this.atomic = new AtomicSends(options)
  }

  /** @throws MQ_FAILED for what is no such half message, MQ_ILLEGAL_OPERATION for one that is decided */
  end(request: EndRequest, done: Done): void {
    const { decision } = request
    if (decision !== Decision.commit && decision !== Decision.rollback) return done(null)
    const { store, shared } = this.#options
    const act = (): void => {
      const half = this.#openHalf(request)
      this.#decide(half, decision === Decision.commit ? this.#messageOf(half) : null, done)
    }
    if (!shared) return act()
    store.exclusively(() => {
      act()
      store.commit()
    })
  }

  /**
   * Decides about all messages of an atomic send. `done` when the decision is on the disk: what is behind it
   * is due work. @throws as `AtomicSends.decide`
   */
  endAtomic(request: EndAtomicRequest, done: Done): void {
    const { store } = this.#options
    if (request.decision === Decision.unknown) return done(null)
    store.whenSynced((failed) => {
      if (failed !== null) return done(failed)
      try {
        store.exclusively(() => this.atomic.decide(request))
        done(null)
      } catch (error) {
        done(error as MqError)
      }
    })
  }

  /** EndTransactionProcessor.checkPrepareMessage, and that it is open. */
  #openHalf({ group, queueOffset, commitLogOffset, fromCheck }: EndRequest): StoredRecord {
    const { store, halves, clock } = this.#options
    const bytes = store.record(commitLogOffset)
    const half = bytes === null ? null : readRecord(bytes, 0)
    if (half?.topic.toString('utf8') !== halfTopic)
      throw new MqError('MQ_FAILED', 'Find prepared transaction message failed')
    const properties = half.properties.toString('utf8')
    if (groupOf(properties) !== group) throw new MqError('MQ_FAILED', 'The producer group wrong')
    if (half.queueOffset !== queueOffset)
      throw new MqError('MQ_FAILED', 'The transaction state table offset wrong')
    halves.load()
    const open = halves.get(queueOffset)
    if (open === null || this.#deciding.has(queueOffset))
      throw new MqError('MQ_ILLEGAL_OPERATION', 'the transaction was decided before')
    if (open.atomicId !== null)
      throw new MqError(
        'MQ_ILLEGAL_OPERATION',
        'it is part of an atomic send: all of it is decided, or nothing',
      )
    // who named a time after which it wants to be asked waits for that
    const immunityMs = Number(immunityOf(properties) ?? NaN) * 1000
    if (!fromCheck && immunityMs > 0 && toldTime(clock) - half.bornTimestamp > immunityMs)
      throw new MqError('MQ_ILLEGAL_OPERATION', 'too late: the producer is going to be asked')
    return half
  }

  #messageOf(half: StoredRecord): AppendRequest {
    const message = committed(half)
    if (message === null) throw new MqError('MQ_FAILED', 'the half message does not name its topic')
    return this.#options.place(message)
  }

  /** The message, if there is one, and the word that it is decided lie one behind the other. */
  #decide(half: StoredRecord, message: AppendRequest | null, done: Done): void {
    const { uniqueKeys, clock } = this.#options
    const word = decided(half, uniqueKeys.next(), clock.now())
    this.#write(half.queueOffset, message === null ? [word] : [message, word], done)
  }

  #write(queueOffset: number, requests: readonly AppendRequest[], done: Done): void {
    const { store, halves } = this.#options
    this.#deciding.add(queueOffset)
    try {
      store.appendBatch(requests, (error) => {
        if (error === null) halves.load()
        this.#deciding.delete(queueOffset)
        done(error)
      })
    } catch (error) {
      this.#deciding.delete(queueOffset)
      throw error
    }
  }

  /** In a server: asks about what is open, from now on. */
  start(): void {
    this.#cancel = this.#options.timers.after(Math.max(checkMsMin, this.#options.checkMs), () => {
      try {
        this.check()
      } catch {
        // the next one that writes is told why; what is open stays so
      }
      this.start()
    })
  }

  close(): void {
    this.#cancel()
  }

  /** Asks producers about half messages, gives up what they never answered. */
  check(): void {
    const { halves, clock } = this.#options
    halves.load()
    const now = clock.now()
    for (const half of halves.alone()) {
      if (half.checks >= checksMax) this.#giveUp(half)
      else if (now > half.checkAfter) this.#ask(half)
    }
  }

  /** It counts only when there is someone to ask. */
  #ask(half: Half): void {
    const { halves, clients, push } = this.#options
    const record = halves.record(half)
    if (record === null) return
    const { physicalOffset, storeHost, properties: section } = readRecord(record, 0)
    const properties = section.toString('utf8')
    const producer = clients.producerOf(groupOf(properties) ?? '')
    if (producer === null) return
    const asked = push.checkTransaction(producer, {
      queueOffset: half.queueOffset,
      commitLogOffset: physicalOffset,
      storeHost,
      uniqueKey: uniqueKeyOf(properties) ?? '',
      record: askedAbout(record, half.checks + 1),
    })
    if (asked) halves.asked(half)
  }

  #giveUp(half: Half): void {
    if (this.#deciding.has(half.queueOffset)) return
    const requests = this.givenUp(half)
    if (requests.length > 0) this.#write(half.queueOffset, requests, () => undefined)
  }

  /** What is stored in the place of a half message that is given up; nothing for one that cannot be read. */
  givenUp(half: Half): AppendRequest[] {
    const { halves, topics, uniqueKeys, clock } = this.#options
    const bytes = halves.record(half)
    if (bytes === null) return []
    const record = readRecord(bytes, 0)
    const word = decided(record, uniqueKeys.next(), clock.now())
    // whose sender died before it was whole: nothing of it was ever sent
    if (half.atomicId !== null) return [word]
    topics.createUndecidedTopic()
    return [undecided(record), word]
  }

  /** Half messages that nobody decided in time. */
  overdue(now: number): Half[] {
    const { halves } = this.#options
    halves.load()
    const overdue = halves
      .storedBefore(now - givenUpAt(0), givenUpMax)
      .filter(({ atomicId }) => atomicId === null || !this.atomic.isDecided(atomicId))
    return overdue.filter((half) => halves.record(half) !== null || halves.forget(half))
  }

  /** When the next one is given up, epoch ms; null: none is open. */
  nextDueAt(): number | null {
    const { halves } = this.#options
    if (this.atomic.isDue) return 0
    halves.load()
    const oldest = halves.oldest()
    return oldest === null ? null : givenUpAt(oldest)
  }

  /** The first queue offset of the half topic that still matters. */
  lowestOffset(): number {
    return this.#options.halves.lowestOffset()
  }
}

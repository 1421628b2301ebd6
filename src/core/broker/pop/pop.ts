/**
 * POP: the broker picks the queue, hands messages out for an invisible time and has them back acknowledged,
 * or hands them out again. Unlike RocketMQ, which appends a copy to a retry topic for each new delivery, a
 * message is delivered again from its own place: a receipt row counts the deliveries, and the record that is
 * sent has them as reconsumeTimes. So pop and ack touch state.db only, and nothing is lost with the process
 * that held a message; only dead letters are appended, and their receipts go once they are stored.
 */
import type { Clock } from '../../lib/clock.ts'
import { MqError } from '../../errors.ts'
import { readRecord, withReconsumeTimes } from '../../model/record.ts'
import type { MessageStore } from '../../store/message-store.ts'
import type { MessageFilter } from '../filter/message-filter.ts'
import { selectMessages } from '../select.ts'
import { deadLetter } from '../send-back.ts'
import type { Topics } from '../topics.ts'
import { Receipts, type PopQueue, type Receipt } from './receipts.ts'

export interface PopRequest {
  readonly topic: string
  readonly group: string
  readonly queueIds: readonly number[]
  readonly messagesMax: number
  readonly bytesMax: number
  readonly invisibleMs: number
  readonly filter: MessageFilter
  /** Where a group begins that never consumed: at the first message there is, or behind the last. */
  readonly from: 'min' | 'max'
  /** One delivery a queue at a time. */
  readonly order: boolean
  /** SubscriptionGroupConfig.retryMaxTimes */
  readonly retriesMax: number
}

/** POP_MESSAGE's header. */
export interface BrokerPopRequest {
  readonly group: string
  readonly topic: string
  /** Below 0: any. */
  readonly queueId: number
  readonly messagesMax: number
  readonly invisibleMs: number
  readonly expression: string
  readonly expressionType: string
  readonly from: 'min' | 'max'
  readonly order: boolean
  /** How long to wait when there is nothing; 0: not at all. */
  readonly waitMs: number
}

/** NOTIFICATION's header. */
export type AwaitRequest = Pick<BrokerPopRequest, 'group' | 'topic' | 'queueId' | 'waitMs'>

/** Messages of one queue in one answer. */
export interface PoppedQueue {
  readonly queueId: number
  readonly offsets: readonly number[]
}

export interface PopAnswer {
  readonly popTime: number
  readonly queues: readonly PoppedQueue[]
  /** Records, one behind the other; empty: nothing to hand out. */
  readonly records: Buffer
  readonly count: number
  /** Messages that were never handed out and still lie in the queues asked. */
  readonly rest: number
}

/** Which delivery of which message. */
export interface Delivery extends PopQueue {
  readonly queueOffset: number
  readonly popTime: number
}

/** Until a dead letter is stored nobody else may make another. */
const deadLetterMs = 30_000

interface Taking {
  readonly request: PopRequest
  readonly now: number
  popTime: number
  readonly parts: Buffer[]
  readonly taken: { readonly queue: PopQueue; readonly receipt: Receipt }[]
  readonly dead: { readonly queue: PopQueue; readonly receipt: Receipt; readonly record: Buffer }[]
  bytes: number
  rest: number
}

export class Pop {
  readonly #store: MessageStore
  readonly #topics: Topics
  readonly #clock: Clock
  readonly #receipts: Receipts
  #turn = 0

  constructor(store: MessageStore, topics: Topics, clock: Clock) {
    this.#store = store
    this.#topics = topics
    this.#clock = clock
    this.#receipts = new Receipts(store.state)
  }

  pop(request: PopRequest): PopAnswer {
    const now = this.#clock.now()
    const taking: Taking = { request, now, popTime: now, parts: [], taken: [], dead: [], bytes: 0, rest: 0 }
    const { queueIds } = request
    this.#turn = (this.#turn + 1) % Math.max(1, queueIds.length)
    this.#store.state.quickly(() => {
      for (let i = 0; i < queueIds.length; i++)
        this.#take(taking, queueIds[(i + this.#turn) % queueIds.length]!)
      for (const { queue, receipt } of taking.taken) {
        const { popTime } = taking
        this.#receipts.put(queue, { ...receipt, popTime, invisibleUntil: popTime + request.invisibleMs })
      }
      for (const { queue, receipt } of taking.dead)
        this.#receipts.put(queue, { ...receipt, invisibleUntil: now + deadLetterMs })
    })
    this.#buryAll(taking)
    return answerOf(taking)
  }

  /** What cannot be stored now is tried again when its time is over: the others are handed out already. */
  #buryAll({ dead }: Taking): void {
    for (const { queue, receipt, record } of dead) {
      try {
        this.#bury(queue, receipt, record)
      } catch {
        // whoever sends is told why
      }
    }
  }

  #take(taking: Taking, queueId: number): void {
    const { request, now } = taking
    const { topic, group } = request
    const queue: PopQueue = { topic, group, queueId }
    const { minOffset, endOffset } = this.#store.extent(topic, queueId)
    const first = request.from === 'max' ? endOffset : minOffset
    let next = this.#receipts.nextOffset(queue, first, minOffset)
    if (this.#room(taking)) this.#again(taking, queue, now)
    // in order: what is out must come back before the next message goes
    if (!request.order || this.#receipts.lowest(queue) === null) next = this.#fresh(taking, queue, next)
    taking.rest += Math.max(0, endOffset - next)
    this.#keep(taking, queue)
    this.#receipts.report(queue, next)
  }

  #room({ request, taken, bytes }: Taking): boolean {
    return taken.length < request.messagesMax && (taken.length === 0 || bytes < request.bytesMax)
  }

  /** So that report sees what this pop took. */
  #keep({ taken, popTime, request }: Taking, queue: PopQueue): void {
    for (const each of taken) {
      if (each.queue.queueId === queue.queueId)
        this.#receipts.put(queue, { ...each.receipt, invisibleUntil: popTime + request.invisibleMs })
    }
  }

  /** What was handed out before and did not come back in time. */
  #again(taking: Taking, queue: PopQueue, now: number): void {
    const { request } = taking
    const due = this.#receipts.due(queue, now, request.messagesMax - taking.taken.length)
    if (request.order && due[0]?.queueOffset !== this.#receipts.lowest(queue)) return
    for (const receipt of due) {
      if (!this.#room(taking)) return
      const record = this.#recordOf(queue, receipt.queueOffset)
      if (record === null) this.#receipts.remove(queue, receipt.queueOffset)
      else if (receipt.deliveries > request.retriesMax) taking.dead.push({ queue, receipt, record })
      else {
        // names the delivery: never the one before, though clocks stand still or go back
        taking.popTime = Math.max(taking.popTime, receipt.popTime + 1)
        const { deliveries } = receipt
        taking.taken.push({ queue, receipt: { ...receipt, deliveries: deliveries + 1 } })
        taking.parts.push(withReconsumeTimes(record, deliveries))
        taking.bytes += record.length
      }
    }
  }

  /** @returns where the queue goes on */
  #fresh(taking: Taking, queue: PopQueue, from: number): number {
    const { request } = taking
    if (!this.#room(taking)) return from
    const limits = {
      messagesMax: request.messagesMax - taking.taken.length,
      bytesMax: request.bytesMax,
      bytesTaken: taking.bytes,
    }
    const { topic, queueId } = queue
    const { entries, records, next } = selectMessages(
      this.#store,
      topic,
      queueId,
      from,
      limits,
      request.filter,
    )
    records.forEach((record, i) => {
      if (record === null) return
      const receipt = { queueOffset: entries[i]!.queueOffset, popTime: 0, invisibleUntil: 0, deliveries: 1 }
      taking.taken.push({ queue, receipt })
      taking.parts.push(record)
      taking.bytes += record.length
    })
    return next
  }

  /** Whether a pop of these queues might hand something out. */
  hasMessage(topic: string, group: string, queueIds: readonly number[]): boolean {
    if ((this.nextDueAt(topic, group) ?? Infinity) <= this.#clock.now()) return true
    return queueIds.some((queueId) => {
      const { minOffset, endOffset } = this.#store.extent(topic, queueId)
      return (this.#receipts.next({ topic, group, queueId }) ?? minOffset) < endOffset
    })
  }

  #recordOf({ topic, queueId }: PopQueue, queueOffset: number): Buffer | null {
    const [entry] = this.#store.entries(topic, queueId, queueOffset, 1)
    if (entry?.queueOffset !== queueOffset) return null
    return this.#store.records(topic, queueId, [entry])[0] ?? null
  }

  /** Append first, then forget: at least once. */
  #bury(queue: PopQueue, receipt: Receipt, record: Buffer): void {
    this.#topics.createDlqTopic(queue.group)
    this.#store.append(deadLetter(readRecord(record, 0), queue.group, receipt.deliveries), (error) => {
      if (error !== null) return
      this.#store.state.quickly(() => {
        this.#receipts.remove(queue, receipt.queueOffset)
        this.#receipts.reportAgain(queue)
      })
    })
  }

  /**
   * The message is done. @returns false: it had been handed out again meanwhile, and is someone else's
   * @throws MQ_NO_MESSAGE for an offset that the queue does not have
   */
  ack(delivery: Delivery): boolean {
    const { topic, queueId, queueOffset, popTime } = delivery
    const { minOffset, endOffset } = this.#store.extent(topic, queueId)
    if (queueOffset < minOffset || queueOffset >= endOffset) {
      throw new MqError(
        'MQ_NO_MESSAGE',
        `offset is illegal, key:${topic}@${queueId}, commit:${queueOffset}, store:${minOffset}~${endOffset}`,
      )
    }
    return this.#store.state.quickly(() => {
      const receipt = this.#receipts.get(delivery, queueOffset)
      if (receipt === null) return true
      if (receipt.popTime !== popTime) return false
      this.#receipts.remove(delivery, queueOffset)
      this.#receipts.reportAgain(delivery)
      return true
    })
  }

  /**
   * Hides the message for another while from now on: a longer one to work on, or how long to wait before the
   * next try. A message given back for the last time goes to the group's dead letters at once.
   * @returns the time that names the delivery from now on @throws MQ_NO_MESSAGE when it is out of date
   */
  changeInvisible(delivery: Delivery, invisibleMs: number, nack: boolean, retriesMax: number): number {
    const now = this.#clock.now()
    const { topic, queueId, queueOffset } = delivery
    const { popTime, buried } = this.#store.state.quickly(() => {
      const receipt = this.#receipts.get(delivery, queueOffset)
      if (receipt?.popTime !== delivery.popTime) {
        throw new MqError(
          'MQ_NO_MESSAGE',
          `the receipt is out of date: ${topic}@${queueId}, offset ${queueOffset}`,
        )
      }
      const last = nack && receipt.deliveries > retriesMax
      const record = last ? this.#recordOf(delivery, queueOffset) : null
      const changed = { ...receipt, popTime: Math.max(now, receipt.popTime + 1) }
      const invisibleUntil = now + (record === null ? invisibleMs : deadLetterMs)
      this.#receipts.put(delivery, { ...changed, invisibleUntil })
      return { popTime: changed.popTime, buried: record === null ? null : { receipt, record } }
    })
    if (buried !== null) this.#bury(delivery, buried.receipt, buried.record)
    return popTime
  }

  /** When the next message of a group comes again, epoch ms; null: nothing is out. */
  nextDueAt(topic: string, group: string): number | null {
    return this.#receipts.nextDueAt(topic, group)
  }
}

function answerOf({ popTime, taken, parts, rest }: Taking): PopAnswer {
  const queues = new Map<number, number[]>()
  for (const { queue, receipt } of taken) {
    const offsets = queues.get(queue.queueId)
    if (offsets === undefined) queues.set(queue.queueId, [receipt.queueOffset])
    else offsets.push(receipt.queueOffset)
  }
  return {
    popTime,
    queues: [...queues].map(([queueId, offsets]) => ({ queueId, offsets })),
    records: Buffer.concat(parts),
    count: taken.length,
    rest,
  }
}

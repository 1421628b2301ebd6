import { setTimeout as pause } from 'node:timers/promises'
import type { Position } from '../command-line/position.ts'
import type { FilterOptions, MessageAdmin } from '../core/client/admin.ts'
import type { Message } from '../core/model/message.ts'
import type { MessageQueue } from '../core/model/queue.ts'

export interface ReadOptions {
  readonly from: Position
  /** Last place to read; null: what is there when the reading begins, or for ever. */
  readonly to: Position | null
  /** Wait for more at the end. */
  readonly follow: boolean
  readonly filter: FilterOptions
  readonly group?: string
  /** Where each queue was left the last time. */
  readonly places?: ReadPlaces
  /** Ends the reading wherever it is; checked between requests. */
  readonly ended: () => boolean
}

export interface ReadPlaces {
  /** Null: it was never read, `from` says where to begin. */
  nextOffset(queue: MessageQueue): number | null
  /** Everything before an offset has been yielded, and taken. */
  passed(queue: MessageQueue, nextOffset: number): Promise<void>
}

interface Cursor {
  readonly queue: MessageQueue
  next: number
  /** First offset that is not read; Infinity while following. */
  end: number
  readonly storedFrom: number
  readonly storedTo: number
}

/** How long a topic at whose end we are is left alone. */
const idleMs = 50
/** Of a folder as many, so that a batch costs little a message and memory stays small; brokers send fewer. */
const pullMax = 1024

/**
 * The messages of queues, as many at a time as a broker gives, never none: one queue after the other to its
 * end; then, with `follow`, in turns what comes. They are decoded when they are looked at.
 * No offset of any group moves.
 */
export async function* readTopic(
  messages: MessageAdmin,
  queues: readonly MessageQueue[],
  options: ReadOptions,
): AsyncGenerator<readonly Message[]> {
  const cursors: Cursor[] = []
  for (const queue of queues) cursors.push(await cursorOf(messages, queue, options))
  for (;;) {
    let found = false
    for (const cursor of cursors) {
      for await (const batch of readOn(messages, cursor, options)) {
        found = true
        yield batch
      }
      if (options.ended()) return
    }
    if (cursors.every(({ next, end }) => next >= end)) return
    if (!found) await pause(idleMs)
  }
}

async function cursorOf(messages: MessageAdmin, queue: MessageQueue, options: ReadOptions): Promise<Cursor> {
  const { from, to, follow, places } = options
  const max = await messages.maxOffset(queue)
  const min = await messages.minOffset(queue)
  const offsetAt = async (position: Position): Promise<number> => {
    switch (position.kind) {
      case 'earliest':
        return min
      case 'latest':
        return max
      case 'last':
        return Math.max(min, max - position.count)
      case 'offset':
        return position.offset
      case 'time':
        return messages.searchOffset(queue, position.time)
    }
  }
  // where a time lies behind the last message brokers disagree: the messages' own times decide
  const endless = follow && (to === null || to.kind === 'time' || to.kind === 'offset')
  const end =
    to === null || to.kind === 'time' ? max : to.kind === 'offset' ? to.offset + 1 : await offsetAt(to)
  const left = places?.nextOffset(queue) ?? null
  // one behind the end is that of a topic that has been deleted and made again
  const begins = left === null || left > max
  const next = Math.max(min, begins ? await offsetAt(from) : left)
  if (begins) await places?.passed(queue, next)
  return {
    queue,
    next,
    end: endless ? (to?.kind === 'offset' ? to.offset + 1 : Infinity) : Math.min(end, max),
    storedFrom: from.kind === 'time' ? from.time : -Infinity,
    storedTo: to?.kind === 'time' ? to.time : Infinity,
  }
}

/** From the cursor to the end there is now. */
async function* readOn(
  messages: MessageAdmin,
  cursor: Cursor,
  { filter, group, places, ended }: ReadOptions,
): AsyncGenerator<readonly Message[]> {
  const options = { ...filter, lazily: true, ...(group !== undefined && { group }) }
  while (cursor.next < cursor.end && !ended()) {
    const maxMsgNums = Math.min(pullMax, cursor.end - cursor.next)
    const result = await messages.pull(cursor.queue, cursor.next, { ...options, maxMsgNums })
    const batch: Message[] = []
    let isOver = false as boolean
    for (const message of result.messages) {
      const { queueOffset, storeTimestamp } = message
      if (queueOffset >= cursor.end) break
      if (storeTimestamp > cursor.storedTo) {
        isOver = true
        cursor.end = cursor.next
        break
      }
      cursor.next = queueOffset + 1
      if (storeTimestamp >= cursor.storedFrom) batch.push(message)
    }
    if (batch.length > 0) yield batch
    if (isOver) return
    const stuck = result.nextBeginOffset <= cursor.next && result.messages.length === 0
    if (result.status === 'NO_NEW_MSG' || stuck) return
    cursor.next = Math.max(cursor.next, result.nextBeginOffset)
    await places?.passed(cursor.queue, cursor.next)
  }
}

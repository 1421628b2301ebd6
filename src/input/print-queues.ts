import type { MessageAdmin } from '../core/client/admin.ts'
import type { Message, PullStatus } from '../core/model/message.ts'
import type { MessageQueue } from '../core/model/queue.ts'

export interface PrintRange {
  readonly queue: MessageQueue
  readonly first: number
  /** Behind the last one. */
  readonly end: number
}

/** Store times, epoch ms; mqadmin's -b and -e. */
export interface PrintTimes {
  readonly beginTimestamp?: number | undefined
  readonly endTimestamp?: number | undefined
}

/** DefaultMQPullConsumer's batch */
const pullMax = 32

/** From the first message to the last, or what lies between two times. */
export async function printRange(
  messages: MessageAdmin,
  queue: MessageQueue,
  { beginTimestamp, endTimestamp }: PrintTimes,
): Promise<PrintRange> {
  const [min, max] = [await messages.minOffset(queue), await messages.maxOffset(queue)]
  return {
    queue,
    first: beginTimestamp === undefined ? min : await messages.searchOffset(queue, beginTimestamp),
    end: endTimestamp === undefined ? max : await messages.searchOffset(queue, endTimestamp),
  }
}

export type Printed =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'status'; readonly status: PullStatus; readonly offset: number }

/** PrintMessageSubCommand's loop: batches as brokers give them, and what they say where they give none. */
export async function* printed(
  messages: MessageAdmin,
  { queue, first, end }: PrintRange,
  tag: string,
): AsyncGenerator<Printed> {
  for (let offset = first; offset < end;) {
    const result = await messages.pull(queue, offset, { tag, maxMsgNums: Math.min(pullMax, end - offset) })
    const { status } = result
    offset = result.nextBeginOffset
    if (status === 'FOUND') for (const message of result.messages) yield { kind: 'message', message }
    else yield { kind: 'status', status, offset }
    if (status === 'NO_NEW_MSG' || status === 'OFFSET_ILLEGAL') return
  }
}

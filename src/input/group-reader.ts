import type { PopConsumer, PoppedMessage } from '../core/client/admin.ts'
import type { Message } from '../core/model/message.ts'

export interface GroupReadOptions {
  /** Messages wanted at most. */
  readonly countMax: number
  /** Wait for more when there is nothing. */
  readonly follow: boolean
  /** Ends the reading; checked between requests. */
  readonly ended: () => boolean
  /** Resolves when everything that was yielded has been written out. */
  readonly written: () => Promise<void>
}

/** How long a request may wait: a signal is not heard meanwhile. */
export const popWaitMs = 500

/**
 * The messages of a group, each acknowledged once it was written out: what dies before is handed out again,
 * to whoever asks next.
 */
export async function* readGroup(
  consumer: PopConsumer,
  { countMax, follow, ended, written }: GroupReadOptions,
): AsyncGenerator<Message> {
  let left = countMax
  while (left > 0 && !ended()) {
    const popped = await consumer.pop(Math.min(left, 32), follow ? popWaitMs : 0)
    if (popped.length === 0 && !follow) return
    let taken: readonly PoppedMessage[] = popped
    try {
      for (const { message } of popped) yield message
      await written()
      for (const each of popped) await consumer.ack(each)
      taken = []
      left -= popped.length
    } finally {
      // the reader went away: others need not wait for the invisible time to be over
      for (const each of taken) await consumer.renew(each, 0).catch(() => undefined)
    }
  }
}

import type { Scalars } from '../model/client-data.ts'
import type { Message } from '../model/message.ts'
import type { MessageQueue } from '../model/queue.ts'

/** DefaultMQPushConsumer.pullThresholdForQueue, pullThresholdSizeForQueue */
const messagesMax = 1000
const bytesMax = 100 * 1024 * 1024

/**
 * What a consumer holds of one queue: messages pulled and not done yet. The offset to commit is that of the
 * first of them, so one that is lost with its consumer comes again; ProcessQueue.
 */
export class ProcessQueue {
  readonly queue: MessageQueue
  /** Where to pull next. */
  nextOffset: number
  /** It belongs to another member now: what is held is finished, nothing more is pulled. */
  dropped = false
  /** What the broker was told last; null: nothing. */
  committed: number | null = null
  /** Epoch ms; 0: never. */
  lastPullTimestamp = 0
  lastConsumeTimestamp = 0
  /** By offset, which rises. */
  readonly #held = new Map<number, Message>()
  #bytes = 0

  constructor(queue: MessageQueue, nextOffset: number) {
    this.queue = queue
    this.nextOffset = nextOffset
  }

  take(messages: readonly Message[], nextOffset: number): void {
    for (const message of messages) {
      this.#held.set(message.queueOffset, message)
      this.#bytes += message.body.length
    }
    this.nextOffset = nextOffset
  }

  done(message: Message): void {
    if (this.#held.delete(message.queueOffset)) this.#bytes -= message.body.length
  }

  get full(): boolean {
    return this.#held.size >= messagesMax || this.#bytes >= bytesMax
  }

  /** The first offset that is not done. */
  get commitOffset(): number {
    for (const offset of this.#held.keys()) return offset
    return this.nextOffset
  }

  /** ProcessQueueInfo, which tools read. */
  info(): Scalars {
    const offsets = [...this.#held.keys()]
    return {
      commitOffset: this.commitOffset,
      cachedMsgMinOffset: offsets[0] ?? 0,
      cachedMsgMaxOffset: offsets.at(-1) ?? 0,
      cachedMsgCount: offsets.length,
      cachedMsgSizeInMiB: Math.floor(this.#bytes / (1024 * 1024)),
      ...{ transactionMsgMinOffset: 0, transactionMsgMaxOffset: 0, transactionMsgCount: 0 },
      ...{ locked: false, tryUnlockTimes: 0, lastLockTimestamp: 0 },
      droped: this.dropped,
      lastPullTimestamp: this.lastPullTimestamp,
      lastConsumeTimestamp: this.lastConsumeTimestamp,
    }
  }
}

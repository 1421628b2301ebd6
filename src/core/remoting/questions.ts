import { MqError } from '../errors.ts'
import type { Timers } from '../lib/clock.ts'
import { decodeReply } from './codec.ts'
import type { Connection } from './connection.ts'
import type { Command } from './frame.ts'
import type { ReplyOf, RequestName } from './requests/index.ts'

/** Called once, in a later turn for all but a question that cannot be asked. */
export type OnAnswer<N extends RequestName> = (error: MqError | null, reply: ReplyOf<N> | null) => void

/** NettyServerConfig.serverAsyncSemaphoreValue */
const openMax = 64
/** Of an answer's body: it is parsed while everyone else waits, and anybody may be who answers. */
const answerSizeMax = 4 * 1024 * 1024

interface Open {
  readonly connection: Connection
  readonly cancelTimeout: () => void
  readonly settle: (error: MqError | null, command: Command | null) => void
}

/** What a server asks its clients and has no answer to yet, by opaque. */
export class Questions {
  readonly #timers: Timers
  readonly #open = new Map<number, Open>()

  constructor(timers: Timers) {
    this.#timers = timers
  }

  /**
   * Remembers a question that is about to be sent. @returns false, and `onAnswer` has been told, when too
   * many are open: MQ_SYSTEM_BUSY. Later errors are MQ_CONSUME_MSG_TIMEOUT, and MQ_FAILED for a client that
   * has gone or whose answer cannot be read.
   */
  open<N extends RequestName>(
    connection: Connection,
    opaque: number,
    name: N,
    timeoutMs: number,
    onAnswer: OnAnswer<N>,
  ): boolean {
    if (this.#open.size >= openMax) {
      onAnswer(new MqError('MQ_SYSTEM_BUSY', `${openMax} questions to clients wait for their answers`), null)
      return false
    }
    const cancelTimeout = this.#timers.after(timeoutMs, () => {
      const why = `${connection.remoteAddress} did not answer within ${timeoutMs} ms`
      this.#settle(opaque, new MqError('MQ_CONSUME_MSG_TIMEOUT', why), null)
    })
    this.#open.set(opaque, {
      connection,
      cancelTimeout,
      settle: (error, command) => {
        if (error !== null) return onAnswer(error, null)
        let reply: ReplyOf<N>
        try {
          checkSize(command!)
          reply = decodeReply(name, command!)
        } catch (cause) {
          const why = `${connection.remoteAddress} answered with what cannot be read: ${(cause as Error).message}`
          return onAnswer(new MqError('MQ_FAILED', why, { cause }), null)
        }
        onAnswer(null, reply)
      },
    })
    return true
  }

  /** One that nobody waits for any more is dropped, and one that another client gives. */
  answered(connection: Connection, command: Command): void {
    if (this.#open.get(command.opaque)?.connection === connection) this.#settle(command.opaque, null, command)
  }

  disconnected(connection: Connection): void {
    const gone = new MqError('MQ_FAILED', `${connection.remoteAddress} has gone`)
    for (const [opaque, open] of [...this.#open])
      if (open.connection === connection) this.#settle(opaque, gone, null)
  }

  #settle(opaque: number, error: MqError | null, command: Command | null): void {
    const open = this.#open.get(opaque)
    if (open === undefined) return
    this.#open.delete(opaque)
    open.cancelTimeout()
    open.settle(error, command)
  }
}

/** @throws RangeError */
function checkSize({ body: { length } }: Command): void {
  if (length > answerSizeMax) throw new RangeError(`${length} bytes, at most ${answerSizeMax} are taken`)
}

import type { Producer, QueueChoice } from '../core/client/admin.ts'
import { MqError, type ErrorCode } from '../core/errors.ts'
import type { SendResult } from '../core/model/message.ts'
import type { Drafts } from './draft.ts'

interface Slot {
  readonly line: number | null
  error: Error | null
  result: SendResult | null
}

const linesNamedMax = 5

/**
 * Sends what it is given and yields the results in the order of the input; in flight is what the producer
 * allows.
 */
export class BulkSend {
  readonly #producer: Producer
  readonly #queue: QueueChoice | null
  readonly #interrupted: AbortSignal
  #slots: Slot[] = []
  #failed: Slot[] = []
  #sent = 0
  /** Stored, but less safely than asked for. */
  #unsafe: SendResult | null = null

  constructor(producer: Producer, queue: QueueChoice | null, interrupted: AbortSignal) {
    this.#producer = producer
    this.#queue = queue
    this.#interrupted = interrupted
  }

  /** Messages a broker has acknowledged. */
  get sent(): number {
    return this.#sent
  }

  /**
   * Stops at the first message that cannot be read or sent, waits for what is in flight, and says what was
   * sent.
   * @throws MQ_INPUT, MQ_PARTIAL, MQ_INTERRUPTED; the error of the send when nothing was sent
   */
  async *results(drafts: Drafts): AsyncGenerator<SendResult> {
    let inputError: Error | null = null
    try {
      for await (const batch of drafts) {
        for (const { line, message } of batch) {
          const room = this.#submit(line, message)
          if (room !== null) await room
          if (this.#isOver) break
        }
        yield* this.#finished()
        if (this.#isOver) break
      }
    } catch (error) {
      inputError = error as Error
    }
    await this.#producer.flush()
    yield* this.#finished()
    this.#throwIfNotWhole(inputError)
  }

  get #isOver(): boolean {
    return this.#failed.length > 0 || this.#interrupted.aborted
  }

  #submit(line: number | null, message: Parameters<Producer['submit']>[0]): Promise<void> | null {
    const slot: Slot = { line, error: null, result: null }
    this.#slots.push(slot)
    return this.#producer.submit(message, this.#queue, (error, result) => {
      slot.error = error
      slot.result = result
      if (result === null) {
        this.#failed.push(slot)
        return
      }
      this.#sent++
      if (result.sendStatus !== 'SEND_OK') this.#unsafe ??= result
    })
  }

  /** What is done from the front on; later ones wait for their turn. */
  *#finished(): Generator<SendResult> {
    let count = 0
    for (const { error, result } of this.#slots) {
      if (error === null && result === null) break
      count++
      if (result !== null) yield result
    }
    this.#slots.splice(0, count)
  }

  #throwIfNotWhole(inputError: Error | null): void {
    if (this.#failed.length > 0) throw this.#sendError()
    if (this.#interrupted.aborted) {
      throw new MqError('MQ_INTERRUPTED', `interrupted: ${countText(this.#sent)} sent`, {
        hint: 'what was sent is stored; send the rest again',
      })
    }
    if (inputError instanceof MqError) {
      const { code, message, hint } = inputError
      throw new MqError(code, `${message}; ${countText(this.#sent)} sent before`, { hint, cause: inputError })
    }
    if (inputError !== null) throw inputError
    if (this.#unsafe !== null) {
      const { sendStatus, msgId } = this.#unsafe
      throw new MqError(`MQ_${sendStatus}` as ErrorCode, `message ${msgId} was stored with ${sendStatus}`)
    }
  }

  #sendError(): Error {
    const [{ error, line }] = this.#failed as [Slot]
    const cause = error ?? new Error('not sent')
    if (line === null) return cause
    const lines = this.#failed.map((slot) => slot.line!).sort((a, b) => a - b)
    const named = lines.slice(0, linesNamedMax).join(', ')
    const more = lines.length > linesNamedMax ? ` and ${lines.length - linesNamedMax} more` : ''
    const code = this.#sent > 0 ? 'MQ_PARTIAL' : cause instanceof MqError ? cause.code : 'MQ_FAILED'
    const text = `line ${named}${more} not sent: ${cause.message}; ${countText(this.#sent)} sent`
    return new MqError(code, text, { cause, hint: 'later lines were not read; send again what was not sent' })
  }
}

function countText(count: number): string {
  return count === 1 ? '1 message' : `${count} messages`
}

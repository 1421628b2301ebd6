import type { Producer, QueueChoice } from '../core/client/admin.ts'
import { MqError, type ErrorCode } from '../core/errors.ts'
import type { NewMessage, SendResult } from '../core/model/message.ts'
import type { Drafts } from './draft.ts'
import type { FailedMessages } from './failed-messages.ts'

interface Slot {
  readonly line: number | null
  error: Error | null
  result: SendResult | null
}

const linesNamedMax = 5
/** Results that nobody took yet: more are not sent before. */
const slotsMax = 16_384

/** Wakes the one who waits; a notice given before the wait is not lost. */
class Notice {
  #given = false
  #wake: (() => void) | null = null

  notify(): void {
    if (this.#given) return
    this.#given = true
    this.#wake?.()
  }

  async wait(): Promise<void> {
    if (!this.#given) await new Promise<void>((resolve) => (this.#wake = resolve))
    this.#given = false
    this.#wake = null
  }
}

/**
 * Sends what it is given and yields the results in the order of the input; in flight is what the producer
 * allows.
 */
export class BulkSend {
  readonly #producer: Producer
  readonly #queue: QueueChoice | null
  readonly #interrupted: AbortSignal
  readonly #keepFailed: FailedMessages | null
  #slots: Slot[] = []
  #failed: Slot[] = []
  #sent = 0
  #duplicates = 0
  /** Stored, but less safely than asked for. */
  #unsafe: SendResult | null = null
  #inputError: Error | null = null
  #isRead = false
  #isAbandoned = false
  readonly #answered = new Notice()
  readonly #taken = new Notice()

  /** @param keepFailed takes what was not acknowledged, the rest is sent; null: the first failure ends it */
  constructor(
    producer: Producer,
    queue: QueueChoice | null,
    interrupted: AbortSignal,
    keepFailed: FailedMessages | null = null,
  ) {
    this.#keepFailed = keepFailed
    this.#producer = producer
    this.#queue = queue
    this.#interrupted = interrupted
  }

  /** Messages a broker has acknowledged. */
  get sent(): number {
    return this.#sent
  }

  /** Of those, what was not stored since it had been: its dedup key says so. */
  get duplicates(): number {
    return this.#duplicates
  }

  /**
   * Stops at the first message that cannot be read or sent, waits for what is in flight, and says what was
   * sent.
   * A result comes as soon as it is there, also while the input pauses.
   * @throws MQ_INPUT, MQ_PARTIAL, MQ_INTERRUPTED; the error of the send when nothing was sent
   */
  async *results(drafts: Drafts): AsyncGenerator<readonly SendResult[]> {
    const reading = this.#read(drafts)
    try {
      while (!this.#isRead || this.#slots.length > 0) {
        const finished = this.#finished()
        if (finished.length > 0) yield finished
        this.#taken.notify()
        await this.#answered.wait()
      }
      await reading
    } finally {
      // who stopped taking results gets no more messages sent, but those in flight are
      this.#isAbandoned = true
      this.#taken.notify()
      await this.#producer.flush()
    }
    this.#throwIfNotWhole()
  }

  async #read(drafts: Drafts): Promise<void> {
    try {
      for await (const batch of drafts) {
        for (const { line, message } of batch) {
          if (this.#isOver) break
          const room = this.#submit(line, message)
          if (room !== null) await room
        }
        while (this.#slots.length > slotsMax && !this.#isOver) await this.#taken.wait()
        if (this.#isOver) break
      }
    } catch (error) {
      this.#inputError = error as Error
    }
    await this.#producer.flush()
    this.#isRead = true
    this.#answered.notify()
  }

  get #isOver(): boolean {
    const failed = this.#failed.length > 0 && this.#keepFailed === null
    return failed || this.#interrupted.aborted || this.#isAbandoned || this.#inputError !== null
  }

  #submit(line: number | null, message: NewMessage): Promise<void> | null {
    const slot: Slot = { line, error: null, result: null }
    this.#slots.push(slot)
    return this.#producer.submit(message, this.#queue, (error, result) => {
      this.#answered.notify()
      slot.error = error
      slot.result = result
      if (result === null) {
        if (this.#keepFailed === null || this.#failed.length === 0) this.#failed.push(slot)
        this.#keep(message)
        return
      }
      this.#sent++
      if (result.duplicate === true) this.#duplicates++
      if (result.sendStatus !== 'SEND_OK') this.#unsafe ??= result
    })
  }

  /** Whoever answers has others to answer: it must not hear of a full disk. */
  #keep(message: NewMessage): void {
    try {
      this.#keepFailed?.add(message)
    } catch (error) {
      this.#inputError ??= error as Error
    }
  }

  /** What is done from the front on; later ones wait for their turn. */
  #finished(): readonly SendResult[] {
    const results: SendResult[] = []
    let count = 0
    for (const { error, result } of this.#slots) {
      if (error === null && result === null) break
      count++
      if (result !== null) results.push(result)
    }
    this.#slots.splice(0, count)
    return results
  }

  #throwIfNotWhole(): void {
    const inputError = this.#inputError
    if (inputError === null && !this.#interrupted.aborted) this.#keepFailed?.inputEnded()
    const keptThem = this.#keepFailed !== null && (this.#interrupted.aborted || inputError !== null)
    if (this.#failed.length > 0 && !keptThem) throw this.#sendError()
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
    if (this.#keepFailed !== null) {
      const { count, again } = this.#keepFailed
      const text = `${countText(count)} not sent, ${this.#sent} sent; the first: ${cause.message}`
      const hint = `send them again with \`${again}\``
      return new MqError('MQ_PARTIAL', text, { cause, hint })
    }
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

import type { Producer, QueueChoice } from '../core/client/admin.ts'
import type { AtomicSend } from '../core/client/transaction-admin.ts'
import { MqError } from '../core/errors.ts'
import type { NewMessage } from '../core/model/message.ts'
import type { Drafts } from './draft.ts'

export interface AtomicSent {
  readonly topic: string
  readonly atomicId: string
  /** Messages. */
  readonly count: number
}

interface Failure {
  readonly error: Error
  readonly line: number | null
}

/**
 * Sends all of its input, or nothing: each message is stored, and seen by nobody until the last one is. A
 * process that dies before leaves messages that are never seen, and given up after three days.
 */
export class AtomicBulk {
  readonly #send: AtomicSend
  readonly #producer: Producer
  readonly #queue: QueueChoice
  readonly #interrupted: AbortSignal
  #acknowledged = 0
  #failure: Failure | null = null

  constructor(send: AtomicSend, producer: Producer, queueId: number | undefined, interrupted: AbortSignal) {
    this.#send = send
    this.#producer = producer
    this.#queue = { brokerName: send.brokerName, ...(queueId !== undefined && { queueId }) }
    this.#interrupted = interrupted
  }

  /** Messages a broker has acknowledged, for a person who waits. */
  get sent(): number {
    return this.#acknowledged
  }

  /** @throws MQ_INPUT, MQ_INTERRUPTED, the error of a send: nothing was sent then */
  async *result(topic: string, drafts: Drafts): AsyncGenerator<AtomicSent> {
    const { atomicId } = this.#send
    try {
      await this.#readAll(drafts)
    } catch (error) {
      await this.#giveUp()
      throw nothingSent(error as Error)
    }
    if (this.#interrupted.aborted || this.#failure !== null) {
      await this.#giveUp()
      throw this.#interrupted.aborted ? interruption() : sendError(this.#failure!)
    }
    if (this.#acknowledged > 0) await this.#send.commit(this.#acknowledged)
    yield { topic, atomicId, count: this.#acknowledged }
  }

  async #readAll(drafts: Drafts): Promise<void> {
    try {
      for await (const batch of drafts) {
        for (const { line, message } of batch) {
          if (this.#isOver) return
          await this.#submit(line, message)
        }
      }
    } finally {
      await this.#producer.flush()
    }
  }

  get #isOver(): boolean {
    return this.#failure !== null || this.#interrupted.aborted
  }

  #submit(line: number | null, message: NewMessage): Promise<void> | null {
    const half = { ...message, transaction: true, atomicId: this.#send.atomicId }
    return this.#producer.submit(half, this.#queue, (error) => {
      if (error === null) this.#acknowledged++
      else this.#failure ??= { error, line }
    })
  }

  /** What cannot be rolled back now is given up by the broker: it is never seen either way. */
  async #giveUp(): Promise<void> {
    await this.#send.rollback().catch(() => undefined)
  }
}

const nothing = 'nothing was sent'
const again = 'mend the input and send all of it again'

function nothingSent(error: Error): Error {
  if (!(error instanceof MqError)) return interruptionOf(error)
  return new MqError(error.code, `${error.message}; ${nothing}`, { hint: again, cause: error })
}

/** A stream that is aborted throws. */
function interruptionOf(error: Error): Error {
  return error.name === 'AbortError' ? interruption() : error
}

function interruption(): MqError {
  return new MqError('MQ_INTERRUPTED', `interrupted: ${nothing}`, { hint: 'send all of it again' })
}

function sendError({ error, line }: Failure): Error {
  const where = line === null ? '' : `line ${line} not sent: `
  const code = error instanceof MqError ? error.code : 'MQ_FAILED'
  const hint = error instanceof MqError ? error.hint : again
  return new MqError(code, `${where}${error.message}; ${nothing}`, { hint, cause: error })
}

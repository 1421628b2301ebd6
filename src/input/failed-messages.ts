import { isUtf8 } from 'node:buffer'
import { closeSync, openSync, writeSync } from 'node:fs'
import { MqError } from '../core/errors.ts'
import type { NewMessage } from '../core/model/message.ts'

/** Messages no broker acknowledged, in a file that `sendMessage --ndjson` reads; made at the first one. */
export class FailedMessages {
  readonly path: string
  #descriptor: number | null = null
  #count = 0

  constructor(path: string) {
    this.path = path
  }

  get count(): number {
    return this.#count
  }

  /** @throws MQ_FAILED when the file cannot be written */
  add(message: NewMessage): void {
    try {
      this.#descriptor ??= openSync(this.path, 'w')
      writeSync(this.#descriptor, `${JSON.stringify(lineOf(message))}\n`)
    } catch (error) {
      throw new MqError('MQ_FAILED', `${this.path} cannot be written: ${(error as Error).message}`, {
        hint: 'a message was not sent, and is not in the file either',
        cause: error,
      })
    }
    this.#count++
  }

  close(): Promise<void> {
    if (this.#descriptor !== null) closeSync(this.#descriptor)
    this.#descriptor = null
    return Promise.resolve()
  }
}

/** The fields that ndjson-drafts reads; the topic is that of the command. */
function lineOf({ body, ...fields }: NewMessage): object {
  const rest: Partial<NewMessage> = { ...fields }
  delete (rest as { topic?: string }).topic
  return isUtf8(body)
    ? { body: body.toString('utf8'), ...rest }
    : { bodyBase64: body.toString('base64'), ...rest }
}

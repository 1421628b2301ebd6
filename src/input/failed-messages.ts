import { isUtf8 } from 'node:buffer'
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { descriptorStat } from './descriptor-stat.ts'
import { MqError } from '../core/errors.ts'
import type { NewMessage } from '../core/model/message.ts'
import { Property } from '../core/model/properties.ts'

/**
 * Messages no broker acknowledged, in a file that `sendMessage --ndjson` reads, behind what it has already:
 * an earlier run's are not lost. When the file is standard input itself, what is left of it replaces it, once
 * all of it was read.
 */
export class FailedMessages {
  /** A command that sends them. */
  readonly again: string
  readonly #path: string
  readonly #isInput: boolean
  readonly #descriptor: number
  #wasEmpty = false
  #isWhole = false
  #isOpen = true
  #count = 0

  /**
   * @param command sends them, when it gets the file as its input
   * @throws MQ_FAILED when the file cannot be written: before anything is sent
   */
  constructor(path: string, command: string) {
    this.#path = path
    this.again = `${command} < ${path}`
    try {
      const descriptor = openSync(path, 'a')
      this.#isInput = isStandardInput(descriptor)
      if (this.#isInput) closeSync(descriptor)
      this.#descriptor = this.#isInput ? openSync(this.#leftPath, 'w') : descriptor
      this.#wasEmpty = descriptorStat(this.#descriptor).size === 0n
    } catch (error) {
      throw new MqError('MQ_FAILED', `${path} cannot be written: ${(error as Error).message}`, {
        hint: 'nothing was sent; name a file in a folder that can be written',
        cause: error,
      })
    }
  }

  get count(): number {
    return this.#count
  }

  /** @throws MQ_FAILED when the file cannot be written */
  add(message: NewMessage): void {
    try {
      writeSync(this.#descriptor, `${JSON.stringify(lineOf(message))}\n`)
    } catch (error) {
      throw new MqError('MQ_FAILED', `${this.#path} cannot be written: ${(error as Error).message}`, {
        hint: 'a message was not sent, and is not in the file either',
        cause: error,
      })
    }
    this.#count++
  }

  /** All of the input was read. */
  inputEnded(): void {
    this.#isWhole = true
  }

  close(): Promise<void> {
    if (!this.#isOpen) return Promise.resolve()
    this.#isOpen = false
    closeSync(this.#descriptor)
    if (this.#isInput) this.#replaceInput()
    else if (this.#count === 0 && this.#wasEmpty) rmSync(this.#path)
    return Promise.resolve()
  }

  /** Of an input that was not read to its end the file still has all, sent or not. */
  #replaceInput(): void {
    if (this.#isWhole && this.#count > 0) {
      renameSync(this.#leftPath, this.#path)
      return
    }
    rmSync(this.#leftPath)
    if (this.#isWhole) rmSync(this.#path)
  }

  get #leftPath(): string {
    return `${this.#path}.left`
  }
}

function isStandardInput(descriptor: number): boolean {
  const [file, input] = [descriptorStat(descriptor), descriptorStat(0)]
  return file.dev === input.dev && file.ino === input.ino
}

/** The fields that ndjson-drafts reads; the topic and what all have alike are in the command. */
function lineOf(message: NewMessage): object {
  const { body, tag, keys, properties: own, uniqueKey, shardingKey, dedupKey, delayLevel, delayMs } = message
  const deliverAt = delayMs === undefined ? message.deliverAt : Date.now() + delayMs
  const properties = uniqueKey === undefined ? own : { ...own, [Property.uniqueKey]: uniqueKey }
  const fields = { tag, keys, properties, shardingKey, dedupKey, delayLevel, deliverAt }
  return isUtf8(body)
    ? { body: body.toString('utf8'), ...fields }
    : { bodyBase64: body.toString('base64'), ...fields }
}

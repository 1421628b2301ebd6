import { MqError } from '../core/errors.ts'
import type { NewMessage } from '../core/model/message.ts'
import { breaksProperties } from '../core/model/properties.ts'

/** A message read from the input, and where it stood. */
export interface Draft {
  /** Line of the input, from 1; null where there are no lines. */
  readonly line: number | null
  readonly message: NewMessage
}

/** Messages that arrived together. */
export type Drafts = AsyncIterable<readonly Draft[]> | Iterable<readonly Draft[]>

/** Messages of a batch that is read one by one; the good ones before a bad one are sent before it is told. */
export async function* draftsOf<I>(
  batches: AsyncIterable<readonly I[]>,
  read: (item: I) => Draft | null,
): AsyncGenerator<readonly Draft[]> {
  for await (const batch of batches) {
    const drafts: Draft[] = []
    try {
      for (const item of batch) {
        const draft = read(item)
        if (draft !== null) drafts.push(draft)
      }
    } catch (error) {
      yield drafts
      throw error
    }
    yield drafts
  }
}

/** An error in the input, with its line. */
export function inputError(line: number | null, message: string, hint?: string): MqError {
  const where = line === null ? '' : `line ${line}: `
  return new MqError('MQ_INPUT', where + message, hint === undefined ? {} : { hint })
}

const blankOrControl = /[\s\p{Cc}]/u

/** RocketMQ joins keys with blanks, so a key with a blank would become two. @throws MQ_INPUT */
export function checkedKey(key: string, line: number | null): string {
  if (key === '') throw inputError(line, 'a key is empty')
  if (blankOrControl.test(key)) {
    throw inputError(line, `key ${JSON.stringify(key)} has a blank or control character`)
  }
  return key
}

/** Tags, property names and values travel in one string that has no escapes. @throws MQ_INPUT */
export function checkedText(text: string, what: string, line: number | null): string {
  if (breaksProperties(text)) {
    throw inputError(line, `${what} ${JSON.stringify(text)} has a control character (0x01 or 0x02)`)
  }
  return text
}

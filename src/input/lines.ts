import type { Readable } from 'node:stream'
import { MqError } from '../core/errors.ts'
import { limits } from '../core/model/limits.ts'

export interface Line {
  /** From 1. */
  readonly number: number
  /** Without the line feed; everything else as it was, a carriage return too. */
  readonly bytes: Buffer
  /** False for what stands after the last line feed. */
  readonly ended: boolean
}

/** A line longer than a frame could not be sent anyway, and must not fill the memory. */
const lineSizeMax = limits.frameSizeMax

const lineFeed = 0x0a
/** What `find -print0` puts between names. */
export const nul = 0x00

/** The lines of a stream, those of one chunk at a time: an await a line would cost more than the line. */
export async function* readLines(stream: Readable, delimiter = lineFeed): AsyncGenerator<readonly Line[]> {
  let number = 1
  let carried: Buffer[] = []
  let carriedSize = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const lines: Line[] = []
    let start = 0
    for (let end = chunk.indexOf(delimiter); end !== -1; end = chunk.indexOf(delimiter, start)) {
      const rest = chunk.subarray(start, end)
      const bytes = carried.length === 0 ? rest : Buffer.concat([...carried, rest])
      lines.push({ number: number++, bytes, ended: true })
      carried = []
      carriedSize = 0
      start = end + 1
    }
    if (lines.length > 0) yield lines
    if (start < chunk.length) {
      carried.push(chunk.subarray(start))
      carriedSize += chunk.length - start
    }
    if (carriedSize > lineSizeMax) {
      throw new MqError('MQ_INPUT', `line ${number}: longer than ${lineSizeMax} bytes`)
    }
  }
  if (carriedSize > 0) yield [{ number, bytes: Buffer.concat(carried), ended: false }]
}

/** A whole stream as one body. @throws MQ_INPUT when it is longer than any frame */
export async function readWhole(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    if (size > limits.frameSizeMax) {
      throw new MqError('MQ_INPUT', `stdin is longer than ${limits.frameSizeMax} bytes, more than one body`, {
        hint: 'send it in parts: --lines makes every line a message',
      })
    }
  }
  return Buffer.concat(chunks)
}

import { isUtf8 } from 'node:buffer'
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

/** Likewise, where it lies in what came with it. */
export class TextLine {
  readonly number: number
  readonly source: Buffer
  readonly at: number
  readonly end: number
  readonly ended: boolean
  readonly isUtf8: boolean

  constructor(number: number, source: Buffer, at: number, end: number, ended: boolean, isText: boolean) {
    this.number = number
    this.source = source
    this.at = at
    this.end = end
    this.ended = ended
    this.isUtf8 = isText
  }

  /** Null: it is not UTF-8. */
  get text(): string | null {
    return this.isUtf8 ? this.source.toString('utf8', this.at, this.end) : null
  }
}

/** A line longer than a frame could not be sent anyway, and must not fill the memory. */
const lineSizeMax = limits.frameSizeMax

const lineFeed = 0x0a
/** What `find -print0` puts between names. */
export const nul = 0x00

/** The lines of a stream, those of one chunk at a time: an await a line would cost more than the line. */
export function readLines(stream: Readable, delimiter = lineFeed): AsyncGenerator<readonly Line[]> {
  return linesOf(stream, delimiter, (bytes, number, ended) => cutBytes(bytes, number, ended, delimiter))
}

/** The same as text: that it is some is seen of a chunk at once. */
export function readTextLines(stream: Readable): AsyncGenerator<readonly TextLine[]> {
  return linesOf(stream, lineFeed, cutText)
}

/** @param cut makes lines of bytes that begin and end with one; `number` is the first one's */
async function* linesOf<L>(
  stream: Readable,
  delimiter: number,
  cut: (bytes: Buffer, number: number, ended: boolean) => readonly L[],
): AsyncGenerator<readonly L[]> {
  let number = 1
  let carried: Buffer[] = []
  let carriedSize = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const end = chunk.lastIndexOf(delimiter) + 1
    if (end > 0) {
      const whole = chunk.subarray(0, end)
      const lines = cut(carriedSize === 0 ? whole : Buffer.concat([...carried, whole]), number, true)
      number += lines.length
      carried = []
      carriedSize = 0
      yield lines
    }
    if (end < chunk.length) {
      carried.push(chunk.subarray(end))
      carriedSize += chunk.length - end
    }
    if (carriedSize > lineSizeMax) {
      throw new MqError('MQ_INPUT', `line ${number}: longer than ${lineSizeMax} bytes`)
    }
  }
  if (carriedSize > 0) yield cut(Buffer.concat(carried), number, false)
}

function cutBytes(bytes: Buffer, first: number, ended: boolean, delimiter: number): Line[] {
  if (!ended) return [{ number: first, bytes, ended }]
  const lines: Line[] = []
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(delimiter, start)
    lines.push({ number: first + lines.length, bytes: bytes.subarray(start, end), ended })
    start = end + 1
  }
  return lines
}

function cutText(bytes: Buffer, first: number, ended: boolean): TextLine[] {
  const allUtf8 = isUtf8(bytes)
  if (!ended) return [new TextLine(first, bytes, 0, bytes.length, ended, allUtf8)]
  const lines: TextLine[] = []
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(lineFeed, start)
    const isText = allUtf8 || isUtf8(bytes.subarray(start, end))
    lines.push(new TextLine(first + lines.length, bytes, start, end, ended, isText))
    start = end + 1
  }
  return lines
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

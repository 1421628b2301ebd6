import { Readable } from 'node:stream'
import { MqError } from '../core/errors.ts'
import { limits } from '../core/model/limits.ts'
import { checkedKey, checkedText, inputError, type Draft } from './draft.ts'
import type { Later } from './send-later.ts'

export interface CsvColumns {
  readonly topic: string
  /** Columns whose cells are key and tag; an empty cell is none. */
  readonly key?: string
  readonly tag?: string
  readonly later?: Later
  readonly transaction?: boolean
}

interface CsvRow {
  readonly record: Readonly<Record<string, string>>
  /** `lines`: lines read so far, the row's own included. */
  readonly info: { readonly lines: number }
}

/** A message a row below the header: its body is the row as a JSON object, column to text. */
export async function* csvDrafts(stream: Readable, columns: CsvColumns): AsyncGenerator<readonly Draft[]> {
  const { parse } = await import('csv-parse')
  const parser = parse({
    bom: true,
    columns: (header: string[]) => checkedHeader(header, columns),
    info: true,
    skip_empty_lines: true,
    max_record_size: limits.frameSizeMax,
  })
  const source = Readable.from(decoded(stream))
  source.on('error', (error) => parser.destroy(error)).pipe(parser)
  try {
    for await (const row of parser as AsyncIterable<CsvRow>) yield [toDraft(row, columns)]
  } catch (error) {
    throw asInputError(error)
  }
}

/** A replacement character in place of a wrong byte would be a loss nobody sees. */
async function* decoded(stream: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let size = 0
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      yield decoder.decode(chunk, { stream: true })
      size += chunk.length
    }
    yield decoder.decode()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw inputError(null, `not UTF-8, after ${size} bytes`)
  }
}

function checkedHeader(header: readonly string[], { key, tag }: CsvColumns): string[] {
  const twice = header.find((name, i) => header.indexOf(name) !== i)
  if (twice !== undefined) throw inputError(1, `two columns are named "${twice}"`)
  for (const wanted of [key, tag]) {
    if (wanted === undefined || header.includes(wanted)) continue
    throw inputError(1, `no column "${wanted}"`, `columns: ${header.join(', ')}`)
  }
  return [...header]
}

function toDraft({ record, info: { lines: line } }: CsvRow, columns: CsvColumns): Draft {
  const key = columns.key === undefined ? '' : record[columns.key]!
  const tag = columns.tag === undefined ? '' : record[columns.tag]!
  return {
    line,
    message: {
      ...columns.later,
      ...(columns.transaction === true && { transaction: true }),
      topic: columns.topic,
      body: Buffer.from(JSON.stringify(record)),
      ...(key !== '' && { keys: [checkedKey(key, line)] }),
      ...(tag !== '' && { tag: checkedText(tag, 'tag', line) }),
    },
  }
}

/** csv-parse's errors name their line in the text and carry it as `lines`. */
function asInputError(error: unknown): unknown {
  if (error instanceof MqError || !(error instanceof Error) || !('lines' in error)) return error
  const line = typeof error.lines === 'number' ? error.lines : null
  return inputError(line, error.message.replace(/:? (on|at) line \d+\b/, ''))
}

import type { Target } from '../core/client/admin.ts'
import { fieldNamed, pickFields, shownColumns, type ShownColumn } from './columns.ts'
import type { Format } from './format.ts'
import { envelopeVersion, type JsonObject } from './json.ts'
import { formatLine } from './printf.ts'
import type { Sink } from './sink.ts'
import { compileTemplate } from './template.ts'
import { batchesOf, type View } from './view.ts'

export interface RenderOptions {
  readonly format: Format
  /** What --columns names. */
  readonly columns: readonly string[] | null
  readonly headers: boolean
  /** Goes into the envelope of `json`; null where a command has none. */
  readonly target: Target | null
}

type Renderer = <T>(view: View<T>, options: RenderOptions, sink: Sink) => Promise<void>

/** Writes a view in a format; memory does not grow with the number of items, `wide` and footers excepted. */
export const render: Renderer = (view, options, sink) => {
  switch (options.format.kind) {
    case 'table':
      return renderPlain(view, options, sink)
    case 'wide':
      return renderWide(view, options, sink)
    case 'json':
      return view.shape === 'one' ? renderOne(view, options, sink) : renderList(view, options, sink)
    case 'ndjson':
    case 'template':
    case 'quiet':
      return renderLines(view, options, sink)
  }
}

const renderPlain: Renderer = async (view, options, sink) => {
  if (view.intro !== undefined) await sink.write(view.intro)
  return view.table.kind === 'text' && options.columns === null
    ? renderText(view, options, sink)
    : renderTable(view, options, sink)
}

const renderText: Renderer = async (view, _options, sink) => {
  if (view.table.kind !== 'text') return
  const { table } = view
  for await (const batch of batchesOf(view.items)) {
    for (const item of batch) {
      const full = sink.write(table.item(item))
      if (full !== null) await full
    }
  }
  const end = view.table.end?.()
  if (end !== undefined) await sink.write(end)
}

/** The header comes with the first row: what fails before it prints nothing, as mqadmin. */
const renderTable: Renderer = async <T>(view: View<T>, options: RenderOptions, sink: Sink) => {
  const columns = shownColumns(view, options.columns)
  const rows = columns.map(({ row }) => row)
  const { table } = view
  const footer = table.kind === 'columns' && options.columns === null ? table.footer : undefined
  const seen: T[] = []
  let header: string | null = options.headers ? headerLine(columns) : null
  for await (const batch of batchesOf(view.items)) {
    for (const item of batch) {
      if (view.toJson(item) === null) continue
      if (footer !== undefined) seen.push(item)
      const cells = columns.map((column) => column.cell(item))
      await sink.write(`${header ?? ''}${leftmost(formatLine(rows, cells), rows[0]?.gap ?? '')}\n`)
      header = null
    }
  }
  await sink.write((header ?? '') + (footer?.(seen) ?? ''))
}

function headerLine<T>(columns: readonly ShownColumn<T>[]): string {
  const pieces = columns.map(({ header }) => header)
  const titles = columns.map(({ title }) => title)
  return leftmost(formatLine(pieces, titles), pieces[0]?.gap ?? '') + '\n'
}

/** A column that --columns moved to the front keeps no gap before it. */
function leftmost(line: string, gap: string): string {
  return line.slice(gap.length)
}

const renderWide: Renderer = async (view, options, sink) => {
  const { default: Table } = await import('cli-table3')
  const columns = shownColumns(view, options.columns)
  const heads = options.headers ? { head: columns.map(({ title }) => title.replace(/^#/, '')) } : {}
  const table = new Table({ ...heads, style: { head: [], border: [] } })
  for await (const batch of batchesOf(view.items)) {
    for (const item of batch) {
      if (view.toJson(item) !== null) table.push(columns.map((column) => column.cell(item)))
    }
  }
  await sink.write(table.toString() + '\n')
}

const renderOne: Renderer = async (view, options, sink) => {
  const fields = jsonFields(view, options)
  for await (const batch of batchesOf(view.items)) {
    for (const item of batch) {
      const json = view.toJson(item)
      if (json !== null)
        await sink.write(pretty({ ...envelope(options), ...pickFields(json, fields) }) + '\n')
    }
  }
}

/**
 * What fails before its first item prints nothing; what fails later leaves a whole document of what was done.
 */
const renderList: Renderer = async (view, options, sink) => {
  const fields = jsonFields(view, options)
  const begin = `${pretty(envelope(options)).slice(0, -'\n}'.length)},\n  "items": [`
  let written = false
  try {
    for await (const batch of batchesOf(view.items)) {
      for (const item of batch) {
        const json = view.toJson(item)
        if (json === null) continue
        const text = pretty(pickFields(json, fields)).replace(/^/gm, '    ')
        await sink.write(`${written ? ',' : begin}\n${text}`)
        written = true
      }
    }
    if (!written) await sink.write(`${begin}]\n}\n`)
  } finally {
    if (written) await sink.write('\n  ]\n}\n')
  }
}

const renderLines: Renderer = async (view, options, sink) => {
  const pieces = piecesOf(view, options)
  for await (const batch of batchesOf(view.items)) {
    for (const piece of pieces(batch)) {
      const full = sink.write(piece)
      if (full !== null) await full
    }
  }
}

/** A write for each line would cost more than the line. */
const pieceSize = 32 * 1024

function piecesOf<T>(
  view: View<T>,
  options: RenderOptions,
): (items: readonly T[]) => Iterable<string | Buffer> {
  const writer = options.format.kind === 'ndjson' ? view.toLines?.(jsonFields(view, options)) : undefined
  if (writer !== undefined) return (items) => writer.lines(items)
  const line = lineOf(view, options)
  return function* (items) {
    let text = ''
    for (const item of items) {
      text += line(item) ?? ''
      if (text.length < pieceSize) continue
      yield text
      text = ''
    }
    if (text !== '') yield text
  }
}

function lineOf<T>(view: View<T>, options: RenderOptions): (item: T) => string | null {
  const { format } = options
  if (format.kind === 'quiet') {
    return (item) => {
      const id = view.toId(item)
      return id === null ? null : id + '\n'
    }
  }
  const fields = jsonFields(view, options)
  const text =
    format.kind === 'template'
      ? compileTemplate(format.template, view.fields)
      : (json: JsonObject) => JSON.stringify(pickFields(json, fields)) + '\n'
  return (item) => {
    const json = view.toJson(item)
    return json === null ? null : text(json)
  }
}

function envelope({ target }: RenderOptions): JsonObject {
  return target === null ? { version: envelopeVersion } : { version: envelopeVersion, target: { ...target } }
}

function jsonFields<T>(view: View<T>, { columns }: RenderOptions): readonly string[] | null {
  return columns === null ? null : columns.map((name) => fieldNamed(view, name))
}

function pretty(value: JsonObject): string {
  return JSON.stringify(value, null, 2)
}

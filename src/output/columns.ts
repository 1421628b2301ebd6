import { MqError } from '../core/errors.ts'
import type { Json, JsonObject } from './json.ts'
import { parsePieces, type Piece } from './printf.ts'
import type { Column, View } from './view.ts'

/** A column that is going to be printed. */
export interface ShownColumn<T> {
  readonly title: string
  readonly field: string
  readonly header: Piece
  readonly row: Piece
  cell(item: T): string
}

const plainWidthMin = 12

/** The columns of a table: mqadmin's, or those that --columns names. @throws MQ_USAGE for an unknown one */
export function shownColumns<T>(view: View<T>, names: readonly string[] | null): readonly ShownColumn<T>[] {
  const own = ownColumns(view)
  if (names === null && own.length > 0) return own
  const wanted = names ?? view.wide ?? view.fields
  return wanted.map((name) => {
    const column = own.find(({ field, title }) => sameName(name, field) || sameName(name, title))
    return column ?? plainColumn(view, fieldNamed(view, name))
  })
}

/** @throws MQ_USAGE */
export function fieldNamed<T>(view: View<T>, name: string): string {
  const field = view.fields.find((known) => sameName(name, known))
  if (field !== undefined) return field
  throw new MqError('MQ_USAGE', `unknown column "${name}"`, { hint: `columns: ${view.fields.join(', ')}` })
}

function sameName(asked: string, known: string): boolean {
  return asked.toLowerCase() === known.replace(/^#/, '').toLowerCase()
}

function ownColumns<T>(view: View<T>): readonly ShownColumn<T>[] {
  const { table } = view
  if (table.kind === 'text') return []
  const headers = parsePieces(table.headerFormat)
  const rows = parsePieces(table.rowFormat)
  return table.columns.map((column: Column<T>, i) => ({
    title: column.title,
    field: column.field,
    header: headers[i]!,
    row: rows[i]!,
    cell: (item) => String(column.cell(item) ?? ''),
  }))
}

function plainColumn<T>(view: View<T>, field: string): ShownColumn<T> {
  const title = `#${field}`
  const piece = { gap: '  ', width: Math.max(title.length, plainWidthMin), left: true }
  return { title, field, header: piece, row: piece, cell: (item) => plainText(view.toJson(item)?.[field]) }
}

/** A value as a person or a template prints it: nothing for null, lists with blanks between. */
export function plainText(value: Json | undefined): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map((one: Json) => plainText(one)).join(' ')
  return JSON.stringify(value)
}

/** The fields of an item that --columns left. */
export function pickFields(item: JsonObject, fields: readonly string[] | null): JsonObject {
  if (fields === null) return item
  return Object.fromEntries(fields.map((field) => [field, item[field]]))
}

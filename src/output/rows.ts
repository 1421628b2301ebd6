import type { Json, JsonObject } from './json.ts'
import type { Column, View } from './view.ts'

/** Items whose JSON is some of their own members. */
interface Items<T> {
  readonly fields: readonly (keyof T & string)[]
  readonly id: (item: T) => string | null
}

interface Rows<T> extends Items<T> {
  /** mqadmin's printf format of the header, and of rows where they differ. */
  readonly header: string
  readonly row?: string
  readonly columns: readonly Column<T>[]
  readonly footer?: (items: readonly T[]) => string
}

/** A list under mqadmin's columns. */
export function rowsView<T extends object>(
  items: Iterable<T> | AsyncIterable<T>,
  { fields, id, header, row = header, columns, footer }: Rows<T>,
): View<T> {
  return {
    shape: 'list',
    items,
    fields,
    toJson: (item) => pick(item, fields),
    toId: id,
    table: {
      kind: 'columns',
      headerFormat: header,
      rowFormat: row,
      columns,
      ...(footer !== undefined && { footer }),
    },
  }
}

interface Texts<T> extends Items<T> {
  readonly shape?: 'one' | 'list'
  /** Lines with their line feeds. */
  readonly text: (item: T) => string
  readonly end?: () => string
}

/** A list, or one thing, that mqadmin prints as text. */
export function textView<T extends object>(
  items: Iterable<T> | AsyncIterable<T>,
  { shape = 'list', fields, id, text, end }: Texts<T>,
): View<T> {
  return {
    shape,
    items,
    fields,
    toJson: (item) => pick(item, fields),
    toId: id,
    table: { kind: 'text', item: text, ...(end !== undefined && { end }) },
  }
}

/** Members that are no JSON do not get here: what a view shows is data. */
function pick<T extends object>(item: T, fields: readonly (keyof T & string)[]): JsonObject {
  return Object.fromEntries(fields.map((field) => [field, (item[field] ?? null) as Json]))
}

/** `success`, which mqadmin prints without a line feed. */
export function successView(): View<{ readonly result: string }> {
  return textView([{ result: 'success' }], {
    shape: 'one',
    fields: ['result'],
    id: () => null,
    text: ({ result }) => `${result}\n`,
  })
}

import type { JsonObject } from './json.ts'

/** What a command hands back: typed items, and how each format shows them. */
export interface View<T> {
  /** `one`: its fields stand in the JSON envelope itself; `list`: under `items`. */
  readonly shape: 'one' | 'list'
  readonly items: Iterable<T> | AsyncIterable<T>
  /** Every field an item's JSON can have: what --columns and templates may name. */
  readonly fields: readonly string[]
  /** null for an item that only a person reads. */
  toJson(item: T): JsonObject | null
  /** What --quiet prints; null for nothing. */
  toId(item: T): string | null
  /** Lines above mqadmin's own output, with their line feeds. */
  readonly intro?: string
  /** mqadmin's own output. */
  readonly table: ColumnTable<T> | TextTable<T>
  /** Columns of `wide`; default: those of the table, else `fields`. */
  readonly wide?: readonly string[]
  /** Print again after this time, for ever; mqadmin's `-i`. */
  readonly repeatMs?: number
  /** The command stays until this settles, after the items were written out. */
  readonly until?: Promise<void>
}

/** Columns under mqadmin's printf formats, which differ between header and rows in places. */
export interface ColumnTable<T> {
  readonly kind: 'columns'
  /** `%-32s  %4s`: a width for each column, blanks between them. */
  readonly headerFormat: string
  readonly rowFormat: string
  readonly columns: readonly Column<T>[]
  /** Lines below the rows, with their line feeds. */
  footer?(items: readonly T[]): string
}

export interface Column<T> {
  /** As mqadmin writes it, with its `#`. */
  readonly title: string
  /** The JSON field it shows. */
  readonly field: string
  cell(item: T): string | number | boolean | null
}

/** Text that is not a table, or bytes that are none; each piece ends in its own line feed. */
export interface TextTable<T> {
  readonly kind: 'text'
  item(item: T): string | Buffer
  end?(): string
}

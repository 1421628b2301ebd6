import type { JsonObject } from './json.ts'

export type Items<T> = Iterable<T> | AsyncIterable<T> | Batches<T>

/** Items that come many at a time: an await for each would cost more than what is done with it. */
export class Batches<T> {
  readonly batches: AsyncIterable<readonly T[]>

  constructor(batches: AsyncIterable<readonly T[]>) {
    this.batches = batches
  }
}

/** Whatever the items are, as many at a time as there are. */
export async function* batchesOf<T>(items: Items<T>): AsyncGenerator<readonly T[]> {
  if (items instanceof Batches) yield* items.batches
  else if (Array.isArray(items)) yield items
  else for await (const item of items) yield [item]
}

export interface LineWriter<T> {
  /** The lines of all of them, in pieces; each is overwritten by the next. */
  lines(items: readonly T[]): Iterable<Buffer>
}

/** What a command hands back: typed items, and how each format shows them. */
export interface View<T> {
  /** `one`: its fields stand in the JSON envelope itself; `list`: under `items`. */
  readonly shape: 'one' | 'list'
  readonly items: Items<T>
  /** Every field an item's JSON can have: what --columns and templates may name. */
  readonly fields: readonly string[]
  /** null for an item that only a person reads. */
  toJson(item: T): JsonObject | null
  /**
   * Items as NDJSON in bytes, where that is faster than `toJson` and gives the same.
   * @param fields what --columns names; null: all
   */
  toLines?(fields: readonly string[] | null): LineWriter<T>
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

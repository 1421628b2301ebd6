/**
 * The words of the request table. A row says everything about one request: codecs, dispatch, types, the
 * `ro`/`rw` of a command's help and docs/protocol.md derive from it; nothing is written twice.
 *
 * Absent is absent on every path: a field marked `opt` has no default here, since the loopback never decodes
 * and would not apply it. Handlers say `?? value` where Java has a default.
 */

export interface FieldTypes {
  str: string
  i32: number
  i64: number
  bool: boolean
}
export type FieldKind = keyof FieldTypes

export interface Field<K extends FieldKind = FieldKind, Required extends boolean = boolean> {
  readonly kind: K
  readonly required: Required
  /** Name on the wire where it is not the field's own: the single letters of SEND_MESSAGE_V2. */
  readonly wireName: string | null
  readonly about: string
}

export type Fields = Readonly<Record<string, Field>>

function field<K extends FieldKind>(kind: K, about: string): Field<K, true> {
  return { kind, required: true, wireName: null, about }
}
export const str = (about: string): Field<'str', true> => field('str', about)
export const i32 = (about: string): Field<'i32', true> => field('i32', about)
/** Decodes to a number, clamped beyond ±2^53−1; an unsafe integer is refused on encode. */
export const i64 = (about: string): Field<'i64', true> => field('i64', about)
export const bool = (about: string): Field<'bool', true> => field('bool', about)

/** Java's CFNullable, and fields without annotation. */
export function opt<K extends FieldKind>(required: Field<K>): Field<K, false> {
  return { ...required, required: false }
}

export function wire<K extends FieldKind, R extends boolean>(
  wireName: string,
  named: Field<K, R>,
): Field<K, R> {
  return { ...named, wireName }
}

export type HeaderOf<F extends Fields> = {
  readonly [N in keyof F as F[N]['required'] extends true ? N : never]: FieldTypes[F[N]['kind']]
} & {
  readonly [N in keyof F as F[N]['required'] extends true ? never : N]?: FieldTypes[F[N]['kind']] | undefined
}

/** A body as typed value and as bytes. The loopback passes the value; only the wire encodes. */
export interface Body<T> {
  readonly about: string
  /** Bytes that a server takes of it; absent: what a frame holds. Replies may be as long as they are. */
  readonly requestSizeMax?: number
  encode(value: T): Buffer
  /** @throws SyntaxError or TypeError for bytes that are no such body */
  decode(bytes: Buffer): T
  /** The same within what a server gives one request. Absent: without limits. @throws RangeError, too */
  decodeRequest?(bytes: Buffer): T
}

/** Every Body<T>, for code that walks the table. */
export interface AnyBody {
  readonly about: string
  readonly requestSizeMax?: number
  encode(value: never): Buffer
  decode(bytes: Buffer): unknown
  decodeRequest?(bytes: Buffer): unknown
}

export interface RequestSpec {
  readonly code: number
  readonly to: 'broker' | 'namesrv' | 'client'
  readonly impact: 'ro' | 'rw'
  readonly about: string
  readonly header: Fields
  readonly body?: AnyBody
  readonly reply: { readonly header?: Fields; readonly body?: AnyBody }
}

type Value<B> = B extends { decode(bytes: Buffer): infer T } ? T : undefined

export interface Call<S extends RequestSpec> {
  readonly header: HeaderOf<S['header']>
  readonly body: Value<S['body']>
}

type ReplyHeader<S extends RequestSpec> = S['reply']['header'] extends Fields
  ? HeaderOf<S['reply']['header']>
  : undefined

/** What a handler says; code 0 unless told otherwise. */
export interface Answer<S extends RequestSpec> {
  readonly code?: number
  readonly remark?: string
  readonly header?: ReplyHeader<S>
  readonly body?: Value<S['reply']['body']>
}

/** What a caller gets. Header and body may come with any code (PULL_MESSAGE), or be missing. */
export interface Reply<S extends RequestSpec> {
  readonly code: number
  readonly remark: string | null
  readonly header: ReplyHeader<S> | null
  readonly body: Value<S['reply']['body']> | null
}

/** Keeps a row's literal types. */
export function request<const S extends RequestSpec>(spec: S): S {
  return spec
}

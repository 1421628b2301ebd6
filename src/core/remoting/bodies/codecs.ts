import type { Body } from '../schema.ts'
import { formatFastjson, parseFastjson, type ParseLimits } from './fastjson.ts'

/** Bytes that mean something to store and client only: message bodies, records. */
export function bytes(about: string): Body<Buffer> {
  return { about, encode: (value) => value, decode: (value) => value }
}

/**
 * What a server parses for one request while the others wait: some 15 ms, 40 for what is made to be slow
 * (test/safety/bombs). A lock of 10,000 queues takes so much.
 */
export const parsedSizeMax = 768 * 1024
/** Whole configurations are taken over with one request: 20,000 topics. */
export const configListSizeMax = 4 * 1024 * 1024
/** 20,000 groups have 18 members each, and 20,000 topics an object of attributes each. */
const requestLimits = { values: 400_000, containers: 65_536, members: 10_000 }

/** A JSON body. `read` makes the domain's value of what was parsed, `write` the reverse. */
export function json<T>(
  about: string,
  read: (parsed: JsonObject) => T,
  write: (value: T) => unknown = (value) => value,
  requestSizeMax = parsedSizeMax,
): Body<T> {
  const decode = (body: Buffer, limits?: ParseLimits): T =>
    read(new JsonObject(parseFastjson(body.toString('utf8'), limits)))
  return {
    about,
    requestSizeMax,
    encode: (value) => Buffer.from(formatFastjson(write(value))),
    decode: (body) => decode(body),
    decodeRequest: (body) => decode(body, requestLimits),
  }
}

/**
 * A parsed object whose members are read with a type: bodies come from the network, so each access checks,
 * and a missing member is Java's default.
 */
export class JsonObject {
  readonly #members: Readonly<Record<string, unknown>>

  constructor(parsed: unknown) {
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
      throw new TypeError('not a JSON object')
    this.#members = parsed as Record<string, unknown>
  }

  text(name: string, fallback = ''): string {
    return this.has(name) ? textOf(this.#members[name], name) : fallback
  }

  textOrNull(name: string): string | null {
    return this.has(name) ? this.text(name) : null
  }

  number(name: string, fallback = 0): number {
    return this.has(name) ? numberOf(this.#members[name], name) : fallback
  }

  flag(name: string, fallback = false): boolean {
    const value = this.#members[name]
    if (value === undefined || value === null) return fallback
    return value === true || value === 'true'
  }

  object(name: string): JsonObject {
    return new JsonObject(this.#members[name] ?? {})
  }

  objects(name: string): JsonObject[] {
    return this.#list(name).map((item) => new JsonObject(item))
  }

  texts(name: string): string[] {
    return this.#list(name).map((item) => textOf(item, name))
  }

  numbers(name: string): number[] {
    return this.#list(name).map((item) => numberOf(item, name))
  }

  has(name: string): boolean {
    return this.#members[name] !== undefined && this.#members[name] !== null
  }

  get names(): string[] {
    return Object.keys(this.#members)
  }

  /** Members as text, for Map<String,String>. */
  textMap(): Record<string, string> {
    const map = Object.create(null) as Record<string, string>
    for (const name of this.names) map[name] = this.text(name)
    return map
  }

  isList(name: string): boolean {
    return Array.isArray(this.#members[name])
  }

  /** Members as they are, for beans of simple fields. */
  scalars(): Record<string, string | number | boolean> {
    const map = Object.create(null) as Record<string, string | number | boolean>
    for (const name of this.names) {
      const value = this.#members[name]
      map[name] = typeof value === 'number' || typeof value === 'boolean' ? value : this.text(name)
    }
    return map
  }

  #list(name: string): unknown[] {
    const value = this.#members[name] ?? []
    if (!Array.isArray(value)) throw new TypeError(`${name} is no list`)
    return value as unknown[]
  }
}

function textOf(value: unknown, name: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new TypeError(`${name} is no text`)
}

function numberOf(value: unknown, name: string): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number !== 'number' || Number.isNaN(number)) throw new TypeError(`${name} is no number`)
  return number
}

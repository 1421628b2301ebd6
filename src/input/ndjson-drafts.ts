import type { Readable } from 'node:stream'
import type { NewMessage } from '../core/model/message.ts'
import { keySeparator, Property } from '../core/model/properties.ts'
import { isReservedProperty } from '../core/model/reserved-properties.ts'
import { checkedKey, checkedText, draftsOf, inputError, type Draft, type Drafts } from './draft.ts'
import { readTextLines, type TextLine } from './lines.ts'
import { PlainObject } from './plain-object.ts'
import type { Later } from './send-later.ts'

/** What every message has unless its own line says otherwise. */
export interface Defaults {
  readonly topic: string
  readonly tag?: string
  readonly keys?: readonly string[]
  readonly later?: Later
  readonly transaction?: boolean
  readonly dedupWindowMs?: number
  /** A copy keeps its message's unique key. */
  readonly keepIds?: boolean
}

/**
 * One JSON object a line: `body` or `bodyBase64`, and `tag keys properties shardingKey delayLevel deliverAt`.
 * Other fields are left alone, so that what `consumeMessage -o ndjson` wrote can be sent again. Empty lines
 * are no messages.
 */
export function ndjsonDrafts(stream: Readable, defaults: Defaults): Drafts {
  return draftsOf(readTextLines(stream), (line) => readDraft(line, defaults))
}

const plain = new PlainObject()

function readDraft(read: TextLine, defaults: Defaults): Draft | null {
  const { number: line, source, at, end } = read
  if (read.isUtf8 && plain.read(source, at, end)) {
    const body = source.subarray(plain.bodyAt, plain.bodyEnd)
    return { line, message: plainMessage(body, plain.keys, plain.tag, defaults) }
  }
  const { text } = read
  if (text === null) throw inputError(line, 'not UTF-8')
  if (text.trim() === '') return null
  return { line, message: toMessage(parseObject(text, line, read.ended), line, defaults) }
}

/** What `toMessage` makes of an object without anything else. */
function plainMessage(
  body: Buffer,
  ownKeys: readonly string[] | null,
  ownTag: string | null,
  defaults: Defaults,
): NewMessage {
  const { topic, dedupWindowMs, transaction, later } = defaults
  const message: { -readonly [K in keyof NewMessage]: NewMessage[K] } = { topic, body }
  const tag = ownTag ?? defaults.tag
  const keys = ownKeys ?? defaults.keys
  if (tag !== undefined && tag !== '') message.tag = tag
  if (keys !== undefined) message.keys = keys
  if (dedupWindowMs !== undefined) message.dedupWindowMs = dedupWindowMs
  if (transaction === true) message.transaction = true
  if (later !== undefined) Object.assign(message, later)
  return message
}

function parseObject(text: string, line: number, ended: boolean): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const reason = ended ? (error as Error).message : 'the input ends in the middle of it'
    throw inputError(line, `not a JSON value: ${reason}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw inputError(line, 'not a JSON object', 'write {"body":"…"}, or use --lines for plain text')
  }
  return value as Record<string, unknown>
}

function toMessage(json: Record<string, unknown>, line: number, defaults: Defaults): NewMessage {
  const all = propertiesOf(json.properties, line)
  const tag = textOf(json, 'tag', line) ?? all[Property.tags] ?? defaults.tag
  const shardingKey = textOf(json, 'shardingKey', line) ?? all[Property.shardingKey]
  const keys = keysOf(json.keys ?? all[Property.keys], line) ?? defaults.keys
  const dedupKey = textOf(json, 'dedupKey', line)
  const delayLevel = countOf(json, 'delayLevel', line)
  const deliverAt = countOf(json, 'deliverAt', line)
  if (delayLevel !== undefined && deliverAt !== undefined)
    throw inputError(line, 'both "delayLevel" and "deliverAt"')
  const message: { -readonly [K in keyof NewMessage]: NewMessage[K] } = {
    topic: defaults.topic,
    body: bodyOf(json, line),
  }
  if (tag !== undefined && tag !== '') message.tag = tag
  if (keys !== undefined) message.keys = keys
  if (dedupKey !== undefined) message.dedupKey = checkedKey(dedupKey, line)
  if (defaults.dedupWindowMs !== undefined) message.dedupWindowMs = defaults.dedupWindowMs
  if (defaults.transaction === true) message.transaction = true
  const uniqueKey = defaults.keepIds === true ? all[Property.uniqueKey] : undefined
  if (uniqueKey !== undefined) message.uniqueKey = checkedKey(uniqueKey, line)
  if (all !== none) {
    const properties = Object.entries(all).filter(([name]) => !isReservedProperty(name))
    if (properties.length > 0) message.properties = Object.fromEntries(properties)
  }
  if (shardingKey !== undefined) message.shardingKey = shardingKey
  if (delayLevel !== undefined) message.delayLevel = delayLevel
  if (deliverAt !== undefined) message.deliverAt = deliverAt
  if (delayLevel === undefined && deliverAt === undefined) Object.assign(message, defaults.later)
  return message
}

function bodyOf({ body, bodyBase64 }: Record<string, unknown>, line: number): Buffer {
  if (body !== undefined && bodyBase64 !== undefined) {
    throw inputError(line, 'both "body" and "bodyBase64"')
  }
  if (typeof body === 'string') return Buffer.from(body)
  if (body !== undefined) {
    throw inputError(line, '"body" is not a string', 'a JSON body is a string, too: {"body":"{\\"a\\":1}"}')
  }
  if (bodyBase64 === undefined) {
    throw inputError(line, 'no "body"', 'write {"body":"…"}, or use --lines to send each line as it is')
  }
  if (typeof bodyBase64 !== 'string' || !isBase64(bodyBase64))
    throw inputError(line, '"bodyBase64" is not base64')
  return Buffer.from(bodyBase64, 'base64')
}

/** Node's decoder skips what it does not know. */
function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)
}

function textOf(json: Record<string, unknown>, field: string, line: number): string | undefined {
  const value = json[field]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw inputError(line, `"${field}" is not a string`)
  return checkedText(value, field, line)
}

function countOf(json: Record<string, unknown>, field: string, line: number): number | undefined {
  const value = json[field]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw inputError(line, `"${field}" is not a whole number`)
  }
  return value
}

/** A list, or one string with blanks between the keys as the KEYS property has them. */
function keysOf(value: unknown, line: number): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined
  const keys: unknown =
    typeof value === 'string' ? value.split(keySeparator).filter((key) => key !== '') : value
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string')) {
    throw inputError(line, '"keys" is not a list of strings')
  }
  return keys.map((key) => checkedKey(key, line))
}

const none: Readonly<Record<string, string>> = {}

function propertiesOf(value: unknown, line: number): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return none
  if (typeof value !== 'object' || Array.isArray(value))
    throw inputError(line, '"properties" is not an object')
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw inputError(line, `property "${name}" is not a string`)
    checkedText(name, 'property name', line)
    checkedText(text, `property "${name}"`, line)
  }
  return value as Record<string, string>
}

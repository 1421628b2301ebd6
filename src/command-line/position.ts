import { MqError } from '../core/errors.ts'
import { parseDuration } from './flag-kinds.ts'
import { isoTime } from './iso-time.ts'

/** A place in a queue, as a user says it. */
export type Position =
  | { readonly kind: 'earliest' }
  | { readonly kind: 'latest' }
  | { readonly kind: 'offset'; readonly offset: number }
  /** So many before the end. */
  | { readonly kind: 'last'; readonly count: number }
  /** Epoch ms, by the time messages were stored. */
  | { readonly kind: 'time'; readonly time: number }

const words: Readonly<Record<string, Position>> = {
  earliest: { kind: 'earliest' },
  begin: { kind: 'earliest' },
  latest: { kind: 'latest' },
  end: { kind: 'latest' },
}

/**
 * `earliest`, `latest` (`begin`, `end`), an offset, `-N` for the last N, `@epochMs`, `@-2h`, `@now`, or
 * `@2026-11-24T10:00` in this machine's zone unless it ends in one.
 * @throws MQ_USAGE
 */
export function parsePosition(input: string, now: number): Position {
  const text = input.trim()
  const word = Object.hasOwn(words, text.toLowerCase()) ? words[text.toLowerCase()] : undefined
  if (word !== undefined) return word
  if (text.startsWith('@')) return { kind: 'time', time: parseTime(text.slice(1), input, now) }
  const number = Number(text)
  if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(number)) throw badPosition(input)
  return text.startsWith('-') ? { kind: 'last', count: -number } : { kind: 'offset', offset: number }
}

function parseTime(text: string, input: string, now: number): number {
  if (text === 'now') return now
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text)
  if (text.startsWith('-')) return now - parseDuration(text.slice(1))
  const time = isoTime(text)
  if (time === null) throw badPosition(input)
  return time
}

function badPosition(input: string): MqError {
  return new MqError('MQ_USAGE', `"${input}" is no place in a queue`, {
    hint: 'write earliest, latest, an offset, -10 for the last 10, @-2h, @2026-11-24T10:00 or @<epoch ms>',
  })
}

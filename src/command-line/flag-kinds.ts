import { readFileSync } from 'node:fs'
import * as Flags from '@oclif/core/flags'
import { MqError } from '../core/errors.ts'
import { byteCount } from '../core/model/byte-count.ts'
import { Sql92SyntaxError } from '../core/model/sql92/lexer.ts'
import { parseWrittenSql92 } from '../core/model/sql92/parser.ts'
import { isoTime } from './iso-time.ts'

/** Flag values that mqadmin reads by a rule of its own. Bad ones are errors, where mqadmin guesses. */
export const flagKinds = {
  text: Flags.custom({ parse: (input) => Promise.resolve(input.trim()) }),
  /** `true` or `false`, in any case. */
  bool: Flags.custom<boolean>({
    parse: (input) => Promise.resolve(parseBool(input)),
    helpValue: 'true|false',
  }),
  count: Flags.custom<number, { min?: number; max?: number }>({
    parse: (input, _context, { min, max }) => Promise.resolve(parseCount(input, min, max)),
    helpValue: '<number>',
  }),
  /** Epoch ms. */
  timestamp: Flags.custom<number>({
    parse: (input) => Promise.resolve(parseTimestamp(input)),
    helpValue: '<epoch ms|yyyy-MM-dd#HH:mm:ss:SSS>',
  }),
  /** Epoch ms, of any time. */
  moment: Flags.custom<number>({
    parse: (input) => Promise.resolve(parseMoment(input)),
    helpValue: '<2026-11-24T10:00|epoch ms>',
  }),
  /** Milliseconds. */
  duration: Flags.custom<number>({
    parse: (input) => Promise.resolve(parseDuration(input)),
    helpValue: '<time>',
  }),
  /** RocketMQ's SQL92, as it is written; what it would accept and understand otherwise is refused. */
  sql92: Flags.custom({
    parse: (input) => Promise.resolve(checkSql92(input)),
    helpValue: 'SQL92',
  }),
  /** Bytes of a commit-log segment. */
  segmentSize: Flags.custom<number>({
    parse: (input) => Promise.resolve(parseSegmentSize(input)),
    helpValue: '64m',
    description:
      'bytes of a log segment where this creates the folder; default 1g, of which a new one takes none',
  }),
}

/** Of commands that may go on. */
export const intervalFlag = flagKinds.count({
  char: 'i',
  min: 1,
  max: 86_400,
  description: 'print again every so many seconds',
})

/** Of commands that destroy. */
export const yesFlag = Flags.boolean({ description: 'do it; without this nothing is deleted' })

/** A file of the user's, or `-` for standard input. @throws MQ_INPUT */
export function readTextFile(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8')
  } catch (error) {
    throw new MqError('MQ_INPUT', `${path}: ${(error as Error).message}`, { cause: error })
  }
}

function parseBool(input: string): boolean {
  const word = input.trim().toLowerCase()
  if (word !== 'true' && word !== 'false') throw new MqError('MQ_USAGE', `"${input}" is not true or false`)
  return word === 'true'
}

function parseCount(input: string, min = 0, max = Number.MAX_SAFE_INTEGER): number {
  const text = input.trim()
  const value = Number(text)
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new MqError('MQ_USAGE', `"${input}" is not a whole number`)
  }
  if (value < min || value > max) {
    const range = max === Number.MAX_SAFE_INTEGER ? `at least ${min}` : `from ${min} to ${max}`
    throw new MqError('MQ_USAGE', `${value} is out of range: ${range}`)
  }
  return value
}

const javaTime = /^(\d{4})-(\d\d?)-(\d\d?)#(\d\d?):(\d\d?):(\d\d?):(\d{1,3})$/

/** UtilAll.YYYY_MM_DD_HH_MM_SS_SSS, in this machine's zone, or epoch ms. @throws MQ_USAGE */
export function parseTimestamp(input: string): number {
  const text = input.trim()
  if (/^\d+$/.test(text)) return parseCount(text)
  const parts = javaTime.exec(text)?.slice(1).map(Number)
  if (parts === undefined) {
    throw new MqError('MQ_USAGE', `"${input}" is not a time`, {
      hint: 'write epoch milliseconds or yyyy-MM-dd#HH:mm:ss:SSS',
    })
  }
  const [year = 0, month = 1, day, hour, minute, second, millisecond] = parts
  return new Date(year, month - 1, day, hour, minute, second, millisecond).getTime()
}

/** ISO 8601, in this machine's zone unless it ends in one, or as a timestamp. */
function parseMoment(input: string): number {
  const text = input.trim()
  const time = isoTime(text)
  if (time !== null) return time
  if (/^\d+$/.test(text) || javaTime.test(text)) return parseTimestamp(input)
  throw new MqError('MQ_USAGE', `"${input}" is not a time`, {
    hint: 'write 2026-11-24T10:00, 2026-11-24T09:00Z or epoch milliseconds',
  })
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** @returns ms @throws MQ_USAGE */
export function parseDuration(input: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(input.trim())
  const value = match === null ? 0 : Math.round(Number(match[1]) * unitMs[match[2] ?? 's']!)
  if (value <= 0 || value > 0x7fff_ffff) {
    throw new MqError('MQ_USAGE', `"${input}" is not a length of time`, {
      hint: 'write 500ms, 30s, 2m or 1h; a bare number is seconds',
    })
  }
  return value
}

function checkSql92(input: string): string {
  try {
    parseWrittenSql92(input)
    return input
  } catch (error) {
    if (!(error instanceof Sql92SyntaxError)) throw error
    const hint = error.hint ?? "write price > 10 AND region = 'EU', over a message's properties"
    throw new MqError('MQ_USAGE', error.message, { hint })
  }
}

/** Whole pages, which a RocketMQ broker maps; Java maps at most 2^31 − 1 bytes. */
const pageSize = 4096
const [segmentSizeMin, segmentSizeMax] = [64 * 1024, 0x7fff_ffff]

function parseSegmentSize(input: string): number {
  const value = byteCount(input)
  if (value === null || !(value >= segmentSizeMin && value <= segmentSizeMax) || value % pageSize !== 0) {
    throw new MqError('MQ_USAGE', `"${input}" is not a segment size`, {
      hint: 'write 64k, 64m or 1g: at least 64k, below 2g, a multiple of 4096',
    })
  }
  return value
}

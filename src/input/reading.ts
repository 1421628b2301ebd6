import { parsePosition, type Position } from '../command-line/position.ts'
import type { MessageAdmin } from '../core/client/admin.ts'
import { MqError } from '../core/errors.ts'
import type { Message } from '../core/model/message.ts'
import type { MessageQueue } from '../core/model/queue.ts'
import { compileMessageFormat } from '../output/message-format.ts'
import { readTopic } from './topic-reader.ts'

/** What of the command line it looks at. */
export interface ReadingFlags {
  readonly follow: boolean
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly tag?: string | undefined
  readonly grep?: string | undefined
  readonly format?: string | undefined
  readonly consumerGroup?: string | undefined
  readonly MessageNumber?: number | undefined
  readonly beginTimestamp?: number | undefined
  readonly endTimestamp?: number | undefined
  readonly offset?: number | undefined
}

/** What is asked for beyond mqadmin's own consumeMessage. */
export interface Reading {
  readonly from: Position
  readonly to: Position | null
  readonly follow: boolean
  readonly tag: string | undefined
  readonly group: string | undefined
  readonly grep: RegExp | null
  readonly format: ((message: Message) => Buffer) | null
  readonly countMax: number
  /** How long to wait for so many; null: not at all, or for ever. */
  readonly withinMs: number | null
}

/** Null: mqadmin's own flags only, and so its own output. */
export function readingOf(flags: ReadingFlags, timeoutMs: number | undefined): Reading | null {
  const { follow, from, to, tag, grep, format, MessageNumber, beginTimestamp, endTimestamp, offset } = flags
  const waits = MessageNumber !== undefined && timeoutMs !== undefined
  const ours = [from, to, tag, grep, format].some((value) => value !== undefined) || follow || waits
  if (!ours) return null
  if (from !== undefined && (beginTimestamp ?? offset) !== undefined)
    throw new MqError('MQ_USAGE', '--from and -s or -o: two places to begin at')
  if (to !== undefined && endTimestamp !== undefined)
    throw new MqError('MQ_USAGE', '--to and -e: two places to end at')
  const now = Date.now()
  const place = (text: string | undefined, time: number | undefined): Position | null => {
    if (text !== undefined) return parsePosition(text, now)
    return time === undefined ? null : { kind: 'time', time }
  }
  const begin: Position = offset === undefined ? { kind: 'earliest' } : { kind: 'offset', offset }
  return {
    from: place(from, beginTimestamp) ?? begin,
    to: place(to, endTimestamp),
    follow: follow || waits,
    tag,
    group: flags.consumerGroup,
    grep: grep === undefined ? null : parseRegex(grep),
    format: format === undefined ? null : compileMessageFormat(format),
    countMax: MessageNumber ?? Infinity,
    withinMs: waits ? timeoutMs : null,
  }
}

function parseRegex(source: string): RegExp {
  try {
    return new RegExp(source, 'u')
  } catch (error) {
    throw new MqError('MQ_USAGE', (error as Error).message, {
      hint: '--grep is a JavaScript regular expression',
    })
  }
}

/** @throws MQ_TIMEOUT when fewer came in time than were asked for */
export async function* selected(
  messages: MessageAdmin,
  queues: readonly MessageQueue[],
  { from, to, follow, tag, group, grep, countMax, withinMs }: Reading,
): AsyncGenerator<Message> {
  const deadline = withinMs === null ? Infinity : Date.now() + withinMs
  const ended = (): boolean => Date.now() >= deadline
  const options = {
    from,
    to,
    follow,
    ended,
    ...(tag !== undefined && { tag }),
    ...(group !== undefined && { group }),
  }
  let count = 0
  for await (const message of readTopic(messages, queues, options)) {
    if (grep !== null && !grep.test(message.body.toString('utf8'))) continue
    yield message
    if (++count === countMax) return
  }
  if (withinMs === null) return
  throw tooFew(count, countMax, withinMs)
}

/** MQ_TIMEOUT */
export function tooFew(count: number, countMax: number, withinMs: number): MqError {
  return new MqError('MQ_TIMEOUT', `${count} of ${countMax} messages came within ${withinMs} ms`, {
    hint: 'allow more with --timeout, or ask for fewer with -c',
  })
}

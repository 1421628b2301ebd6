import { parsePosition, type Position } from '../command-line/position.ts'
import type { FilterOptions, MessageAdmin } from '../core/client/admin.ts'
import { MqError } from '../core/errors.ts'
import type { Message } from '../core/model/message.ts'
import type { MessageQueue } from '../core/model/queue.ts'
import { compileMessageFormat } from '../output/message-format.ts'
import type { BroadcastPlaces } from './broadcast-places.ts'
import { readTopic, type ReadPlaces } from './topic-reader.ts'

/** What of the command line it looks at. */
export interface ReadingFlags {
  readonly follow: boolean
  readonly broadcast: boolean
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly tag?: string | undefined
  readonly where?: string | undefined
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
  readonly filter: FilterOptions
  readonly group: string | undefined
  readonly grep: RegExp | null
  readonly format: ((message: Message) => Buffer) | null
  readonly countMax: number
  /** How long to wait for so many; null: not at all, or for ever. */
  readonly withinMs: number | null
}

/** Null: mqadmin's own flags only, and so its own output. */
export function readingOf(
  flags: ReadingFlags,
  timeoutMs: number | undefined,
  onWhereHere: () => void,
): Reading | null {
  const { follow, from, to, grep, format, MessageNumber, beginTimestamp, endTimestamp, offset } = flags
  const waits = MessageNumber !== undefined && timeoutMs !== undefined
  const ours =
    [from, to, flags.tag, flags.where, grep, format].some((value) => value !== undefined) ||
    follow ||
    waits ||
    flags.broadcast
  if (!ours) return null
  if (from !== undefined && (beginTimestamp ?? offset) !== undefined)
    throw new MqError('MQ_USAGE', '--from and -s or -o: two places to begin at')
  if (to !== undefined && endTimestamp !== undefined)
    throw new MqError('MQ_USAGE', '--to and -e: two places to end at')
  if (follow && (to ?? endTimestamp) !== undefined)
    throw new MqError('MQ_USAGE', '--follow has no end: leave --to out, or --follow')
  if (flags.broadcast) checkBroadcast(flags)
  const now = Date.now()
  const place = (text: string | undefined, time: number | undefined): Position | null => {
    if (text !== undefined) return parsePosition(text, now)
    return time === undefined ? null : { kind: 'time', time }
  }
  const begin: Position = offset === undefined ? { kind: 'earliest' } : { kind: 'offset', offset }
  const [first, last] = [place(from, beginTimestamp) ?? begin, place(to, endTimestamp)]
  if (last !== null && endsBefore(first, last))
    throw new MqError('MQ_USAGE', 'nothing is between: the end is before the beginning', {
      hint: 'change --from and --to',
    })
  return {
    from: first,
    to: last,
    follow: follow || waits,
    filter: filterOf(flags, onWhereHere),
    group: flags.consumerGroup,
    grep: grep === undefined ? null : parseRegex(grep),
    format: format === undefined ? null : compileMessageFormat(format),
    countMax: MessageNumber ?? Infinity,
    withinMs: waits ? timeoutMs : null,
  }
}

/** Where both places say so by themselves, in whatever queue. */
function endsBefore(first: Position, last: Position): boolean {
  if (first.kind === 'time' && last.kind === 'time') return first.time > last.time
  if (first.kind === 'offset' && last.kind === 'offset') return first.offset > last.offset
  if (first.kind === 'last' && last.kind === 'last') return first.count < last.count
  return first.kind === 'latest' && last.kind === 'earliest'
}

function checkBroadcast(flags: ReadingFlags): void {
  if (flags.consumerGroup === undefined)
    throw new MqError('MQ_USAGE', '--broadcast needs a group', { hint: 'add -g GROUP' })
  const alien = (['offset', 'beginTimestamp', 'endTimestamp', 'to'] as const).find(
    (name) => flags[name] !== undefined,
  )
  if (alien === undefined) return
  throw new MqError('MQ_USAGE', `--${alien} cannot be used with --broadcast`, {
    hint: 'the group goes on where it was on this machine; --from says where it begins',
  })
}

export function filterOf({ tag, where }: ReadingFlags, onWhereHere: () => void): FilterOptions {
  return { ...(tag !== undefined && { tag }), ...(where !== undefined && { where, onWhereHere }) }
}

export function parseRegex(source: string): RegExp {
  try {
    return new RegExp(source, 'u')
  } catch (error) {
    throw new MqError('MQ_USAGE', (error as Error).message, {
      hint: '--grep is a JavaScript regular expression',
    })
  }
}

/** Reading on where the group was on this machine. */
export interface Broadcast {
  readonly places: BroadcastPlaces
  /** Resolves when everything that was yielded has been written out. */
  readonly written: () => Promise<void>
}

function readPlaces(broadcast: Broadcast): ReadPlaces {
  const { places } = broadcast
  return {
    nextOffset: (queue) => places.nextOffset(queue),
    async passed(queue, nextOffset) {
      places.reached(queue, nextOffset)
      await save(broadcast)
    },
  }
}

async function save({ places, written }: Broadcast): Promise<void> {
  await written()
  places.save()
}

/** @throws MQ_TIMEOUT when fewer came in time than were asked for */
export async function* selected(
  messages: MessageAdmin,
  queues: readonly MessageQueue[],
  { from, to, follow, filter, group, grep, countMax, withinMs }: Reading,
  broadcast?: Broadcast,
): AsyncGenerator<readonly Message[]> {
  const deadline = withinMs === null ? Infinity : Date.now() + withinMs
  const ended = (): boolean => Date.now() >= deadline
  const options = {
    from,
    to,
    follow,
    ended,
    filter,
    ...(broadcast !== undefined && { places: readPlaces(broadcast) }),
    ...(group !== undefined && { group }),
  }
  let count = 0
  for await (const batch of readTopic(messages, queues, options)) {
    const matching = grep === null ? batch : batch.filter(({ body }) => grep.test(body.toString('utf8')))
    const wanted = matching.slice(0, countMax - count)
    if (wanted.length > 0) yield wanted
    for (const message of wanted) broadcast?.places.reached(message, message.queueOffset + 1)
    count += wanted.length
    if (count < countMax) continue
    if (broadcast !== undefined) await save(broadcast)
    return
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

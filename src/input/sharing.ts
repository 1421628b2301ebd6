import { parsePosition } from '../command-line/position.ts'
import { MqError } from '../core/errors.ts'
import type { PopOptions } from '../core/client/admin.ts'
import { filterOf, type ReadingFlags } from './reading.ts'

/** What of the command line it looks at. */
export interface SharingFlags extends ReadingFlags {
  readonly commit: boolean
  readonly orderly: boolean
  readonly exec?: string | undefined
  readonly 'exec-batch'?: number | undefined
  readonly parallel?: number | undefined
  readonly invisible?: number | undefined
  readonly brokerName?: string | undefined
  readonly queueId?: number | undefined
}

/** Consuming with others of a group. */
export interface Sharing {
  readonly group: string
  readonly options: PopOptions & { readonly invisibleMs: number; readonly order: boolean }
  /** Null: print and acknowledge. */
  readonly command: string | null
  readonly parallel: number
  readonly batch: number
  readonly countMax: number
  readonly follow: boolean
  readonly withinMs: number | null
}

/** Null: no group's messages are taken. @throws MQ_USAGE */
export function sharingOf(
  flags: SharingFlags,
  timeoutMs: number | undefined,
  onWhereHere: () => void,
): Sharing | null {
  const { commit, exec, consumerGroup: group, from, follow, MessageNumber: count } = flags
  if (exec === undefined) {
    const ofJobs = ['exec-batch', 'parallel', ...(commit ? [] : (['invisible'] as const))] as const
    const needing = ofJobs.find((name) => flags[name] !== undefined)
    if (needing !== undefined)
      throw new MqError('MQ_USAGE', `--${needing} is for --exec`, { hint: 'add --exec COMMAND and -g GROUP' })
  }
  if (!commit && exec === undefined) {
    if (!flags.orderly) return null
    throw new MqError('MQ_USAGE', '--orderly is for a group', { hint: 'add -g GROUP and --commit or --exec' })
  }
  if (flags.broadcast) {
    throw new MqError('MQ_USAGE', '--broadcast shares nothing: leave --commit and --exec out', {
      hint: 'a job for each message: … --broadcast -o ndjson | while read -r line; do …; done',
    })
  }
  if (commit && exec !== undefined) throw new MqError('MQ_USAGE', '--commit and --exec exclude each other')
  if (group === undefined) {
    throw new MqError('MQ_USAGE', `${commit ? '--commit' : '--exec'} needs a group`, { hint: 'add -g GROUP' })
  }
  const alien = (
    ['brokerName', 'queueId', 'offset', 'beginTimestamp', 'endTimestamp', 'to', 'grep'] as const
  ).find((name) => flags[name] !== undefined)
  if (alien !== undefined || (exec !== undefined && flags.format !== undefined)) {
    throw new MqError('MQ_USAGE', `--${alien ?? 'format'} cannot be used while a group is consumed`, {
      hint: 'the group says what comes next; leave it out, or leave --commit and --exec out',
    })
  }
  const begin = from === undefined ? undefined : parsePosition(from, Date.now()).kind
  if (begin !== undefined && begin !== 'earliest' && begin !== 'latest') {
    throw new MqError('MQ_USAGE', `a group begins at earliest or latest, not at ${from}`)
  }
  const waits = count !== undefined && timeoutMs !== undefined
  return {
    group,
    options: {
      invisibleMs: flags.invisible ?? 60_000,
      order: flags.orderly,
      ...filterOf(flags, onWhereHere),
      ...(begin !== undefined && { from: begin === 'latest' ? 'max' : 'min' }),
    },
    command: exec ?? null,
    parallel: flags.parallel ?? 1,
    batch: flags['exec-batch'] ?? 1,
    countMax: count ?? Infinity,
    follow: follow || waits,
    withinMs: waits ? timeoutMs : null,
  }
}

import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { formatHost } from '../../model/host.ts'
import { keysOf, keySeparator, Property, propertyReader, tagOf, uniqueKeyOf } from '../../model/properties.ts'
import { readRecord } from '../../model/record.ts'
import { CommitLog } from '../../store/commit-log.ts'
import type { FileSystem } from '../../store/file-system.ts'
import { ForeignLog, isForeign } from '../../store/foreign-log.ts'
import { isOurs } from '../../store/format-file.ts'
import { walkSteps } from '../../store/log-walk.ts'
import { openFolder } from '../../store/store-folder.ts'

/** One record of the log as it stands there, or a part of it that is none. */
export type LogEntry = LogRecord | LogGap

export type LogRecord = {
  readonly kind: 'record'
  readonly offset: number
  readonly size: number
  /** 1 or 2: MessageVersion. */
  readonly version: number
  readonly topic: string
  readonly queueId: number
  readonly queueOffset: number
  readonly tag: string | null
  readonly keys: readonly string[]
  readonly uniqueKey: string | null
  readonly sysFlag: number
  readonly bornTimestamp: number
  readonly storeTimestamp: number
  readonly storeHost: string
  readonly bornHost: string
  readonly preparedTransactionOffset: number
  readonly bodySize: number
  /** What was checked: a CRC over the whole record, or over its body only, as RocketMQ writes by default. */
  readonly crc: 'record' | 'body'
}

export type LogGap = {
  readonly kind: 'damage'
  readonly offset: number
  readonly size: number
  readonly why: string
}

export interface DumpRange {
  /**
   * Log offset to begin at: a record's place, else the next record is looked for. Default the log's begin.
   */
  readonly from?: number
  /** Entries that begin at or behind it are left out. Default the log's end. */
  readonly to?: number
}

/**
 * Entries in the order of the log. Takes no lock: a log that is written to is dumped as far as it is seen.
 */
export async function* dumpLog(
  fs: FileSystem,
  folder: string,
  range: DumpRange,
  signal: AbortSignal | undefined,
): AsyncGenerator<LogEntry> {
  const { log, syncedTo } = openLog(fs, folder)
  const { from = 0, to = Infinity } = range
  const entries: LogEntry[] = []
  const steps = walkSteps(
    log,
    Math.max(from, log.minOffset),
    Math.max(syncedTo, Math.min(from + 1, log.minOffset)),
    {
      record: (source, at, size, offset) => void entries.push(recordAt(source, at, size, offset)),
      damage: ({ from: offset, to: end, why }) =>
        void entries.push({ kind: 'damage', offset, size: end - offset, why }),
    },
  )
  try {
    for (let step = steps.next(); ; step = steps.next()) {
      for (const entry of entries) {
        if (entry.offset >= to) return
        yield entry
      }
      entries.length = 0
      if (step.done === true) return
      await nextTurn()
      if (signal?.aborted === true) return
    }
  } finally {
    log.close()
  }
}

function openLog(fs: FileSystem, folder: string): { readonly log: CommitLog; readonly syncedTo: number } {
  if (isForeign(fs, folder)) {
    const foreign = new ForeignLog(fs, folder)
    return { log: foreign.log, syncedTo: foreign.lastSegment() }
  }
  const { state, format } = openFolder({ fs, folder })
  try {
    const size = Number(state.meta('segmentSize'))
    const log = new CommitLog(fs, join(folder, 'commitlog'), size, (offset) => isOurs(format.ours, offset))
    return { log, syncedTo: state.writer().syncedTo }
  } finally {
    state.close()
  }
}

const crcOf = propertyReader(Property.crc32)

function recordAt(source: Buffer, at: number, size: number, offset: number): LogRecord {
  const record = readRecord(source, at)
  const properties = record.properties.toString('utf8')
  return {
    kind: 'record',
    offset,
    size,
    version: record.version,
    topic: record.topic.toString('utf8'),
    queueId: record.queueId,
    queueOffset: record.queueOffset,
    tag: tagOf(properties),
    keys: (keysOf(properties) ?? '').split(keySeparator).filter((key) => key !== ''),
    uniqueKey: uniqueKeyOf(properties),
    sysFlag: record.sysFlag,
    bornTimestamp: record.bornTimestamp,
    storeTimestamp: record.storeTimestamp,
    storeHost: formatHost(record.storeHost),
    bornHost: formatHost(record.bornHost),
    preparedTransactionOffset: record.preparedTransactionOffset,
    bodySize: record.body.length,
    crc: crcOf(properties) === null ? 'body' : 'record',
  }
}

import { MqError } from '../errors.ts'
import { Magic, type Inspection } from '../model/record.ts'
import type { CommitLog } from './commit-log.ts'
import { decide } from './recovery.ts'

/** A part of the log that cannot be read, and why. */
export interface Damage {
  readonly from: number
  readonly to: number
  readonly why: string
}

export interface WalkVisitor {
  /** A sound record at `at` of `source`, whose place in the log is `offset`. */
  record(source: Buffer, at: number, size: number, offset: number): void
  damage(damage: Damage): void
}

/**
 * A walk reads this much at a time in the end, more only for a larger record: most walks find next to
 * nothing.
 */
const spanSize = 1024 * 1024
const firstSpanSize = 16 * 1024
/** First look at a record whose size is not known. */
const sizeHint = 1024

/**
 * Walks the records from an offset on, over segment ends, to the end of the log; recovery.ts decides at each
 * place.
 * @param syncedTo up to here everything was on the disk once: damage there is passed over and told
 * @param to where to stop: a segment's end, or the log's
 * @returns where the log ends
 * @throws MQ_STORE_CORRUPT when a segment before `syncedTo` is missing, MQ_STORE_FOREIGN when another broker
 * has continued the log
 */
export function walkLog(
  log: CommitLog,
  from: number,
  syncedTo: number,
  visitor: WalkVisitor,
  to = Infinity,
): number {
  return runToEnd(walkSteps(log, from, syncedTo, visitor, to))
}

/**
 * The same in steps of some milliseconds, for who shows progress or may be told to stop: yields how far it
 * is.
 */
export function* walkSteps(
  log: CommitLog,
  from: number,
  syncedTo: number,
  visitor: WalkVisitor,
  to = Infinity,
): Generator<number, number> {
  for (let offset = from; ;) {
    if (offset >= to) return offset
    const stop = yield* walkSegment(log, offset, visitor)
    offset = stop.offset
    const frame = stop.seen?.frame ?? 'absent'
    if (frame === 'bad') log.refuseForeign(offset)
    switch (decide({ frame, pastSynced: offset >= syncedTo })) {
      case 'keep':
        continue
      case 'next-segment':
        offset = log.segmentEnd(offset)!
        continue
      case 'end':
      case 'truncate':
        return offset
      case 'quarantine': {
        const next = nextRecord(log, offset + 1, syncedTo)
        visitor.damage({ from: offset, to: next, why: stop.seen?.frame === 'bad' ? stop.seen.why : frame })
        offset = next
        continue
      }
      case 'refuse':
        throw new MqError('MQ_STORE_CORRUPT', `the commit log has no segment for offset ${offset}`, {
          hint: 'put the missing file back from a backup; nothing was changed',
        })
    }
  }
}

/** Runs what can be done in steps at once. */
export function runToEnd<T>(steps: Generator<unknown, T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** Visits records of one segment up to the first place that is none. */
function* walkSegment(
  log: CommitLog,
  from: number,
  visitor: WalkVisitor,
): Generator<number, { readonly offset: number; readonly seen: Inspection | null }> {
  const end = log.segmentEnd(from)
  if (end === null) return { offset: from, seen: null }
  let offset = from
  for (let size = firstSpanSize; ;) {
    const wanted = Math.min(size, end - offset)
    const span = log.readSpan(offset, wanted)
    let at = 0
    let seen = log.inspectIn(span, at, offset)
    for (; seen.frame === 'message'; seen = log.inspectIn(span, at, offset + at)) {
      visitor.record(span, at, seen.size, offset + at)
      at += seen.size
    }
    offset += at
    yield offset
    // a crash may have come before the file had its size
    const readAll = span.length < wanted || span.length - at >= end - offset
    if (seen.frame === 'cut' && !readAll && seen.size <= end - offset) size = Math.max(grown(size), seen.size)
    else if (seen.frame === 'zeros' && span.length - at < 8 && !readAll) size = grown(size)
    else return { offset, seen: blankChecked(seen, end - offset) }
  }
}

function grown(size: number): number {
  return Math.min(size * 8, spanSize)
}

/** A blank record fills its segment exactly, or it is damage. */
function blankChecked(seen: Inspection, bytesLeft: number): Inspection {
  return seen.frame === 'blank' && seen.size !== bytesLeft ? { frame: 'bad', why: 'blank size' } : seen
}

/** Offset of the next sound record or blank that is at its own place, at most `limit`. */
function nextRecord(log: CommitLog, from: number, limit: number): number {
  for (let offset = from; offset < limit;) {
    const end = log.segmentEnd(offset)
    if (end === null) return offset
    const span = log.readSpan(offset, Math.min(spanSize, end - offset))
    for (const at of magicPlaces(span)) {
      const place = offset + at - magicAt
      if (place < from) continue
      if (place >= limit) return limit
      const { seen } = log.inspect(place, sizeHint)
      if (seen.frame === 'message' || (seen.frame === 'blank' && seen.size === end - place)) return place
    }
    // a magic number may lie across two spans
    offset = offset + span.length >= end || span.length < 16 ? end : offset + span.length - 7
  }
  return limit
}

/**
 * Looks at what would be cut off from an offset on. A broker that found damage before our end began there,
 * and its records go on behind it, across the place where we would look for one of ours.
 * @throws MQ_STORE_FOREIGN
 */
export function refuseForeignBehind(log: CommitLog, from: number): void {
  const end = log.segmentEnd(from) ?? from
  for (let offset = from, size = firstSpanSize; offset < end; size = spanSize) {
    const span = log.readSpan(offset, Math.min(size, end - offset))
    if (isZeros(span)) return
    for (const at of magicPlaces(span))
      if (offset + at - magicAt >= from) log.refuseForeign(offset + at - magicAt)
    // a magic number may lie across two spans
    offset = span.length < 16 ? end : offset + span.length - 7
  }
}

const zeros = Buffer.alloc(spanSize)

function isZeros(span: Buffer): boolean {
  return span.equals(zeros.subarray(0, span.length))
}

/** Where a record begins, a magic number stands four bytes in. */
const magicAt = 4

const magics = [Magic.v1, Magic.v2, Magic.blank].map((magic) => {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeInt32BE(magic)
  return bytes
})

function magicPlaces(span: Buffer): number[] {
  const places: number[] = []
  for (const magic of magics) {
    for (let at = span.indexOf(magic); at !== -1; at = span.indexOf(magic, at + 1)) places.push(at)
  }
  return places.sort((a, b) => a - b)
}

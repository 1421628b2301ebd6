/**
 * THE message byte layout: written by the store, shipped verbatim by pull, decoded by the client.
 * Source: RocketMQ's MessageExtEncoder, MessageDecoder, CommitLog.checkMessageAndReturnSize, MessageVersion.
 *
 *   0 totalSize i32 | 4 magic i32 | 8 bodyCrc i32 | 12 queueId i32 | 16 flag i32 | 20 queueOffset i64
 *   28 physicalOffset i64 | 36 sysFlag i32 | 40 bornTimestamp i64 | 48 bornHost 8|20 | storeTimestamp i64
 *   storeHost 8|20 | reconsumeTimes i32 | preparedTransactionOffset i64 | bodyLength i32 | body
 *   topicLength i8 (V1) | i16 (V2) | topic | propertiesLength i16 | properties
 */
import { crc32 } from '../lib/crc32.ts'
import { putI32, readI64, standsAt, writeI64 } from '../lib/bytes.ts'
import { isHostV6, type HostBytes } from './host.ts'
import { Property } from './properties.ts'
import { SysFlag } from './sys-flag.ts'

export const Magic = {
  v1: 0xdaa320a7 | 0,
  v2: 0xdaa320ab | 0,
  blank: 0xcbd43194 | 0,
} as const

const magicAt = 4
const bodyCrcAt = 8
const queueIdAt = 12
const queueOffsetAt = 20
const physicalOffsetAt = 28
const sysFlagAt = 36
const bornHostAt = 48

/** Bytes of a record apart from hosts, body, topic and properties; V2 has one more. */
const fixedSizeV1 = 4 + 4 + 4 + 4 + 4 + 8 + 8 + 4 + 8 + 8 + 4 + 8 + 4 + 1 + 2
/** Two IPv4 hosts, empty body, no topic: nothing smaller is a record. */
export const recordSizeMin = fixedSizeV1 + 16

/** A record's fields. Buffers are views into the source when read. */
export interface StoredRecord {
  readonly version: 1 | 2
  readonly bodyCrc: number
  readonly queueId: number
  readonly flag: number
  readonly queueOffset: number
  readonly physicalOffset: number
  readonly sysFlag: number
  readonly bornTimestamp: number
  readonly bornHost: HostBytes
  readonly storeTimestamp: number
  readonly storeHost: HostBytes
  readonly reconsumeTimes: number
  readonly preparedTransactionOffset: number
  readonly body: Buffer
  readonly topic: Buffer
  /** The property section as bytes: order and separators are the writer's, and stay. */
  readonly properties: Buffer
}

export function recordSize(
  record: Pick<StoredRecord, 'version' | 'bornHost' | 'storeHost' | 'body' | 'topic' | 'properties'>,
): number {
  return (
    fixedSizeV1 +
    (record.version - 1) +
    record.bornHost.length +
    record.storeHost.length +
    record.body.length +
    record.topic.length +
    record.properties.length
  )
}

/** V2 exactly where V1's signed length byte ends; CommitLog with autoMessageVersionOnTopicLen. */
export function recordVersion(topicSize: number): 1 | 2 {
  return topicSize > 127 ? 2 : 1
}

/** Writes the record at `at` and returns its size. The caller has made room. */
export function writeRecord(target: Buffer, at: number, record: StoredRecord): number {
  const size = recordSize(record)
  const propertiesAt = writeHead(target, at, size, record, record.properties.length)
  putI32(target, at + bodyCrcAt, record.bodyCrc)
  target.set(record.properties, propertiesAt)
  return size
}

/** A record about to be stored: properties as text, topic and text measured before. */
export interface RecordDraft extends Omit<StoredRecord, 'properties' | 'bodyCrc'> {
  /** Ends with 0x02 or is empty. */
  readonly properties: string
  /** Bytes of `properties`, without the CRC property. */
  readonly propertiesSize: number
}

export function draftSize(draft: RecordDraft): number {
  const { version, bornHost, storeHost, body, topic, propertiesSize } = draft
  const heads = fixedSizeV1 + version - 1 + bornHost.length + storeHost.length
  return heads + body.length + topic.length + propertiesSize + crcPropertySize
}

/**
 * Writes a record with a CRC over everything as its last property.
 * @param size what `draftSize` says of it; the caller has made room
 */
export function writeDraft(target: Buffer, at: number, draft: RecordDraft, size: number): void {
  const propertiesAt = writeHead(target, at, size, draft, draft.propertiesSize + crcPropertySize)
  putI32(target, at + bodyCrcAt, crc32(draft.body))
  // as many bytes as characters: all of it is ASCII
  target.write(
    draft.properties,
    propertiesAt,
    draft.propertiesSize === draft.properties.length ? 'latin1' : 'utf8',
  )
  writeRecordCrc(target, at, size)
}

/** Everything but the body's CRC and the properties; returns where those go. */
function writeHead(
  target: Buffer,
  at: number,
  size: number,
  record: Omit<StoredRecord, 'properties' | 'bodyCrc'>,
  propertiesSize: number,
): number {
  putI32(target, at, size)
  putI32(target, at + magicAt, record.version === 1 ? Magic.v1 : Magic.v2)
  putI32(target, at + queueIdAt, record.queueId)
  putI32(target, at + 16, record.flag)
  writeI64(target, at + queueOffsetAt, record.queueOffset)
  writeI64(target, at + physicalOffsetAt, record.physicalOffset)
  putI32(target, at + sysFlagAt, record.sysFlag)
  writeI64(target, at + 40, record.bornTimestamp)
  let cursor = putBytes(target, at + bornHostAt, record.bornHost)
  writeI64(target, cursor, record.storeTimestamp)
  cursor = putBytes(target, cursor + 8, record.storeHost)
  putI32(target, cursor, record.reconsumeTimes)
  writeI64(target, cursor + 4, record.preparedTransactionOffset)
  putI32(target, cursor + 12, record.body.length)
  target.set(record.body, cursor + 16)
  cursor += 16 + record.body.length
  const topicSize = record.topic.length
  if (record.version === 2) target[cursor++] = topicSize >>> 8
  target[cursor++] = topicSize
  cursor = putBytes(target, cursor, record.topic)
  target[cursor] = propertiesSize >>> 8
  target[cursor + 1] = propertiesSize
  return cursor + 2
}

/** Copies some bytes; for so few a call costs more than they do. @returns where they end */
function putBytes(target: Buffer, at: number, bytes: Buffer): number {
  const { length } = bytes
  for (let i = 0; i < length; i++) target[at + i] = bytes[i]!
  return at + length
}

/**
 * The size of a record whose parts fit into it, and it into its source. @throws RangeError when lengths lie
 */
export function checkRecord(source: Buffer, at: number): number {
  const size = source.readInt32BE(at)
  const magic = source.readInt32BE(at + magicAt)
  if (magic !== Magic.v1 && magic !== Magic.v2) throw new RangeError(`no record: magic ${magic}`)
  if (size < recordSizeMin || at + size > source.length)
    throw new RangeError(`no record: ${size} bytes do not fit`)
  if (layoutOf(source, at, versionAt(source, at)).end !== at + size)
    throw new RangeError(`no record: its parts do not add up to ${size} bytes`)
  return size
}

function versionAt(source: Buffer, at: number): 1 | 2 {
  return source.readInt32BE(at + magicAt) === Magic.v1 ? 1 : 2
}

/**
 * Reads a record that `inspectRecord` found whole, or that came from a broker.
 * @throws RangeError when lengths lie.
 */
export function readRecord(source: Buffer, at: number): StoredRecord {
  const end = at + checkRecord(source, at)
  const version = versionAt(source, at)
  const layout = layoutOf(source, at, version)
  const storeTimestampAt = layout.bodyLengthAt - 20 - layout.storeHostSize
  return {
    version,
    bodyCrc: source.readInt32BE(at + bodyCrcAt),
    queueId: source.readInt32BE(at + queueIdAt),
    flag: source.readInt32BE(at + 16),
    queueOffset: readI64(source, at + queueOffsetAt),
    physicalOffset: readI64(source, at + physicalOffsetAt),
    sysFlag: source.readInt32BE(at + sysFlagAt),
    bornTimestamp: readI64(source, at + 40),
    bornHost: source.subarray(at + bornHostAt, storeTimestampAt),
    storeTimestamp: readI64(source, storeTimestampAt),
    storeHost: source.subarray(storeTimestampAt + 8, storeTimestampAt + 8 + layout.storeHostSize),
    reconsumeTimes: source.readInt32BE(layout.bodyLengthAt - 12),
    preparedTransactionOffset: readI64(source, layout.bodyLengthAt - 8),
    body: source.subarray(layout.bodyLengthAt + 4, layout.topicAt - version),
    topic: source.subarray(layout.topicAt, layout.propertiesAt - 2),
    properties: source.subarray(layout.propertiesAt, end),
  }
}

/** Whether a sound record is that of a queue's offset. */
export function isOfQueue(
  source: Buffer,
  at: number,
  topic: Buffer,
  queueId: number,
  queueOffset: number,
): boolean {
  if (source.readInt32BE(at + queueIdAt) !== queueId || readI64(source, at + queueOffsetAt) !== queueOffset)
    return false
  const { topicAt, propertiesAt } = layoutOf(source, at, versionAt(source, at))
  return propertiesAt - 2 - topicAt === topic.length && standsAt(source, topicAt, topic)
}

/** When a record was stored, epoch ms, without reading the rest of it. */
export function storeTimestampOf(source: Buffer, at: number): number {
  const bornHostSize = source.readInt32BE(at + sysFlagAt) & SysFlag.bornHostV6 ? 20 : 8
  return readI64(source, at + bornHostAt + bornHostSize)
}

interface Layout {
  readonly storeHostSize: number
  readonly bodyLengthAt: number
  readonly topicAt: number
  readonly propertiesAt: number
  /** −1 when a length points outside of the source. */
  readonly end: number
}

function layoutOf(source: Buffer, at: number, version: 1 | 2): Layout {
  const sysFlag = source.readInt32BE(at + sysFlagAt)
  const bornHostSize = sysFlag & SysFlag.bornHostV6 ? 20 : 8
  const storeHostSize = sysFlag & SysFlag.storeHostV6 ? 20 : 8
  const bodyLengthAt = at + 68 + bornHostSize + storeHostSize
  const broken = { storeHostSize, bodyLengthAt, topicAt: 0, propertiesAt: 0, end: -1 }
  if (bodyLengthAt + 4 > source.length) return broken
  const bodyLength = source.readInt32BE(bodyLengthAt)
  const topicLengthAt = bodyLengthAt + 4 + bodyLength
  if (bodyLength < 0 || topicLengthAt + version > source.length) return broken
  const topicLength = version === 1 ? source.readInt8(topicLengthAt) : source.readInt16BE(topicLengthAt)
  const topicAt = topicLengthAt + version
  if (topicLength < 0 || topicAt + topicLength + 2 > source.length) return broken
  const propertiesLength = source.readInt16BE(topicAt + topicLength)
  const propertiesAt = topicAt + topicLength + 2
  if (propertiesLength < 0) return broken
  return { storeHostSize, bodyLengthAt, topicAt, propertiesAt, end: propertiesAt + propertiesLength }
}

/** Where parts of a sound record lie, for readers that need a few of them: `readRecord` makes six views. */
export interface RecordPlaces {
  readonly queueId: number
  readonly queueOffset: number
  readonly sysFlag: number
  readonly storeTimestamp: number
  readonly topicAt: number
  readonly topicEnd: number
  readonly propertiesAt: number
  readonly end: number
}

/** @param at where `inspectRecord` found a message */
export function recordPlaces(source: Buffer, at: number): RecordPlaces {
  const layout = layoutOf(source, at, versionAt(source, at))
  return {
    queueId: source.readInt32BE(at + queueIdAt),
    queueOffset: readI64(source, at + queueOffsetAt),
    sysFlag: source.readInt32BE(at + sysFlagAt),
    storeTimestamp: readI64(source, layout.bodyLengthAt - 20 - layout.storeHostSize),
    topicAt: layout.topicAt,
    topicEnd: layout.propertiesAt - 2,
    propertiesAt: layout.propertiesAt,
    end: layout.end,
  }
}

/** What stands at a place of the log, as far as `source` shows it. */
export type Inspection =
  | { readonly frame: 'message'; readonly size: number }
  /** The end of a segment that has been filled. */
  | { readonly frame: 'blank'; readonly size: number }
  | { readonly frame: 'zeros' }
  /** A record begins but `source` ends before it does; `size` is what it claims. */
  | { readonly frame: 'cut'; readonly size: number }
  | { readonly frame: 'bad'; readonly why: string }

/**
 * Checks the record at `at` without decoding it: magic, lengths, its own place, body CRC and, where it has
 * one, the CRC over everything (`__CRC32#`).
 * @param physicalOffset where `at` lies in the log; a record that names another place is bad (misdirected or
 *   stale)
 * @param crc required: a record without `__CRC32#` is bad. We always write it, so its end is torn or damaged;
 *   optional: for records of other brokers, which do not
 */
export function inspectRecord(
  source: Buffer,
  at: number,
  physicalOffset: number,
  crc: 'required' | 'optional',
): Inspection {
  const available = source.length - at
  if (available < 8) return { frame: 'zeros' }
  const size = source.readInt32BE(at)
  const magic = source.readInt32BE(at + magicAt)
  if (magic === Magic.blank) return { frame: 'blank', size }
  if (size === 0 && magic === 0) return { frame: 'zeros' }
  if (magic !== Magic.v1 && magic !== Magic.v2)
    return { frame: 'bad', why: `magic ${(magic >>> 0).toString(16)}` }
  if (size < recordSizeMin) return { frame: 'bad', why: `size ${size}` }
  if (size > available) return { frame: 'cut', size }
  if (readI64(source, at + physicalOffsetAt) !== physicalOffset)
    return { frame: 'bad', why: 'it belongs to another place' }
  const layout = layoutOf(source, at, magic === Magic.v1 ? 1 : 2)
  if (layout.end !== at + size) return { frame: 'bad', why: 'its parts do not add up' }
  const version = magic === Magic.v1 ? 1 : 2
  const end = at + size
  if (hasCrcProperty(source, layout.propertiesAt, end)) {
    // covers the body, too: one CRC instead of two
    if (!recordCrcHolds(source, at, end)) return { frame: 'bad', why: 'record crc' }
  } else if (crc === 'required') {
    return { frame: 'bad', why: 'no record crc' }
  } else if (
    crc32(source, layout.bodyLengthAt + 4, layout.topicAt - version) !== source.readInt32BE(at + bodyCrcAt)
  ) {
    // MessageExtEncoder leaves 0 for a null body, and a body of no bytes has CRC 0 as well
    return { frame: 'bad', why: 'body crc' }
  }
  return { frame: 'message', size }
}

/** Size of the reserved `__CRC32#` pair at the end of the properties: CommitLog.CRC32_RESERVED_LEN. */
export const crcPropertySize = Property.crc32.length + 1 + 10 + 1
const crcPropertyHead = Buffer.from(`${Property.crc32}\u0001`)

/**
 * Whether the record at `at` is a sound one that another writer made: whole, and without `__CRC32#`. One of
 * ours that a crash has torn is none, though its body may be whole: zeros stand in its properties. Nor is one
 * in which a byte of `__CRC32#` itself is damaged: the rest of that is there.
 */
export function isForeignRecord(source: Buffer, at: number, physicalOffset: number): boolean {
  const seen = inspectRecord(source, at, physicalOffset, 'optional')
  if (seen.frame !== 'message') return false
  const end = at + seen.size
  const { propertiesAt } = layoutOf(source, at, versionAt(source, at))
  if (source.subarray(propertiesAt, end).includes(0)) return false
  const headAt = end - crcPropertySize
  if (headAt < propertiesAt) return true
  const alike = crcPropertyHead.filter((byte, i) => source[headAt + i] === byte).length
  return alike < crcPropertyHead.length / 2
}

/** A copy of a sound record that says it was consumed before; its own CRC, if it has one, still holds. */
export function withReconsumeTimes(record: Buffer, reconsumeTimes: number): Buffer {
  const copy = Buffer.from(record)
  const layout = layoutOf(copy, 0, versionAt(copy, 0))
  copy.writeInt32BE(reconsumeTimes, layout.bodyLengthAt - 12)
  if (hasCrcProperty(copy, layout.propertiesAt, copy.length)) writeRecordCrc(copy, 0, copy.length)
  return copy
}

/** Fills in the reserved last bytes of a written record: ten digits, least significant first. */
export function writeRecordCrc(target: Buffer, at: number, size: number): void {
  const digitsAt = at + size - 11
  let rest = crc32(target, at, at + size - crcPropertySize)
  putBytes(target, at + size - crcPropertySize, crcPropertyHead)
  for (let i = 0; i < 10; i++) {
    target[digitsAt + i] = 48 + (rest % 10)
    rest = Math.floor(rest / 10)
  }
  target[at + size - 1] = 2
}

function recordCrcHolds(source: Buffer, at: number, end: number): boolean {
  let value = 0
  for (let i = 9; i >= 0; i--) value = value * 10 + (source[end - 11 + i]! - 48)
  return crc32(source, at, end - crcPropertySize) === value
}

/** True when the record that ends at `end` carries a CRC over everything. */
function hasCrcProperty(source: Buffer, propertiesAt: number, end: number): boolean {
  const headAt = end - crcPropertySize
  return headAt >= propertiesAt && source[end - 1] === 2 && standsAt(source, headAt, crcPropertyHead)
}

/** Flags of the hosts a record is written with; the other bits of sysFlag are the sender's. */
export function hostFlags(sysFlag: number, bornHost: HostBytes, storeHost: HostBytes): number {
  const rest = sysFlag & ~(SysFlag.bornHostV6 | SysFlag.storeHostV6)
  return (
    rest | (isHostV6(bornHost) ? SysFlag.bornHostV6 : 0) | (isHostV6(storeHost) ? SysFlag.storeHostV6 : 0)
  )
}

/** The blank record that fills a segment's last bytes: size and magic, the rest stays as it is. */
export function writeBlank(target: Buffer, at: number, bytesLeft: number): void {
  target.writeInt32BE(bytesLeft, at)
  target.writeInt32BE(Magic.blank, at + magicAt)
}

import type { QueueEntry } from '../store/index-db.ts'
import type { MessageStore } from '../store/message-store.ts'
import type { JoinedRecords } from '../store/record-reader.ts'
import { everyMessage, type MessageFilter } from './filter/message-filter.ts'

/** maxFilterMessageSize 16000 bytes of 20-byte entries: looked at before an answer says that none matched. */
const scannedMin = 800
/** Records read at once for a filter that looks into them. */
const [readMin, readMax] = [8, 64]

export interface SelectionLimits {
  readonly messagesMax: number
  /** The first message comes whatever its size. */
  readonly bytesMax: number
  /** Bytes and so messages that the answer has already. */
  readonly bytesTaken?: number
}

export interface Selection {
  readonly entries: readonly QueueEntry[]
  /** Verified; null for a damaged or expired one. */
  readonly records: readonly (Buffer | null)[]
  /** Queue offset where the next selection goes on. */
  readonly next: number
}

/** The same as an answer carries them: the sound ones, one behind the other. */
export interface JoinedSelection extends JoinedRecords {
  readonly next: number
  /** Some were chosen, sound or not. */
  readonly matched: boolean
}

/** `selectMessages` without a view for each record, and with each copied once. */
export function selectJoined(
  store: MessageStore,
  topic: string,
  queueId: number,
  from: number,
  limits: SelectionLimits,
  filter: MessageFilter,
): JoinedSelection {
  if (filter.record === null) {
    const { entries, next } = selectEntries(store, topic, queueId, from, limits, filter)
    return { ...store.joinedRecords(topic, queueId, entries), next, matched: entries.length > 0 }
  }
  const { entries, records, next } = selectMessages(store, topic, queueId, from, limits, filter)
  const sound = records.filter((record) => record !== null)
  return { records: Buffer.concat(sound), count: sound.length, next, matched: entries.length > 0 }
}

/** The next messages of a queue that pass a filter. */
export function selectMessages(
  store: MessageStore,
  topic: string,
  queueId: number,
  from: number,
  limits: SelectionLimits,
  filter: MessageFilter,
): Selection {
  const { messagesMax } = limits
  const { record: passes } = filter
  if (passes === null) {
    const { entries, next } = selectEntries(store, topic, queueId, from, limits, filter)
    return { entries, records: store.records(topic, queueId, entries), next }
  }
  const all = store.entries(topic, queueId, from, Math.max(scannedMin, messagesMax))
  const chosen = new Chosen(limits)
  let next = from
  for (let at = 0; at < all.length && !chosen.full;) {
    const wanted = Math.min(readMax, Math.max(readMin, messagesMax - chosen.entries.length))
    const read = all.slice(at, at + wanted)
    at += read.length
    const records = store.records(topic, queueId, read)
    let i = 0
    next = chosen.take(read, next, () => {
      const record = records[i++]
      return record && passes(record) ? record : undefined
    })
  }
  return { entries: chosen.entries, records: chosen.records, next }
}

/** For a filter that looks at entries alone. */
function selectEntries(
  store: MessageStore,
  topic: string,
  queueId: number,
  from: number,
  limits: SelectionLimits,
  filter: MessageFilter,
): Pick<Selection, 'entries' | 'next'> {
  const { messagesMax } = limits
  if (filter === everyMessage) {
    const entries = fitting(store.entries(topic, queueId, from, messagesMax), limits)
    return { entries, next: (entries.at(-1)?.queueOffset ?? from - 1) + 1 }
  }
  const all = store.entries(topic, queueId, from, Math.max(scannedMin, messagesMax))
  const chosen = new Chosen(limits)
  const next = chosen.take(all, from, (entry) => (filter.entry(entry.tagsCode) ? null : undefined))
  return { entries: chosen.entries, next }
}

/** Those that an answer will carry where all are wanted: what `Chosen` takes. */
function fitting(entries: readonly QueueEntry[], limits: SelectionLimits): readonly QueueEntry[] {
  const { messagesMax, bytesTaken = 0 } = limits
  const most = Math.min(entries.length, messagesMax)
  let count = 0
  for (let bytes = bytesTaken; count < most; count++) {
    const { size } = entries[count]!
    if (isTooMuch(bytes, size, limits)) break
    bytes += size
  }
  return count === entries.length ? entries : entries.slice(0, count)
}

/** One more, where there are some bytes already. */
function isTooMuch(bytes: number, size: number, { bytesMax }: SelectionLimits): boolean {
  return bytes > 0 && bytes + size > bytesMax
}

/** What an answer will carry, as far as its limits let it. */
class Chosen {
  readonly entries: QueueEntry[] = []
  readonly records: (Buffer | null)[] = []
  full = false
  readonly #limits: SelectionLimits
  #bytes: number

  constructor(limits: SelectionLimits) {
    this.#limits = limits
    this.#bytes = limits.bytesTaken ?? 0
    this.full = limits.messagesMax <= 0
  }

  /**
   * @param pick the record of an entry that is wanted, null where it is not read yet; undefined: not wanted
   * @returns the queue offset behind the last entry that was looked at
   */
  take(
    entries: readonly QueueEntry[],
    from: number,
    pick: (entry: QueueEntry) => Buffer | null | undefined,
  ): number {
    const { messagesMax } = this.#limits
    let next = from
    for (const entry of entries) {
      if (this.full) break
      const record = pick(entry)
      if (record !== undefined) {
        if (isTooMuch(this.#bytes, entry.size, this.#limits)) {
          this.full = true
          break
        }
        this.entries.push(entry)
        this.records.push(record)
        this.#bytes += entry.size
        this.full = this.entries.length >= messagesMax
      }
      next = entry.queueOffset + 1
    }
    return next
  }
}

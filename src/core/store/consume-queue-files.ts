import { join } from 'node:path'
import { readI64, writeI64 } from '../lib/bytes.ts'
import { writeFully, type FileHandle, type FileSystem } from './file-system.ts'
import type { QueueEntry } from './index-db.ts'
import { segmentBase, segmentName } from './segment.ts'

/**
 * RocketMQ's consume queue: files of 300,000 entries, named after their first byte, entry i at byte 20 × i.
 *   0 physicalOffset i64 | 8 size i32 | 12 tagsCode i64
 * Source: ConsumeQueue, MessageStoreConfig.mappedFileSizeConsumeQueue.
 */
const entrySize = 20
const entriesPerFile = 300_000

/** What stands before the first entry of a queue that begins above 0: ConsumeQueue.fillPreBlank. */
const blankSize = 0x7fff_ffff

/** Entries encoded at a time. */
const chunkEntries = 16_384

/** Writes queues as RocketMQ's files. Folders of other topics stay as they are. */
export class ConsumeQueueWriter {
  readonly #fs: FileSystem
  readonly #folder: string
  readonly #chunk = Buffer.alloc(chunkEntries * entrySize)

  /** @param folder of the store */
  constructor(fs: FileSystem, folder: string) {
    this.#fs = fs
    this.#folder = join(folder, 'consumequeue')
  }

  /**
   * @param entries ascending. Where one is missing, since its record is damaged, the next one stands in: a
   * broker that
   *   meets an entry without a record skips to the next segment, and everything between is never consumed
   */
  write(topic: string, queueId: number, entries: Iterable<QueueEntry>): void {
    const folder = join(this.#folder, topic, String(queueId))
    let file: QueueFile | null = null
    let at = -1
    for (const entry of entries) {
      if (at === -1) at = entry.queueOffset
      for (; at <= entry.queueOffset; at++) {
        const base = at - (at % entriesPerFile)
        if (file?.base !== base) {
          file?.close()
          file = this.#begin(folder, base, at)
        }
        file.put(at, entry.physicalOffset, entry.size, entry.tagsCode)
      }
    }
    file?.close()
    if (at !== -1) this.#fs.syncFolder(folder)
  }

  /** A file whose entries before `from` are blank. */
  #begin(folder: string, base: number, from: number): QueueFile {
    this.#fs.mkdir(folder)
    const file = this.#fs.open(join(folder, segmentName(base * entrySize)), 'create')
    file.truncate(entriesPerFile * entrySize)
    const queueFile = new QueueFile(file, base, this.#chunk)
    for (let at = base; at < from; at++) queueFile.put(at, 0, blankSize, 0)
    return queueFile
  }
}

/** One file that is written from its begin on. */
class QueueFile {
  readonly base: number
  readonly #file: FileHandle
  readonly #chunk: Buffer
  #filled = 0
  #writtenTo = 0

  constructor(file: FileHandle, base: number, chunk: Buffer) {
    this.#file = file
    this.base = base
    this.#chunk = chunk
  }

  put(queueOffset: number, physicalOffset: number, size: number, tagsCode: number): void {
    if (this.#filled === this.#chunk.length) this.#flush()
    if (this.#filled === 0) this.#writtenTo = (queueOffset - this.base) * entrySize
    writeI64(this.#chunk, this.#filled, physicalOffset)
    this.#chunk.writeInt32BE(size, this.#filled + 8)
    writeI64(this.#chunk, this.#filled + 12, tagsCode)
    this.#filled += entrySize
  }

  #flush(): void {
    writeFully(this.#file, this.#chunk, 0, this.#filled, this.#writtenTo)
    this.#filled = 0
  }

  close(): void {
    this.#flush()
    this.#file.datasync()
    this.#file.close()
  }
}

/** What RocketMQ's own index says about topics that were deleted: the log does not. */
export interface ConsumeQueueSurvey {
  /** Log offset below which nothing belongs to the topic any more, for each topic that has a queue. */
  readonly floors: ReadonlyMap<string, number>
  /** Log offset up to which the broker had indexed. A topic without any queue has nothing below it. */
  readonly dispatchedTo: number
}

/** Null where there is no index to be asked: then all the log holds is taken. */
export function surveyConsumeQueues(fs: FileSystem, folder: string): ConsumeQueueSurvey | null {
  const floors = new Map<string, number>()
  let dispatchedTo = 0
  for (const topic of fs.list(join(folder, 'consumequeue'))) {
    let floor = Infinity
    for (const queueId of fs.list(join(folder, 'consumequeue', topic))) {
      const ends = queueEnds(fs, join(folder, 'consumequeue', topic, queueId))
      if (ends === null) continue
      // a queue that begins above 0 has lost its begin to retention: all there is belongs to it
      floor = Math.min(floor, ends.firstOffset === 0 ? ends.firstPhysicalOffset : 0)
      dispatchedTo = Math.max(dispatchedTo, ends.dispatchedTo)
    }
    if (floor !== Infinity) floors.set(topic, floor)
  }
  // queues of another kind, BatchCQ topics': taken whole
  for (const topic of fs.list(join(folder, 'batchconsumequeue'))) floors.set(topic, 0)
  return dispatchedTo === 0 ? null : { floors, dispatchedTo }
}

interface QueueEnds {
  readonly firstOffset: number
  readonly firstPhysicalOffset: number
  readonly dispatchedTo: number
}

function queueEnds(fs: FileSystem, folder: string): QueueEnds | null {
  const bases = fs.list(folder).flatMap((name) => segmentBase(name) ?? [])
  const [first] = bases
  if (first === undefined) return null
  const begin = readFile(fs, folder, first, (read) => read(0))
  let last: RawEntry | null = null
  for (const base of bases.reverse()) {
    last = readFile(fs, folder, base, lastEntry)
    if (last !== null) break
  }
  if (begin === null || last === null) return null
  const blank = begin.size === blankSize
  return {
    firstOffset: blank ? 1 : first / entrySize,
    firstPhysicalOffset: begin.physicalOffset,
    dispatchedTo: last.size === blankSize ? 0 : last.physicalOffset + last.size,
  }
}

interface RawEntry {
  readonly physicalOffset: number
  readonly size: number
}

/** An entry by its place in the file, or null where none was written. */
type ReadEntry = (index: number) => RawEntry | null

function readFile<T>(
  fs: FileSystem,
  folder: string,
  base: number,
  act: (read: ReadEntry, count: number) => T,
): T {
  const path = join(folder, segmentName(base))
  const file = fs.open(path, 'read')
  const bytes = Buffer.alloc(entrySize)
  try {
    const read: ReadEntry = (index) => {
      if (file.read(bytes, 0, entrySize, index * entrySize) < entrySize) return null
      const size = bytes.readInt32BE(8)
      return size <= 0 ? null : { physicalOffset: readI64(bytes, 0), size }
    }
    return act(read, Math.floor((fs.fileSize(path) ?? 0) / entrySize))
  } finally {
    file.close()
  }
}

/** Entries are written one behind the other: half of what is left is asked each time. */
function lastEntry(read: ReadEntry, count: number): RawEntry | null {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (read(middle) === null) high = middle
    else low = middle + 1
  }
  return low === 0 ? null : read(low - 1)
}

import type { CommitLog } from './commit-log.ts'
import { dispatchedRecord } from './dispatcher.ts'
import { runToEnd, walkLog, walkSteps, type Damage } from './log-walk.ts'
import { storeTimestampOf } from '../model/record.ts'
import type { QueueEntry, QueueExtent } from './index-db.ts'
import type { IndexFiles } from './index-files.ts'
import { IndexReader } from './index-reader.ts'
import { IndexTail, type DispatchedRecord } from './index-rows.ts'
import { OpenIndexes } from './open-indexes.ts'
import { QueueWindows } from './queue-windows.ts'
import { isCorrupt } from './sqlite.ts'
import type { StagedRecords } from './staged-records.ts'

/** A tail of this size is flushed while a scan goes on, so that memory stays bounded. */
const tailMax = 65_536
/** What was walked and led to nothing in the index is noted down when it is this much. */
const passedMax = 1024 * 1024

/**
 * The index of a log as one: what the files hold, and the tail that is not in SQLite yet. Whoever holds the
 * lock may `attach` for writing; everyone else reads, and scans what the files do not cover into a tail of
 * their own. A file that is missing, damaged or of another store is made again from the log: by a writer in
 * its place, by a reader in memory.
 */
export class StoreIndex {
  readonly #log: CommitLog
  readonly #tombstoneOf: (topic: string) => number
  readonly #onDamage: (damage: Damage) => void
  readonly #onDeleted: (topic: string, physicalOffset: number) => void
  readonly #files: OpenIndexes
  readonly #tail = new IndexTail()
  readonly #windows = new QueueWindows()
  readonly #reader: IndexReader
  /** Log offset up to which records are in the files or in the tail. */
  #coveredTo = 0
  #lastStoreTime = 0

  /**
   * @param tombstoneOf log offset below which a topic's records do not exist
   * @param onDeleted a walk finds that nothing of a topic below a log offset exists
   */
  constructor(
    files: IndexFiles,
    log: CommitLog,
    tombstoneOf: (topic: string) => number,
    onDamage: (damage: Damage) => void,
    onDeleted: (topic: string, physicalOffset: number) => void,
  ) {
    this.#log = log
    this.#tombstoneOf = tombstoneOf
    this.#onDamage = onDamage
    this.#onDeleted = onDeleted
    this.#files = new OpenIndexes(files, log, tombstoneOf, (base, add) => this.#walk(base, add))
    this.#reader = new IndexReader({
      files: this.#files,
      tail: this.#tail,
      windows: this.#windows,
      tombstoneOf,
      coveredTo: () => this.#coveredTo,
    })
  }

  get coveredTo(): number {
    return this.#coveredTo
  }

  get flushedTo(): number {
    return this.#files.active?.indexedTo ?? this.#log.minOffset
  }

  /** Files removed or replaced so far. */
  get replaced(): number {
    return this.#files.replaced
  }

  get unflushed(): number {
    return this.#tail.count
  }

  /** When the last record was stored, epoch ms; 0: there is none. */
  get lastStoreTime(): number {
    return this.#lastStoreTime
  }

  /**
   * Reader: looks at what is there now and walks the rest of the log into the tail.
   * @param sameBoot false: the machine went down since the last writer, and the log may have lost what its
   * index has
   */
  refresh(syncedTo: number, sameBoot = true): void {
    this.#unlessCorrupt(
      () => {
        if (!sameBoot) this.#distrustAhead(syncedTo)
        this.#files.open('read')
        runToEnd(this.#catchUp(syncedTo))
      },
      () => undefined,
    )
  }

  #distrustAhead(syncedTo: number): void {
    const from = Math.max(syncedTo, this.#log.minOffset)
    this.#files.distrustAhead(walkLog(this.#log, from, syncedTo, { record: ignore, damage: ignore }))
  }

  /** Reader: walks on from where the tail ends, in a log that others write. */
  extend(syncedTo: number): void {
    this.#guarded(() => runToEnd(this.#walkOn(syncedTo)))
  }

  /** Writer, under the lock: the files are ours to write, and cover the log up to its end afterwards. */
  attach(syncedTo: number): void {
    this.#unlessCorrupt(
      () => runToEnd(this.attachSteps(syncedTo)),
      () => undefined,
    )
  }

  /** The same in steps; yields the log offset it has come to. Left before its end, the files cover less. */
  *attachSteps(syncedTo: number): Generator<number, void> {
    this.#windows.forget()
    this.#files.open('write')
    yield* this.#catchUp(syncedTo)
    this.#flushTail()
  }

  /** Writer, under the lock again, and nobody else has written since: the files are as they were left. */
  resume(): void {
    this.#files.writing = true
  }

  /** The lock is about to be let go. */
  detach(): void {
    this.#windows.forget()
    this.#files.writing = false
  }

  /** Once the lock is let go: what need not be done under it. */
  tidy(): void {
    this.#files.tidy()
  }

  /** Outside the lock: reads all keys of a sealed segment without a filter. @returns false: all have one */
  makeFilter(): boolean {
    return this.#files.makeFilter()
  }

  /** Under the lock: keeps some of what `makeFilter` made. @returns false when nothing is left to keep */
  keepFilter(): boolean {
    return this.#files.keepFilter()
  }

  /** Writer, before `attach`, when the last one died or the machine did: drops what is not to trust. */
  check(logEnd: number): void {
    this.#windows.forget()
    this.#files.check(logEnd)
  }

  /** Writer, after `attach`: a crash may have come between a tombstone and its work, or rolled that back. */
  dropBelow(tombstones: ReadonlyMap<string, number>): void {
    for (const [topic, offset] of tombstones) this.#guarded(() => this.#forgetBelow(topic, offset))
  }

  /** Before `attach`: all is made again. */
  dropAll(): void {
    this.#windows.forget()
    this.#files.dropAll()
  }

  /** Adds a record that has been written. They come in the order of the log. */
  add(record: DispatchedRecord): void {
    if (this.#files.writing) this.#rollTo(record.physicalOffset)
    this.#tail.add(record)
    this.#passed(record.physicalOffset + record.size, record.storeTimestamp)
  }

  /** Adds records that have been written, in the order of the log. */
  addAll(records: StagedRecords): void {
    const { physicalOffsets, sizes, storeTimestamps } = records
    for (let i = 0; i < records.count; i++) {
      const physicalOffset = physicalOffsets[i]!
      this.#rollTo(physicalOffset)
      this.#tail.addStaged(records, i)
      this.#passed(physicalOffset + sizes[i]!, storeTimestamps[i]!)
    }
  }

  /** A record that has been written and has no place in the index. */
  pass(physicalOffset: number, size: number, storeTimestamp: number): void {
    if (this.#files.writing) this.#rollTo(physicalOffset)
    this.#passed(physicalOffset + size, storeTimestamp)
  }

  #passed(coveredTo: number, storeTimestamp: number): void {
    this.#coveredTo = coveredTo
    this.#lastStoreTime = storeTimestamp
  }

  #rollTo(physicalOffset: number): void {
    if (physicalOffset < this.#files.activeBase + this.#log.segmentSize) return
    this.#flushTail(0)
    this.#files.rollTo(physicalOffset)
    this.#windows.rolled()
  }

  /** Puts the tail into the active segment's file; into one made anew from the log where that is damaged. */
  flush(): void {
    try {
      this.#flushTail()
    } catch (error) {
      if (!isCorrupt(error)) throw error
      this.#reopen()
    }
  }

  #flushTail(passedMin = passedMax): void {
    const active = this.#files.active!
    if (this.#tail.count === 0 && this.#coveredTo - active.indexedTo < passedMin) return
    try {
      active.add(this.#tail, this.#coveredTo, this.#lastStoreTime)
    } catch (error) {
      this.#files.failed(error)
      throw error
    }
    this.#windows.flushed(this.#tail)
    this.#tail.clear()
  }

  /** Writer: a topic is gone; what is written to it later begins at 0. */
  dropTopic(topic: string): void {
    this.flush()
    this.#windows.forget()
    this.#guarded(() => this.#files.dropTopic(topic))
  }

  /** Writer: a sealed segment is gone, and its index with it. */
  dropSegment(base: number): void {
    this.#windows.forget()
    this.#files.dropSegment(base)
  }

  /** What a sealed segment holds of each queue. */
  extentsOf(base: number): QueueExtent[] {
    return this.#guarded(() => this.#files.extentsOf(base))
  }

  lastStoreTimeOf(base: number): number | null {
    return this.#guarded(() => this.#files.lastStoreTimeOf(base))
  }

  /** Null when nothing is there. */
  extent(topic: string, queueId: number): QueueExtent | null {
    return this.#guarded(() => this.#reader.extent(topic, queueId))
  }

  /** All queues that hold something. */
  extents(): QueueExtent[] {
    return this.#guarded(() => this.#reader.extents())
  }

  /** Entries from `from` on, at most `max`, in order. */
  range(topic: string, queueId: number, from: number, max: number): QueueEntry[] {
    return this.#guarded(() => this.#reader.range(topic, queueId, from, max))
  }

  /** Log offsets of messages that may have a key, newest first. The caller compares the text. */
  find(topic: string, key: string): number[] {
    return this.#guarded(() => this.#reader.find(topic, key))
  }

  /** Where a file says a queue's offset lies, the log holds another record: the file is made again. */
  distrust(topic: string, queueId: number, queueOffset: number): void {
    this.#files.distrust(topic, queueId, queueOffset)
    this.#reopen()
  }

  /** Lets all files go: another process has replaced some. */
  reopen(): void {
    this.close()
    this.#files.trustAgain()
  }

  close(): void {
    this.#windows.forget()
    this.#files.close()
  }

  #guarded<T>(act: () => T): T {
    return this.#unlessCorrupt(act, () => this.#reopen())
  }

  /** Derived files are never a reason to fail: one that turns out to be damaged is left, and made again. */
  #unlessCorrupt<T>(act: () => T, repair: () => void): T {
    // one after the other is met, and each is left but once
    for (let mayGuess = true; ; mayGuess = false) {
      try {
        return act()
      } catch (error) {
        if (!isCorrupt(error) || !this.#files.distrustDamaged(mayGuess)) throw error
        repair()
      }
    }
  }

  #reopen(): void {
    const { coveredTo } = this
    this.close()
    if (this.#files.writing) this.attach(coveredTo)
    else this.refresh(coveredTo)
  }

  /** Everything between what the files hold and the end of the log. */
  *#catchUp(syncedTo: number): Generator<number, void> {
    this.#tail.clear()
    this.#coveredTo = Math.max(this.flushedTo, this.#log.minOffset)
    this.#lastStoreTime = this.#files.active?.lastStoreTime ?? 0
    yield* this.#walkOn(syncedTo)
  }

  *#walkOn(syncedTo: number): Generator<number, void> {
    const end = yield* walkSteps(this.#log, this.#coveredTo, syncedTo, {
      record: (source, at, size, offset) => {
        const record = this.#dispatched(source, at, offset)
        if (record === null) return this.pass(offset, size, storeTimestampOf(source, at))
        if (record.queueOffset === 0) this.#mayBeginAgain(record)
        this.add(record)
        if (this.#files.writing && this.#tail.count >= tailMax) this.#flushTail()
      },
      damage: this.#onDamage,
    })
    this.#coveredTo = Math.max(end, this.#coveredTo)
  }

  /**
   * A queue that begins at 0 once more: in a log of RocketMQ the topic was deleted and made anew, and nothing
   * else tells. What the topic held when that queue had its last message is gone. Our own deletions leave a
   * tombstone, and never come here.
   */
  #mayBeginAgain({ topic, queueId }: DispatchedRecord): void {
    // damage that is met here ends the walk: one that began anew within it would find this very record
    const extent = this.#reader.extent(topic, queueId)
    const last = extent === null ? undefined : this.#reader.range(topic, queueId, extent.endOffset - 1, 1)[0]
    if (last === undefined) return
    const gone = last.physicalOffset + 1
    this.#onDeleted(topic, gone)
    if (!this.#files.writing) return this.#tail.dropBelow(topic, gone)
    this.#flushTail(0)
    this.#forgetBelow(topic, gone)
  }

  #forgetBelow(topic: string, gone: number): void {
    this.#windows.forget()
    this.#files.forgetBelow(topic, gone)
  }

  /** What the index keeps of a record; null: nothing, or its topic was deleted. */
  #dispatched(source: Buffer, at: number, offset: number): DispatchedRecord | null {
    const record = dispatchedRecord(source, at, offset)
    return record === null || offset < this.#tombstoneOf(record.topic) ? null : record
  }

  /** All records of a sealed segment. */
  #walk(base: number, add: (record: DispatchedRecord | null, storeTimestamp: number) => void): void {
    const end = base + this.#log.segmentSize
    const record = (source: Buffer, at: number, _size: number, offset: number): void =>
      add(this.#dispatched(source, at, offset), storeTimestampOf(source, at))
    walkLog(this.#log, base, end, { record, damage: this.#onDamage }, end)
  }
}

function ignore(): void {
  // a walk that only looks for the end
}

import { Catalog } from './catalog.ts'
import type { CommitLog } from './commit-log.ts'
import { dispatchedRecord } from './dispatcher.ts'
import { runToEnd, walkLog, walkSteps, type Damage } from './log-walk.ts'
import { storeTimestampOf } from '../model/record.ts'
import { topicKeyHash, type IndexDb, type QueueEntry, type QueueExtent } from './index-db.ts'
import type { IndexFiles } from './index-files.ts'
import { IndexTail, tailRange, type DispatchedRecord } from './index-rows.ts'
import { SealedIndexes } from './sealed-indexes.ts'
import { isCorrupt } from './sqlite.ts'

/** A tail of this size is flushed while a scan goes on, so that memory stays bounded. */
const tailMax = 65_536
/** What was walked and led to nothing in the index is noted down when it is this much. */
const passedMax = 1024 * 1024

/**
 * All index files as one: sealed segments through the catalog, the active one, and the tail that is not in
 * SQLite yet. Whoever holds the lock may `attach` for writing; everyone else reads, and scans what the files
 * do not cover into a tail of their own. A file that is missing, damaged or of another store is made again
 * from the log: by a writer in its place, by a reader in memory.
 */
export class StoreIndex {
  readonly #files: IndexFiles
  readonly #log: CommitLog
  readonly #tombstoneOf: (topic: string) => number
  readonly #onDamage: (damage: Damage) => void
  readonly #onDeleted: (topic: string, physicalOffset: number) => void
  readonly #sealed: SealedIndexes
  readonly #tail = new IndexTail()
  #catalog: Catalog | null = null
  #catalogWritable = false
  #active: IndexDb | null = null
  /** The active file is open for writing. */
  #writable = false
  /** The lock is held: files may be changed. */
  #writing = false
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
    this.#files = files
    this.#log = log
    this.#tombstoneOf = tombstoneOf
    this.#onDamage = onDamage
    this.#onDeleted = onDeleted
    this.#sealed = new SealedIndexes(files, log, (base, add) => this.#walk(base, add))
  }

  get coveredTo(): number {
    return this.#coveredTo
  }

  get flushedTo(): number {
    return this.#active?.indexedTo ?? this.#log.minOffset
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
        this.#open('read')
        runToEnd(this.#catchUp(syncedTo))
      },
      () => undefined,
    )
  }

  /** Reader: walks on from where the tail ends, in a log that others write. */
  extend(syncedTo: number): void {
    runToEnd(this.#walkOn(syncedTo))
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
    this.#files.makeFolder()
    this.#writing = true
    this.#open('write')
    yield* this.#catchUp(syncedTo)
    this.flush()
  }

  /** Writer, under the lock again, and nobody else has written since: the files are as they were left. */
  resume(): void {
    this.#writing = true
  }

  /** The lock is about to be let go. */
  detach(): void {
    this.#writing = false
  }

  /**
   * Writer, before `attach`, when the last one died or the machine did: drops files that know of more than
   * the log holds, and sealed ones that do not cover their segment; they are made again from it.
   */
  check(logEnd: number): void {
    this.close()
    const bases = this.#files.bases()
    for (const base of bases) {
      const end = base + this.#log.segmentSize
      const index = this.#files.open(base, 'read')
      const { indexedTo } = index ?? { indexedTo: -1 }
      index?.close()
      const sealed = base !== bases.at(-1)
      if (indexedTo === -1 || indexedTo > logEnd || (sealed && indexedTo < end)) this.#files.remove(base)
    }
    this.#files.sync()
  }

  /** Writer, after `attach`: a crash may have come between a tombstone and its work, or rolled that back. */
  dropBelow(tombstones: ReadonlyMap<string, number>): void {
    for (const [topic, offset] of tombstones) this.#forgetBelow(topic, offset)
  }

  /** Writer, before `attach`: everything is made again. */
  dropAll(): void {
    this.close()
    this.#files.removeAll()
  }

  /** Adds a record that has been written. They come in the order of the log. */
  add(record: DispatchedRecord): void {
    if (this.#writing) this.#rollTo(record.physicalOffset)
    this.#tail.add(record, topicKeyHash)
    this.#passed(record.physicalOffset + record.size, record.storeTimestamp)
  }

  /** A record that has been written and has no place in the index. */
  pass(physicalOffset: number, size: number, storeTimestamp: number): void {
    if (this.#writing) this.#rollTo(physicalOffset)
    this.#passed(physicalOffset + size, storeTimestamp)
  }

  #passed(coveredTo: number, storeTimestamp: number): void {
    this.#coveredTo = coveredTo
    this.#lastStoreTime = storeTimestamp
  }

  /** Puts the tail into the active segment's file. */
  flush(passedMin = passedMax): void {
    const active = this.#active!
    if (this.#tail.count === 0 && this.#coveredTo - active.indexedTo < passedMin) return
    try {
      active.add(this.#tail, this.#coveredTo, this.#lastStoreTime)
    } catch (error) {
      active.forget()
      if (isCorrupt(error)) this.#files.distrust(active.base)
      throw error
    }
    this.#tail.clear()
  }

  /** Writer: a topic is gone; what is written to it later begins at 0. */
  dropTopic(topic: string): void {
    this.flush()
    this.#active!.dropTopic(topic)
    this.#catalog!.dropTopic(topic)
  }

  /** Writer: a sealed segment is gone, and its index with it. */
  dropSegment(base: number): void {
    this.#catalog!.dropSegment(base)
    this.#sealed.close(base)
    this.#files.remove(base)
  }

  /** What a sealed segment holds of each queue. */
  extentsOf(base: number): QueueExtent[] {
    return this.#catalog?.partsOf(base) ?? []
  }

  /**
   * When the last record of a sealed segment was stored, epoch ms; 0: it has none; null for one that is not
   * sealed.
   */
  lastStoreTimeOf(base: number): number | null {
    if (base >= (this.#active?.base ?? 0)) return null
    return this.#catalog?.lastStoreTime(base) ?? null
  }

  /** Null when nothing is there. */
  extent(topic: string, queueId: number): QueueExtent | null {
    return this.#guarded(() => {
      const parts = [
        this.#catalog?.extent(topic, queueId, this.#firstBase(topic), this.#active?.base ?? 0) ?? null,
        this.#activeExtent(topic, queueId),
      ]
      for (const rows of this.#tail.rows(topic, queueId)) {
        parts.push({ topic, queueId, minOffset: rows.firstOffset, endOffset: rows.endOffset })
      }
      const held = parts.filter((part) => part !== null)
      if (held.length === 0) return null
      return { topic, queueId, minOffset: held[0]!.minOffset, endOffset: held.at(-1)!.endOffset }
    })
  }

  /** A writer may have put more into the file than its reader has seen of the log. */
  #activeExtent(topic: string, queueId: number): QueueExtent | null {
    if (this.#active === null) return null
    if (this.#writing) return this.#active.extent(topic, queueId)
    return this.#active.extentWithin(topic, queueId, this.#tombstoneOf(topic), this.#coveredTo)
  }

  /** Segments that begin at or before this hold nothing of a topic any more. */
  #firstBase(topic: string): number {
    return this.#tombstoneOf(topic) - this.#log.segmentSize
  }

  #segmentHolding(topic: string, queueId: number, from: number): number | null {
    const active = this.#active?.base ?? 0
    return this.#catalog?.segmentHolding(topic, queueId, from, this.#firstBase(topic), active) ?? null
  }

  /** All queues that hold something. */
  extents(): QueueExtent[] {
    const active = this.#active?.base ?? 0
    const parts: Pick<QueueExtent, 'topic' | 'queueId'>[] = [
      ...(this.#catalog?.basesBefore(active) ?? []).flatMap((base) => this.extentsOf(base)),
      ...(this.#active?.extents() ?? []),
    ]
    for (const [topic, queueId] of this.#tail.queues()) parts.push({ topic, queueId })
    const byName = new Map(parts.map((part) => [`${part.topic}/${part.queueId}`, part]))
    return [...byName.values()].flatMap(({ topic, queueId }) => this.extent(topic, queueId) ?? [])
  }

  /** Entries from `from` on, at most `max`, in order. */
  range(topic: string, queueId: number, from: number, max: number): QueueEntry[] {
    return this.#guarded(() => {
      const entries: QueueEntry[] = []
      let next = from
      while (entries.length < max) {
        const part = this.#rangeOnce(topic, queueId, next, max - entries.length)
        if (part.length === 0) break
        for (const entry of part) {
          if (entry.physicalOffset >= this.#coveredTo) return entries
          entries.push(entry)
        }
        next = part.at(-1)!.queueOffset + 1
      }
      return entries
    })
  }

  #rangeOnce(topic: string, queueId: number, from: number, max: number): QueueEntry[] {
    const sealed = this.#segmentHolding(topic, queueId, from)
    if (sealed !== null) return this.#sealed.of(sealed, this.#writing).range(topic, queueId, from, max)
    const tombstone = this.#tombstoneOf(topic)
    const rows = this.#active?.range(topic, queueId, from, max) ?? []
    const flushed = tombstone === 0 ? rows : rows.filter((entry) => entry.physicalOffset >= tombstone)
    return flushed.length > 0 ? flushed : tailRange(this.#tail.rows(topic, queueId), from, max)
  }

  /** Log offsets of messages that may have a key, newest first. The caller compares the text. */
  find(topic: string, key: string): number[] {
    return this.#guarded(() => {
      const hash = topicKeyHash(topic, key)
      const found = new Set(this.#active?.keys.find(hash) ?? [])
      const { keyHashes, keyPhysicalOffsets } = this.#tail
      for (let i = 0; i < keyHashes.length; i++) if (keyHashes[i] === hash) found.add(keyPhysicalOffsets[i]!)
      for (const base of this.#catalog?.basesBefore(this.#active?.base ?? 0) ?? []) {
        for (const offset of this.#sealed.of(base, this.#writing).keys.find(hash)) found.add(offset)
      }
      return [...found].sort((a, b) => b - a)
    })
  }

  /** Where a file says a queue's offset lies, the log holds another record: the file is made again. */
  distrust(topic: string, queueId: number, queueOffset: number): void {
    this.#files.distrust(this.#segmentHolding(topic, queueId, queueOffset) ?? this.#active?.base ?? 0)
    this.#reopen()
  }

  /** Lets all files go: another process has replaced some. */
  reopen(): void {
    this.close()
    this.#files.trustAgain()
  }

  close(): void {
    this.#sealed.closeAll()
    this.#active?.close()
    this.#catalog?.close()
    this.#active = null
    this.#catalog = null
  }

  #guarded<T>(act: () => T): T {
    return this.#unlessCorrupt(act, () => this.#reopen())
  }

  /** Derived files are never a reason to fail: one that turns out to be damaged is left, and made again. */
  #unlessCorrupt<T>(act: () => T, repair: () => void): T {
    try {
      return act()
    } catch (error) {
      if (!isCorrupt(error)) throw error
      const active = this.#active
      const wrong = this.#sealed.damaged()
      if (active !== null && !active.isSound()) wrong.push(active.base)
      for (const base of wrong) this.#files.distrust(base)
      if (wrong.length === 0 && active !== null && this.#catalog?.isSound() !== false)
        this.#files.distrust(active.base)
      this.#catalogDistrusted ||= this.#catalog?.isSound() === false
      this.close()
      repair()
      return act()
    }
  }

  #catalogDistrusted = false

  #reopen(): void {
    const { coveredTo } = this
    this.close()
    if (this.#writing) this.attach(coveredTo)
    else this.refresh(coveredTo)
  }

  #open(mode: 'read' | 'write'): void {
    this.#useNewest(mode)
    this.#openCatalog(mode)
    this.#fillCatalog(mode)
  }

  /** What a writer removes in `check`, a reader passes over. */
  #distrustAhead(syncedTo: number): void {
    const from = Math.max(syncedTo, this.#log.minOffset)
    const end = walkLog(this.#log, from, syncedTo, { record: ignore, damage: ignore })
    for (const base of this.#files.bases().reverse()) {
      const index = this.#files.open(base, 'read')
      const { indexedTo } = index ?? { indexedTo: Infinity }
      index?.close()
      if (indexedTo <= end) return
      this.#files.distrust(base)
    }
  }

  #useNewest(mode: 'read' | 'write'): void {
    const segments = new Set([this.#log.minOffset, ...this.#log.segments.map(({ base }) => base)])
    const usable = (base: number): boolean => segments.has(base) && !this.#files.isDistrusted(base)
    const bases = this.#files.bases()
    if (mode === 'write') {
      // of segments that have expired, or were never ours
      for (const base of bases) if (!usable(base)) this.#files.remove(base)
    }
    const left = bases.filter(usable)
    const active = this.#active
    if (active !== null && (active.base !== left.at(-1) || (mode === 'write' && !this.#writable))) {
      active.close()
      this.#active = null
    }
    this.#active?.forget()
    for (let base = left.pop(); base !== undefined && this.#active === null; base = left.pop()) {
      this.#sealed.close(base)
      this.#active = this.#files.open(base, mode)
      this.#writable = mode === 'write'
      if (this.#active === null && mode === 'write') this.#files.remove(base)
    }
    if (this.#active === null && mode === 'write') {
      this.#active = this.#files.openAnew(this.#log.minOffset)
      this.#writable = true
    }
  }

  #openCatalog(mode: 'read' | 'write'): void {
    if (this.#catalogDistrusted || (mode === 'write' && !this.#catalogWritable)) {
      this.#catalog?.close()
      this.#catalog = null
    }
    if (this.#catalogDistrusted && mode === 'write') {
      this.#files.removeCatalog()
      this.#catalogDistrusted = false
    }
    if (this.#catalog !== null) return
    const { catalogPath, storeId } = this.#files
    const fileMode = mode === 'write' ? 'create' : 'read'
    this.#catalog = this.#catalogDistrusted ? null : Catalog.open(catalogPath, storeId, fileMode)
    if (this.#catalog === null && mode === 'write') {
      this.#files.removeCatalog()
      this.#catalog = Catalog.open(catalogPath, storeId, 'create')
    }
    this.#catalogWritable = mode === 'write'
  }

  /**
   * The catalog knows exactly the segments before the active one. Whoever may not write mends a copy in
   * memory.
   */
  #fillCatalog(mode: 'read' | 'write'): void {
    const active = this.#active?.base ?? 0
    const before = this.#log.segments.map(({ base }) => base).filter((base) => base < active)
    if (mode === 'write') {
      const there = new Set(this.#files.bases())
      for (const base of before) if (!there.has(base)) this.#sealed.of(base, true)
    }
    const known = this.#catalog?.basesBefore(active) ?? []
    if (known.length === before.length && known.every((base, i) => base === before[i])) return
    if (mode === 'read') {
      const copy = Catalog.open(':memory:', this.#files.storeId, 'create')!
      for (const base of known)
        copy.add(base, this.#catalog!.lastStoreTime(base) ?? 0, this.#catalog!.partsOf(base))
      this.#catalog?.close()
      this.#catalog = copy
    }
    for (const base of known) if (!before.includes(base)) this.#catalog!.dropSegment(base)
    for (const base of before) {
      if (known.includes(base)) continue
      const sealed = this.#sealed.of(base, mode === 'write')
      const end = base + this.#log.segmentSize
      const extents = sealed.extents().filter((each) => this.#tombstoneOf(each.topic) < end)
      this.#catalog!.add(base, sealed.lastStoreTime, extents)
    }
  }

  /** Everything between what the files hold and the end of the log. */
  *#catchUp(syncedTo: number): Generator<number, void> {
    this.#tail.clear()
    this.#coveredTo = Math.max(this.flushedTo, this.#log.minOffset)
    this.#lastStoreTime = this.#active?.lastStoreTime ?? 0
    yield* this.#walkOn(syncedTo)
  }

  *#walkOn(syncedTo: number): Generator<number, void> {
    const end = yield* walkSteps(this.#log, this.#coveredTo, syncedTo, {
      record: (source, at, size, offset) => {
        const record = this.#dispatched(source, at, offset)
        if (record === null) return this.pass(offset, size, storeTimestampOf(source, at))
        if (record.queueOffset === 0) this.#mayBeginAgain(record)
        this.add(record)
        if (this.#writing && this.#tail.count >= tailMax) this.flush()
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
    const extent = this.extent(topic, queueId)
    const last = extent === null ? undefined : this.range(topic, queueId, extent.endOffset - 1, 1)[0]
    if (last === undefined) return
    const gone = last.physicalOffset + 1
    this.#onDeleted(topic, gone)
    if (!this.#writing) return this.#tail.dropBelow(topic, gone)
    this.flush(0)
    this.#forgetBelow(topic, gone)
  }

  /** In the active file, in segments that end before, and in the one in which the topic was deleted. */
  #forgetBelow(topic: string, gone: number): void {
    this.#active!.dropBelow(topic, gone)
    this.#catalog!.dropBelow(topic, gone - this.#log.segmentSize)
    const within = this.#log.segments.find(({ base, end }) => base < gone && gone < end)
    if (within !== undefined && within.base < this.#active!.base)
      this.#dropGoneParts(topic, within.base, gone)
  }

  /** A queue's part of the segment in which its topic was deleted is all before that, or all behind. */
  #dropGoneParts(topic: string, base: number, gone: number): void {
    for (const { queueId, endOffset, ...part } of this.#catalog!.partsOf(base)) {
      if (part.topic !== topic) continue
      const [last] = this.#sealed.of(base, true).range(topic, queueId, endOffset - 1, 1)
      if (last !== undefined && last.physicalOffset < gone) this.#catalog!.dropPart(topic, queueId, base)
    }
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

  /** The record lies in a later segment than the active file's: seal that one and begin the next. */
  #rollTo(physicalOffset: number): void {
    const active = this.#active!
    const { segmentSize, segments } = this.#log
    if (physicalOffset < active.base + segmentSize) return
    this.flush(0)
    active.seal(active.base + segmentSize)
    // the catalog first: a reader that sees the next file must find the sealed one
    this.#catalog!.add(active.base, active.lastStoreTime, active.extents())
    active.close()
    this.#active = this.#files.openAnew(segments.findLast((segment) => physicalOffset >= segment.base)!.base)
  }
}

function ignore(): void {
  // a walk that only looks for the end
}

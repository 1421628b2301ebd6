import { Catalog } from './catalog.ts'
import type { CommitLog } from './commit-log.ts'
import type { IndexDb, QueueEntry, QueueExtent } from './index-db.ts'
import type { IndexFiles } from './index-files.ts'
import { KeyFilters } from './key-filters.ts'
import { SealedIndexes, type SegmentWalk } from './sealed-indexes.ts'
import { isCorrupt } from './sqlite.ts'

/**
 * The index files that are in use: the active segment's, those of sealed ones, and the catalog that finds
 * them. Whoever holds the lock makes anew what is missing, damaged or of another store; everyone else does so
 * in memory.
 */
export class OpenIndexes {
  /** The lock is held: files may be changed. */
  writing = false
  /** The active segment's; null: there is none yet, or it was let go. */
  active: IndexDb | null = null
  readonly #files: IndexFiles
  readonly #log: CommitLog
  readonly #tombstoneOf: (topic: string) => number
  readonly #sealed: SealedIndexes
  /** First offset of the sealed segment whose file was asked last. */
  #asked: number | null = null
  readonly #filters: KeyFilters
  #catalog: Catalog | null = null
  #catalogWritable = false
  #catalogDistrusted = false
  /** The active file is open for writing. */
  #writable = false

  /**
   * @param tombstoneOf log offset below which a topic's records do not exist
   * @param walk how a sealed segment's file is made again
   */
  constructor(files: IndexFiles, log: CommitLog, tombstoneOf: (topic: string) => number, walk: SegmentWalk) {
    this.#files = files
    this.#log = log
    this.#tombstoneOf = tombstoneOf
    this.#sealed = new SealedIndexes(files, log, walk)
    this.#filters = new KeyFilters(files)
  }

  /** Where the active segment begins. */
  get activeBase(): number {
    return this.active?.base ?? 0
  }

  /** Reader: the files as they are. Writer: files to write to, which is what `writing` then says. */
  open(mode: 'read' | 'write'): void {
    if (mode === 'write') {
      this.writing = true
      if (this.#isUnchanged()) return this.active!.forget()
      this.#files.makeFolder()
    }
    this.#useNewest(mode)
    this.#openCatalog(mode)
    this.#fillCatalog(mode)
    if (mode === 'write') this.#filters.look(this.#catalog!, this.activeBase)
  }

  /**
   * The files are open for writing, and those of the segments there are: whoever wrote meanwhile wrote into
   * them. Who removes or replaces one tells all others (`replaced`); one that was deleted by hand is made
   * again.
   */
  #isUnchanged(): boolean {
    const { active } = this
    if (active === null || !this.#writable || !this.#catalogWritable || this.#catalog === null) return false
    if (this.#catalogDistrusted || this.#files.isDistrusted(active.base)) return false
    const last = this.#log.segments.at(-1)
    return last?.base === active.base && this.#files.has(active.base)
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
    const { active } = this
    if (active !== null && (active.base !== left.at(-1) || (mode === 'write' && !this.#writable))) {
      active.close()
      this.active = null
    }
    this.active?.forget()
    for (let base = left.pop(); base !== undefined && this.active === null; base = left.pop()) {
      this.#sealed.close(base)
      this.active = this.#files.open(base, mode)
      this.#writable = mode === 'write'
      if (this.active === null && mode === 'write') this.#files.remove(base)
    }
    if (this.active === null && mode === 'write') {
      this.active = this.#files.openAnew(this.#log.minOffset)
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
    const { activeBase: active } = this
    const before = this.#log.segments.map(({ base }) => base).filter((base) => base < active)
    if (mode === 'write') {
      const there = new Set(this.#files.bases())
      for (const base of before) if (!there.has(base)) this.#sealedOf(base)
    }
    const known = this.sealedBases()
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
      const sealed = this.#sealedOf(base)
      const end = base + this.#log.segmentSize
      const extents = sealed.extents().filter((each) => this.#tombstoneOf(each.topic) < end)
      this.#catalog!.add(base, sealed.lastStoreTime, extents)
    }
  }

  /**
   * Writer, before `open`, when the last one died or the machine did: drops files that know of more than the
   * log holds, and sealed ones that do not cover their segment; they are made again from it.
   */
  check(logEnd: number): void {
    this.close()
    const bases = this.#files.bases()
    for (const base of bases) {
      const end = base + this.#log.segmentSize
      const indexedTo = this.#indexedTo(base) ?? -1
      const sealed = base !== bases.at(-1)
      if (indexedTo === -1 || indexedTo > logEnd || (sealed && indexedTo < end)) this.#files.remove(base)
    }
    this.#files.sync()
  }

  /** What a writer removes in `check`, a reader passes over. */
  distrustAhead(logEnd: number): void {
    for (const base of this.#files.bases().reverse()) {
      if ((this.#indexedTo(base) ?? Infinity) <= logEnd) return
      this.#files.distrust(base)
    }
  }

  /** How far a file knows the log; null: it cannot be used. */
  #indexedTo(base: number): number | null {
    const index = this.#files.open(base, 'read')
    const indexedTo = index?.indexedTo ?? null
    index?.close()
    return indexedTo
  }

  /** Writer: the record lies in a later segment than the active file's, which is sealed; the next begins. */
  rollTo(physicalOffset: number): void {
    const active = this.active!
    const { segmentSize, segments } = this.#log
    try {
      active.seal(active.base + segmentSize)
    } catch (error) {
      this.failed(error)
      throw error
    }
    // the catalog first: a reader that sees the next file must find the sealed one
    this.#catalog!.add(active.base, active.lastStoreTime, active.extents())
    this.#filters.add(active.base)
    active.close()
    this.active = this.#files.openAnew(segments.findLast((segment) => physicalOffset >= segment.base)!.base)
  }

  /** Once the lock is let go: what need not be done under it. */
  tidy(): void {
    this.active?.tidy()
  }

  /** Outside the lock: reads all keys of a sealed segment without a filter. @returns false: all have one */
  makeFilter(): boolean {
    return this.#filters.make()
  }

  /** Under the lock: keeps some of what `makeFilter` made. @returns false when nothing is left to keep */
  keepFilter(): boolean {
    return this.#catalog !== null && this.#filters.keep(this.#catalog)
  }

  dropTopic(topic: string): void {
    this.active!.dropTopic(topic)
    this.#catalog!.dropTopic(topic)
  }

  dropSegment(base: number): void {
    this.#filters.drop(base)
    this.#catalog!.dropSegment(base)
    this.#sealed.close(base)
    this.#files.remove(base)
  }

  dropAll(): void {
    this.close()
    this.#files.removeAll()
  }

  /** In the active file, in segments that end before, and in the one in which the topic was deleted. */
  forgetBelow(topic: string, gone: number): void {
    this.active!.dropBelow(topic, gone)
    this.#catalog!.dropBelow(topic, gone - this.#log.segmentSize)
    const within = this.#log.segments.find(({ base, end }) => base < gone && gone < end)
    if (within !== undefined && within.base < this.activeBase) this.#dropGoneParts(topic, within.base, gone)
  }

  /** A queue's part of the segment in which its topic was deleted is all before that, or all behind. */
  #dropGoneParts(topic: string, base: number, gone: number): void {
    for (const { queueId, endOffset, ...part } of this.#catalog!.partsOf(base)) {
      if (part.topic !== topic) continue
      const [last] = this.#sealedOf(base).range(topic, queueId, endOffset - 1, 1)
      if (last !== undefined && last.physicalOffset < gone) this.#catalog!.dropPart(topic, queueId, base)
    }
  }

  /** First offsets of the sealed segments, ascending. */
  sealedBases(): number[] {
    return this.#catalog?.basesBefore(this.activeBase) ?? []
  }

  /** What a sealed segment holds of each queue. */
  extentsOf(base: number): QueueExtent[] {
    return this.#catalog?.partsOf(base) ?? []
  }

  /** What the sealed segments hold of a queue. */
  sealedExtent(topic: string, queueId: number): QueueExtent | null {
    return this.#catalog?.extent(topic, queueId, this.#firstBase(topic), this.activeBase) ?? null
  }

  /** Entries of a queue in the first sealed segment that holds some from `from` on; null: none does. */
  sealedRange(topic: string, queueId: number, from: number, max: number): QueueEntry[] | null {
    const base = this.#segmentHolding(topic, queueId, from)
    return base === null ? null : this.#sealedOf(base).range(topic, queueId, from, max)
  }

  /** Log offsets in sealed segments of messages that may have a key. */
  *sealedKeys(hash: number): Generator<number> {
    for (const base of this.#catalog?.basesWithKey(hash, this.activeBase) ?? [])
      yield* this.#sealedOf(base).find(hash)
  }

  /**
   * When the last record of a sealed segment was stored, epoch ms; 0: it has none; null for one that is not
   * sealed.
   */
  lastStoreTimeOf(base: number): number | null {
    return base >= this.activeBase ? null : (this.#catalog?.lastStoreTime(base) ?? null)
  }

  #sealedOf(base: number): IndexDb {
    this.#asked = base
    return this.#sealed.of(base, this.writing)
  }

  /** Segments that begin at or before this hold nothing of a topic any more. */
  #firstBase(topic: string): number {
    return this.#tombstoneOf(topic) - this.#log.segmentSize
  }

  #segmentHolding(topic: string, queueId: number, from: number): number | null {
    return (
      this.#catalog?.segmentHolding(topic, queueId, from, this.#firstBase(topic), this.activeBase) ?? null
    )
  }

  /** The file that leads to a queue's offset is wrong. */
  distrust(topic: string, queueId: number, queueOffset: number): void {
    this.#files.distrust(this.#segmentHolding(topic, queueId, queueOffset) ?? this.activeBase)
  }

  /** A transaction on the active file has failed. */
  failed(error: unknown): void {
    this.active!.forget()
    if (isCorrupt(error)) this.#files.distrust(this.activeBase)
  }

  /**
   * SQLite has met damage in one of the files: finds out in which, and closes all.
   * @param mayGuess where nothing is found, it is the files that were asked last
   * @returns false: no file is to blame, and nothing was done
   */
  distrustDamaged(mayGuess: boolean): boolean {
    const { active } = this
    const wrong = this.#sealed.damaged()
    if (active !== null && !active.isSound()) wrong.push(active.base)
    const catalogIsSound = this.#catalog?.isSound() !== false
    if (wrong.length === 0 && catalogIsSound) {
      if (!mayGuess) return false
      // a query may meet what the check passes over
      wrong.push(...[active?.base, this.#asked].filter((base) => typeof base === 'number'))
    }
    for (const base of wrong) this.#files.distrust(base)
    this.#catalogDistrusted ||= !catalogIsSound
    this.close()
    return true
  }

  /** Another process has replaced files. */
  trustAgain(): void {
    this.#files.trustAgain()
  }

  /** Files removed or replaced so far. */
  get replaced(): number {
    return this.#files.replaced
  }

  close(): void {
    this.#filters.forget()
    this.#sealed.closeAll()
    this.active?.close()
    this.#catalog?.close()
    this.active = null
    this.#catalog = null
  }
}

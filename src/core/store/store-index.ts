import { join } from 'node:path'
import { MqError } from '../errors.ts'
import { Catalog } from './catalog.ts'
import type { CommitLog } from './commit-log.ts'
import { dispatchedRecord } from './dispatcher.ts'
import { runToEnd, walkSteps, type Damage } from './log-walk.ts'
import type { FileSystem } from './file-system.ts'
import { IndexDb, topicKeyHash, type QueueEntry, type QueueExtent } from './index-db.ts'
import { IndexTail, type DispatchedRecord, type QueueRows } from './index-rows.ts'
import { QueueEnds } from './queue-ends.ts'
import { segmentBase, segmentName } from './segment.ts'

/** Open index files of sealed segments at most. */
const handlesMax = 16
/** A tail of this size is flushed while a scan goes on, so that memory stays bounded. */
const tailMax = 65_536

/**
 * All index files as one: sealed segments through the catalog, the active one, and the tail that is not in
 * SQLite yet. Whoever holds the lock may `attach` for writing; everyone else reads, and scans what the files
 * do not cover into a tail of their own.
 */
export class StoreIndex {
  readonly #fs: FileSystem
  readonly #folder: string
  readonly #log: CommitLog
  readonly #tombstoneOf: (topic: string) => number
  readonly #onDamage: (damage: Damage) => void
  readonly #handles = new Map<number, IndexDb>()
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
   * @param folder `<store>/pocketmq`
   * @param tombstoneOf log offset below which a topic's records do not exist
   */
  constructor(
    fs: FileSystem,
    folder: string,
    log: CommitLog,
    tombstoneOf: (topic: string) => number,
    onDamage: (damage: Damage) => void,
  ) {
    this.#fs = fs
    this.#folder = folder
    this.#log = log
    this.#tombstoneOf = tombstoneOf
    this.#onDamage = onDamage
  }

  get coveredTo(): number {
    return this.#coveredTo
  }

  get flushedTo(): number {
    return this.#active?.indexedTo ?? this.#log.minOffset
  }

  get unflushed(): number {
    return this.#tail.count
  }

  /** Reader: looks at what is there now and walks the rest of the log into the tail. */
  refresh(syncedTo: number): void {
    this.#useNewest('read')
    runToEnd(this.#catchUp(syncedTo))
  }

  /** Reader: walks on from where the tail ends, in a log that others write. */
  extend(syncedTo: number): void {
    runToEnd(this.#walkOn(syncedTo))
  }

  /** Writer, under the lock: the files are ours to write, and cover the log up to its end afterwards. */
  attach(syncedTo: number): void {
    runToEnd(this.attachSteps(syncedTo))
  }

  /** The same in steps; yields the log offset it has come to. Left before its end, the files cover less. */
  *attachSteps(syncedTo: number): Generator<number, void> {
    this.#fs.mkdir(join(this.#folder, 'index'))
    this.#useNewest('create')
    this.#fillCatalog()
    this.#writing = true
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
   * Writer, before `attach`: drops files that know of more than the log holds; they are made again from it.
   */
  dropBehind(logEnd: number): void {
    this.close()
    const folder = join(this.#folder, 'index')
    for (const name of this.#fs.list(folder)) {
      const base = name.endsWith('.db') ? segmentBase(name.slice(0, -3)) : null
      if (base === null) continue
      if (base < logEnd || base === 0) {
        const index = IndexDb.openReadable(join(folder, name), base)
        const sound = index !== null && index.indexedTo <= logEnd
        index?.close()
        if (sound) continue
      }
      this.#removeFile(join(folder, name))
    }
  }

  /** Writer, before `attach`: everything is made again. */
  dropAll(): void {
    this.close()
    const folder = join(this.#folder, 'index')
    for (const name of this.#fs.list(folder)) this.#fs.unlink(join(folder, name))
    this.#removeFile(join(this.#folder, 'catalog.db'))
  }

  /** Only under the lock: another process's reader that has it open goes on with what it has. */
  #removeFile(path: string): void {
    for (const suffix of ['', '-wal', '-shm']) this.#fs.unlink(path + suffix)
  }

  /** Adds a record that has been written. They come in the order of the log. */
  add(record: DispatchedRecord): void {
    if (this.#writing) this.#rollTo(record.physicalOffset)
    this.#tail.add(record, topicKeyHash)
    this.#coveredTo = record.physicalOffset + record.size
    this.#lastStoreTime = record.storeTimestamp
  }

  /** Puts the tail into the active segment's file. */
  flush(): void {
    if (this.#tail.count === 0) return
    this.#active!.add(this.#tail, this.#coveredTo, this.#lastStoreTime)
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
    this.#handles.get(base)?.close()
    this.#handles.delete(base)
    this.#removeFile(this.#path(base))
  }

  /** When the last record of a sealed segment was stored, epoch ms; null for one that is not sealed. */
  lastStoreTimeOf(base: number): number | null {
    return this.#catalog?.lastStoreTime(base) ?? null
  }

  extent(topic: string, queueId: number): QueueExtent {
    const parts = [
      this.#catalog?.extent(topic, queueId, this.#active?.base ?? 0) ?? null,
      this.#active?.extent(topic, queueId) ?? null,
    ]
    for (const rows of this.#tail.rows(topic, queueId)) {
      parts.push({ topic, queueId, minOffset: rows.firstOffset, endOffset: rows.endOffset })
    }
    const held = parts.filter((part) => part !== null)
    return { topic, queueId, minOffset: held[0]?.minOffset ?? 0, endOffset: held.at(-1)?.endOffset ?? 0 }
  }

  /** Entries from `from` on, at most `max`, in order. */
  range(topic: string, queueId: number, from: number, max: number): QueueEntry[] {
    const entries: QueueEntry[] = []
    let next = from
    while (entries.length < max) {
      const part = this.#rangeOnce(topic, queueId, next, max - entries.length)
      if (part.length === 0) break
      for (const entry of part) entries.push(entry)
      next = part.at(-1)!.queueOffset + 1
    }
    return entries
  }

  #rangeOnce(topic: string, queueId: number, from: number, max: number): QueueEntry[] {
    const sealed = this.#catalog?.segmentHolding(topic, queueId, from, this.#active?.base ?? 0) ?? null
    if (sealed !== null) {
      const entries = this.#handle(sealed.base)?.range(topic, queueId, from, max) ?? []
      return entries.filter(({ queueOffset }) => queueOffset < sealed.endOffset)
    }
    const flushed = this.#active?.range(topic, queueId, from, max) ?? []
    return flushed.length > 0 ? flushed : tailRange(this.#tail.rows(topic, queueId), from, max)
  }

  /** Log offsets of messages that may have a key, newest first. The caller compares the text. */
  find(topic: string, key: string): number[] {
    const hash = topicKeyHash(topic, key)
    const found = new Set(this.#active?.keys.find(hash) ?? [])
    const { keyHashes, keyPhysicalOffsets } = this.#tail
    for (let i = 0; i < keyHashes.length; i++) if (keyHashes[i] === hash) found.add(keyPhysicalOffsets[i]!)
    for (const base of this.#catalog?.basesBefore(this.#active?.base ?? 0) ?? []) {
      for (const offset of this.#handle(base)?.keys.find(hash) ?? []) found.add(offset)
    }
    return [...found].sort((a, b) => b - a)
  }

  close(): void {
    for (const handle of this.#handles.values()) handle.close()
    this.#handles.clear()
    this.#active?.close()
    this.#catalog?.close()
    this.#active = null
    this.#catalog = null
    this.#writing = false
  }

  #path(base: number): string {
    return join(this.#folder, 'index', `${segmentName(base)}.db`)
  }

  #useNewest(mode: 'read' | 'create'): void {
    const catalogPath = join(this.#folder, 'catalog.db')
    const names = this.#fs.list(join(this.#folder, 'index'))
    const bases = names.flatMap((name) =>
      name.endsWith('.db') ? (segmentBase(name.slice(0, -3)) ?? []) : [],
    )
    const newest = bases.at(-1) ?? (mode === 'create' ? this.#log.minOffset : null)
    if (this.#active !== null && (this.#active.base !== newest || (mode === 'create' && !this.#writable))) {
      this.#active.close()
      this.#active = null
    }
    if (newest !== null && this.#active === null) {
      this.#active = this.#open(newest, mode)
      this.#writable = mode === 'create'
    }
    if (mode === 'create' && this.#catalog !== null && !this.#catalogWritable) {
      this.#catalog.close()
      this.#catalog = null
    }
    if (this.#catalog === null && (mode === 'create' || this.#fs.fileSize(catalogPath) !== null)) {
      this.#catalog = new Catalog(catalogPath, mode)
      this.#catalogWritable = mode === 'create'
    }
  }

  #open(base: number, mode: 'read' | 'create'): IndexDb | null {
    if (mode === 'read') return IndexDb.openReadable(this.#path(base), base)
    const index = IndexDb.openWritable(this.#path(base), base)
    if (index === null) {
      throw new MqError('MQ_STORE_VERSION', `${this.#path(base)} was written by another version of pocketmq`)
    }
    return index
  }

  /** Everything between what the files hold and the end of the log. */
  *#catchUp(syncedTo: number): Generator<number, void> {
    this.#tail.clear()
    this.#coveredTo = Math.max(this.flushedTo, this.#log.minOffset)
    this.#lastStoreTime = this.#active?.lastStoreTime ?? 0
    yield* this.#walkOn(syncedTo)
  }

  *#walkOn(syncedTo: number): Generator<number, void> {
    const ends = new QueueEnds((topic, queueId) => this.extent(topic, queueId).endOffset)
    const end = yield* walkSteps(this.#log, this.#coveredTo, syncedTo, {
      record: (source, at, _size, offset) => {
        const record = dispatchedRecord(source, at, offset)
        if (record === null || offset < this.#tombstoneOf(record.topic)) return
        if (ends.fallsBack(record)) this.#dropFrom(record.topic, record.queueId, record.queueOffset)
        this.add(record)
        if (this.#writing && this.#tail.count >= tailMax) this.flush()
      },
      damage: this.#onDamage,
    })
    this.#coveredTo = Math.max(end, this.#coveredTo)
  }

  /**
   * A queue that begins again: in a log of RocketMQ the topic was deleted and made anew, and nothing else tells.
   * What comes later counts. Our own deletions leave a tombstone, and never come here.
   */
  #dropFrom(topic: string, queueId: number, queueOffset: number): void {
    this.#tail.dropFrom(topic, queueId, queueOffset)
    if (!this.#writing) return
    this.#active!.dropFrom(topic, queueId, queueOffset)
    this.#catalog!.dropFrom(topic, queueId, queueOffset)
  }

  /** The record lies in a later segment than the active file's: seal that one and begin the next. */
  #rollTo(physicalOffset: number): void {
    const active = this.#active!
    if (physicalOffset < active.base + this.#log.segmentSize) return
    this.flush()
    active.seal()
    // the catalog first: a reader that sees the next file must find the sealed one
    this.#catalog!.add(active.base, active.lastStoreTime, active.extents())
    active.close()
    const base = this.#log.segments.findLast((segment) => physicalOffset >= segment.base)!.base
    this.#active = this.#open(base, 'create')
  }

  /** A writer that died between sealing and cataloguing left a gap. */
  #fillCatalog(): void {
    const active = this.#active!.base
    const known = this.#catalog!.basesBefore(active)
    for (const { base } of this.#log.segments) {
      if (base >= active || known.has(base)) continue
      const sealed = this.#handle(base)
      if (sealed === null) continue
      const end = base + this.#log.segmentSize
      const extents = sealed.extents().filter((each) => this.#tombstoneOf(each.topic) < end)
      this.#catalog!.add(base, sealed.lastStoreTime, extents)
    }
  }

  #handle(base: number): IndexDb | null {
    const open = this.#handles.get(base)
    if (open !== undefined) {
      this.#handles.delete(base)
      this.#handles.set(base, open)
      return open
    }
    if (this.#fs.fileSize(this.#path(base)) === null) return null
    const handle = IndexDb.openReadable(this.#path(base), base)
    if (handle === null) return null
    this.#handles.set(base, handle)
    if (this.#handles.size > handlesMax) {
      const [oldest, index] = this.#handles.entries().next().value!
      index.close()
      this.#handles.delete(oldest)
    }
    return handle
  }
}

function tailRange(stretches: readonly QueueRows[], from: number, max: number): QueueEntry[] {
  const entries: QueueEntry[] = []
  for (const rows of stretches) {
    for (let i = Math.max(0, from - rows.firstOffset); i < rows.count && entries.length < max; i++) {
      entries.push({
        queueOffset: rows.firstOffset + i,
        physicalOffset: rows.physicalOffsets[i]!,
        size: rows.sizes[i]!,
        tagsCode: rows.tagsCodes[i]!,
      })
    }
  }
  return entries
}

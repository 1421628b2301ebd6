import { join } from 'node:path'
import { MqError } from '../errors.ts'
import { limits } from '../model/limits.ts'
import { inspectRecord, isForeignRecord, writeBlank, type Inspection } from '../model/record.ts'
import { uninterrupted, writeFully, type FileSystem } from './file-system.ts'
import { LogChunks } from './log-chunks.ts'
import { Segment, segmentBase, segmentName } from './segment.ts'
import { unwritable } from './store-error.ts'

/** In errors. */
const what = 'the commit log'

/** Holds what one tick writes; the largest record (4 MiB body and 64 KiB) fits. */
const stagingSize = 8 * 1024 * 1024
/**
 * The commit log: fixed-size segments as RocketMQ writes them. Appends go to a staging buffer; `write` hands
 * them to the kernel in one call, `datasync` to the disk. Only one process appends at a time (lock.ts).
 */
export class CommitLog {
  readonly #fs: FileSystem
  readonly #folder: string
  readonly #segments: Segment[] = []
  readonly #segmentSize: number
  readonly #crcRequired: (offset: number) => boolean
  #staging: Buffer | null = null
  /** Log offset of the first staged byte. */
  #stagedFrom = 0
  /** Log offset behind the last record appended. */
  #end = 0
  #unsynced = new Set<Segment>()
  /** Of `datasyncLater`, until it is done. */
  #beingSynced: readonly Segment[] = []
  #syncFailed: MqError | null = null
  readonly #chunks = new LogChunks((target, at, length, offset) => this.read(target, at, length, offset))

  /**
   * @param crcRequired whether the record at an offset was written with a CRC over everything
   * (format-file.ts)
   */
  constructor(fs: FileSystem, folder: string, segmentSize: number, crcRequired: (offset: number) => boolean) {
    this.#fs = fs
    this.#folder = folder
    this.#segmentSize = segmentSize
    this.#crcRequired = crcRequired
    this.refresh()
  }

  /** Looks at the folder again: other processes add segments, and remove them. */
  refresh(): void {
    const bases = this.#fs.list(this.#folder).flatMap((name) => segmentBase(name) ?? [])
    const known = new Map(this.#segments.map((segment) => [segment.base, segment]))
    this.#segments.length = 0
    for (const base of bases) {
      this.#segments.push(known.get(base) ?? new Segment(this.#fs, this.#folder, base, this.#segmentSize))
      known.delete(base)
    }
    for (const gone of known.values()) gone.close()
  }

  /** Lets all files go: another process has replaced some. */
  reopen(): void {
    for (const segment of this.#segments) segment.close()
    this.#segments.length = 0
    this.#chunks.forget()
    this.refresh()
  }

  /**
   * Looks whether all segments are there that hold the log up to `syncedTo`, each of its full size but the
   * last. Changes nothing. @throws MQ_STORE_CORRUPT
   */
  check(syncedTo: number): void {
    const segments = this.#segments
    const missing = (offset: number): never => {
      throw new MqError('MQ_STORE_CORRUPT', `${join(this.#folder, segmentName(offset))} is missing`, {
        hint: 'put the segment back from a backup; nothing was changed',
      })
    }
    segments.forEach((segment, i) => {
      if (i > 0 && segment.base !== segments[i - 1]!.end) missing(segments[i - 1]!.end)
      const size = this.#fs.fileSize(join(this.#folder, segmentName(segment.base)))
      // null: it has expired since; the last one may be half made, or half cut
      if (size === null || size === segment.size || (i === segments.length - 1 && segment.base >= syncedTo))
        return
      if (i === segments.length - 1 && size >= syncedTo - segment.base) return
      const path = join(this.#folder, segmentName(segment.base))
      throw new MqError('MQ_STORE_CORRUPT', `${path} has ${size} bytes instead of ${segment.size}`, {
        hint: 'put the segment back from a backup; nothing was changed',
      })
    })
    const end = segments.at(-1)?.end ?? 0
    const last = Math.floor((syncedTo - 1) / this.#segmentSize) * this.#segmentSize
    if (end < syncedTo) missing(segments.length === 0 ? last : end)
  }

  get segmentSize(): number {
    return this.#segmentSize
  }

  get segments(): readonly { readonly base: number; readonly end: number }[] {
    return this.#segments
  }

  /** Log offset behind the last record appended or taken over. */
  get end(): number {
    return this.#end
  }

  /** A sync failed: nothing may be acknowledged any more. */
  get syncFailed(): MqError | null {
    return this.#syncFailed
  }

  get minOffset(): number {
    return this.#segments[0]?.base ?? 0
  }

  /** Where what is staged begins; everything before has been written. */
  get writtenTo(): number {
    return this.#stagedFrom
  }

  /** Goes on appending at `end`: what another writer, or recovery, left. Drops what was staged. */
  resumeAt(end: number): void {
    this.#end = this.#stagedFrom = end
    this.#unsynced.clear()
    this.#chunks.forget()
  }

  /** @throws MQ_MESSAGE_ILLEGAL for so many bytes that no segment can hold them */
  refuseMisfit(size: number): void {
    if (size + limits.blankSizeMin > this.#segmentSize) {
      throw new MqError('MQ_MESSAGE_ILLEGAL', `${size} bytes do not fit a segment of ${this.#segmentSize}`, {
        hint: 'create the folder with a larger --segment-size',
      })
    }
  }

  /**
   * Makes room for `size` bytes that must lie in one segment and returns where they go. Fills the rest of a
   * segment that is too small with a blank record and goes on in the next one (CommitLog.doAppend).
   */
  reserve(size: number): number {
    this.refuseMisfit(size)
    const segment = this.#segmentAt(this.#end)
    if (segment !== null && size + limits.blankSizeMin <= segment.end - this.#end) {
      if (this.#end + size - this.#stagedFrom > stagingSize) this.write()
    } else {
      if (segment !== null) this.#fillUp(segment)
      this.#addSegment(this.#end)
    }
    // a batch of tiny messages, and only until it is written
    if (size > stagingSize) this.#staging = Buffer.allocUnsafeSlow(size)
    return this.#end
  }

  /**
   * The staging buffer and the place in it for the record reserved last. Call `advance` when it is filled.
   */
  get staging(): Buffer {
    return (this.#staging ??= Buffer.allocUnsafeSlow(stagingSize))
  }

  stagingAt(offset: number): number {
    return offset - this.#stagedFrom
  }

  advance(size: number): void {
    this.#end += size
  }

  /**
   * Hands everything staged to the kernel.
   * @throws MQ_STORE_UNWRITABLE; what was staged must be taken as lost
   */
  write(): void {
    const length = this.#end - this.#stagedFrom
    if (length === 0) return
    const segment = this.#segmentAt(this.#stagedFrom)!
    try {
      writeFully(segment.file, this.staging, 0, length, this.#stagedFrom - segment.base)
    } catch (error) {
      throw unwritable(error, what)
    }
    this.#unsynced.add(segment)
    this.#chunks.wrote(this.staging.subarray(0, length), this.#stagedFrom)
    this.#stagedFrom = this.#end
    if (this.staging.length > stagingSize) this.#staging = null
  }

  /**
   * Puts everything written on the disk.
   * @throws MQ_STORE_UNWRITABLE; nothing may be acknowledged after that
   */
  datasync(): void {
    // a sync that is under way has covered nothing yet
    const segments = new Set([...this.#unsynced, ...this.#beingSynced])
    for (const segment of segments) this.#sync(() => segment.file.datasync())
    this.#unsynced.clear()
  }

  /** Puts everything from an offset on on the disk, whoever wrote it. @throws as `datasync` */
  datasyncFrom(offset: number): void {
    for (const segment of this.#segments) if (segment.end > offset) this.#unsynced.add(segment)
    this.datasync()
  }

  /** `datasync` without blocking; one at a time. */
  datasyncLater(done: (error: Error | null) => void): void {
    const segments = (this.#beingSynced = [...this.#unsynced])
    this.#unsynced.clear()
    let left = segments.length
    let failed: Error | null = null
    if (left === 0) return done(null)
    const ended = (segment: Segment, error: Error | null): void => {
      if (this.#beingSynced.includes(segment)) failed ??= error // one that is removed is closed as well
      if (--left > 0) return
      this.#beingSynced = []
      if (failed !== null) this.#syncFailed ??= unwritable(failed, what)
      done(failed === null ? null : this.#syncFailed)
    }
    for (const segment of segments) {
      try {
        segment.file.datasyncLater((error) => ended(segment, error))
      } catch (error) {
        ended(segment, error as Error) // one that did not even begin
      }
    }
  }

  /** Bytes at a log offset, fewer at the end of a segment; 0 where there is none. */
  read(target: Buffer, at: number, length: number, offset: number): number {
    const segment = this.#segmentAt(offset)
    if (segment === null) return 0
    return segment.read(target, at, Math.min(length, segment.end - offset), offset)
  }

  /** Fills `target` with so many records that were lately written, or whose neighbours are read next. */
  readAmongOthers(target: Buffer, offset: number, records: number): number {
    const segment = this.#segmentAt(offset)
    const writtenTo = Math.min(segment?.end ?? 0, this.#stagedFrom)
    if (segment !== null && this.#chunks.copy(target, offset, records, segment.base, writtenTo))
      return target.length
    return this.read(target, 0, target.length, offset)
  }

  /**
   * Reads what lies between two offsets of one segment.
   * @returns the bytes, fewer when the file ends before
   */
  readSpan(offset: number, length: number): Buffer {
    const span = Buffer.allocUnsafe(length)
    return span.subarray(0, this.read(span, 0, length, offset))
  }

  /** What stands in a span that was read from an offset. */
  inspectIn(span: Buffer, at: number, offset: number): Inspection {
    return inspectRecord(span, at, offset, this.#crcRequired(offset) ? 'required' : 'optional')
  }

  /** What stands at an offset. `source` holds the record when it is a whole one. */
  inspect(offset: number, sizeHint: number): { readonly seen: Inspection; readonly source: Buffer } {
    const source = this.readSpan(offset, Math.max(sizeHint, 8))
    const seen = this.inspectIn(source, 0, offset)
    const readable = this.#segmentAt(offset)?.end ?? 0
    if (seen.frame !== 'cut' || source.length < sizeHint || seen.size > readable - offset)
      return { seen, source }
    return this.inspect(offset, seen.size)
  }

  /**
   * What stands at an offset cannot be kept as ours. A RocketMQ broker that ran on the folder may have
   * written it: nobody cuts that off. @throws MQ_STORE_FOREIGN
   */
  refuseForeign(offset: number): void {
    if (!this.#crcRequired(offset)) return
    const head = this.readSpan(offset, 8)
    const end = this.segmentEnd(offset)
    if (head.length < 8 || end === null) return
    const size = head.readInt32BE(0)
    if (size <= 8 || size > end - offset) return
    if (!isForeignRecord(this.readSpan(offset, size), 0, offset)) return
    // damage can look like it; but a broker would not have gone on with a record of ours
    if (this.inspect(offset + size, 1024).seen.frame !== 'message') throw this.foreignAt(offset)
  }

  /** Why nothing is done with a log that a RocketMQ broker has continued at an offset. */
  foreignAt(offset: number): MqError {
    const where = `${this.#folder}, from offset ${offset} on`
    return new MqError('MQ_STORE_FOREIGN', `a RocketMQ broker wrote on behind pocketmq in ${where}`, {
      hint:
        'move its pocketmq folder away: it is then read in place, and `store import` takes it over with all ' +
        'messages of both; topics and offsets that only pocketmq knew are in what you moved. Nothing was changed',
    })
  }

  /** End of the segment an offset lies in, or null where there is none. */
  segmentEnd(offset: number): number | null {
    return this.#segmentAt(offset)?.end ?? null
  }

  /**
   * Writes zeros from `offset` to the end of its segment's used part, and removes later segments: nothing may
   * ever be appended in front of old bytes that still look like records (cloudamqp/lavinmq PR 384).
   */
  truncateTo(offset: number): void {
    // the last one first, each durably: killed on the way, this leaves no gap
    for (const segment of this.#segments.filter((each) => each.base > offset).reverse()) {
      segment.close()
      this.#fs.unlink(join(this.#folder, segmentName(segment.base)))
      this.#sync(() => this.#fs.syncFolder(this.#folder))
    }
    const segment = this.#segmentAt(offset)
    if (segment !== null) {
      // a hole reads as zeros: cut the file and let it grow again
      segment.file.truncate(offset - segment.base)
      segment.file.truncate(segment.size)
      this.#sync(() => segment.file.datasync())
    }
    this.refresh()
    this.resumeAt(offset)
  }

  /** Removes the oldest segment. */
  remove(base: number): void {
    const segment = this.#segments[0]
    if (segment?.base !== base) throw new RangeError(`${base} is not the oldest segment`)
    segment.close()
    this.#unsynced.delete(segment)
    this.#beingSynced = this.#beingSynced.filter((each) => each !== segment)
    this.#fs.unlink(join(this.#folder, segmentName(base)))
    this.#fs.syncFolder(this.#folder)
    this.#segments.shift()
  }

  close(): void {
    for (const segment of this.#segments) segment.close()
  }

  /**
   * After one sync that failed, the kernel may have dropped the pages: another would say they are safe
   * (fsyncgate).
   */
  #sync(act: () => void): void {
    try {
      uninterrupted(act)
    } catch (error) {
      if (error instanceof MqError) throw error
      this.#syncFailed ??= unwritable(error, what)
      throw this.#syncFailed
    }
  }

  /** Without a descriptor for the folder nothing was synced, and so nothing failed: it can be tried again. */
  #syncNewName(): void {
    this.#sync(() => {
      try {
        this.#fs.syncFolder(this.#folder)
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        throw code === 'EMFILE' || code === 'ENFILE' ? unwritable(error, what) : error
      }
    })
  }

  #fillUp(segment: Segment): void {
    const bytesLeft = segment.end - this.#end
    if (this.#end + limits.blankSizeMin - this.#stagedFrom > stagingSize) this.write()
    writeBlank(this.staging, this.stagingAt(this.#end), bytesLeft)
    this.#end += limits.blankSizeMin
    this.write()
    this.#end = this.#stagedFrom = segment.end
  }

  #addSegment(base: number): void {
    const segment = new Segment(this.#fs, this.#folder, base, this.#segmentSize)
    try {
      segment.create()
      this.#sync(() => segment.file.datasync())
      this.#syncNewName()
    } catch (error) {
      segment.close()
      throw unwritable(error, what)
    }
    this.#segments.push(segment)
    this.#stagedFrom = this.#end = base
  }

  #segmentAt(offset: number): Segment | null {
    const segments = this.#segments
    for (let i = segments.length - 1; i >= 0; i--) {
      const segment = segments[i]!
      if (offset >= segment.base) return offset < segment.end ? segment : null
    }
    return null
  }
}

import type { CommitLog } from './commit-log.ts'
import type { IndexDb } from './index-db.ts'
import type { IndexFiles } from './index-files.ts'
import { IndexTail, type DispatchedRecord } from './index-rows.ts'

/** Open index files of sealed segments at most. */
const handlesMax = 16
/** Entries put into a file at once while it is made. */
const chunk = 65_536

/** Walks a segment; null for a record that has no place in the index. */
export type SegmentWalk = (
  base: number,
  add: (record: DispatchedRecord | null, storeTimestamp: number) => void,
) => void

/**
 * The index files of sealed segments, those used last open. One that cannot be used is made again from the
 * log.
 */
export class SealedIndexes {
  readonly #files: IndexFiles
  readonly #log: CommitLog
  readonly #walk: SegmentWalk
  readonly #handles = new Map<number, IndexDb>()

  constructor(files: IndexFiles, log: CommitLog, walk: SegmentWalk) {
    this.#files = files
    this.#log = log
    this.#walk = walk
  }

  /** @param writing the lock is held: a file that is made again is put into its place */
  of(base: number, writing: boolean): IndexDb {
    const open = this.#handles.get(base)
    this.#handles.delete(base)
    const index = open ?? this.#whole(base) ?? this.#make(base, writing)
    this.#handles.set(base, index)
    if (this.#handles.size > handlesMax) this.close(this.#handles.keys().next().value!)
    return index
  }

  /** Null when there is none, or one that does not cover its segment. */
  #whole(base: number): IndexDb | null {
    const index = this.#files.open(base, 'read')
    if (index === null || index.indexedTo === base + this.#log.segmentSize) return index
    index.close()
    return null
  }

  #make(base: number, writing: boolean): IndexDb {
    return this.#files.build(base, writing ? 'file' : 'memory', (index) => {
      const tail = new IndexTail()
      let lastStoreTime = 0
      this.#walk(base, (record, storeTimestamp) => {
        lastStoreTime = storeTimestamp
        if (record !== null) tail.add(record)
        if (tail.count < chunk) return
        index.add(tail, base, lastStoreTime)
        tail.clear()
      })
      index.add(tail, base, lastStoreTime)
      index.seal(base + this.#log.segmentSize)
    })
  }

  /** Bases of the open files that SQLite finds damaged. */
  damaged(): number[] {
    return [...this.#handles].filter(([, index]) => !index.isSound()).map(([base]) => base)
  }

  close(base: number): void {
    this.#handles.get(base)?.close()
    this.#handles.delete(base)
  }

  closeAll(): void {
    for (const base of this.#handles.keys()) this.close(base)
  }
}

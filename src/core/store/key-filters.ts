import type { Catalog } from './catalog.ts'
import type { IndexFiles } from './index-files.ts'
import { keyFilterOf } from './key-filter.ts'

/** Parts kept at once, 4 KiB each: a turn of some milliseconds. */
const partsAtOnce = 64
/**
 * Who has been asked so often is no command that sends a message, and may make what others have left: the
 * first command after a crash should not take a second longer.
 */
const askedMin = 16

/**
 * The sealed segments that have no filter of their keys yet: it is made by whoever sealed one, once the
 * folder is let go, else by a writer that stays. It takes half a second for a segment of 512 MiB, and all
 * would have to wait for that.
 */
export class KeyFilters {
  readonly #files: IndexFiles
  /** First offsets of segments that were sealed here. */
  readonly #sealed = new Set<number>()
  /** Of others. */
  readonly #left = new Set<number>()
  #asked = 0
  /** What was made, and how much of it is kept. */
  #made: { readonly base: number; readonly parts: readonly Buffer[]; kept: number } | null = null

  constructor(files: IndexFiles) {
    this.#files = files
  }

  /** A segment has been sealed here. */
  add(base: number): void {
    this.#sealed.add(base)
  }

  drop(base: number): void {
    this.#sealed.delete(base)
    this.#left.delete(base)
    if (this.#made?.base === base) this.#made = null
  }

  /** Files may be replaced from now on: what was read of them does not count. */
  forget(): void {
    this.#sealed.clear()
    this.#left.clear()
    this.#made = null
  }

  /** Files have been opened anew. @param active first offset of the segment that is written to */
  look(catalog: Catalog, active: number): void {
    this.#made = null
    for (const base of catalog.unfilteredBefore(active)) this.#left.add(base)
  }

  /** @returns false when there is none to make */
  make(): boolean {
    if (this.#made !== null) return true
    const wanted = ++this.#asked < askedMin ? [...this.#sealed] : [...this.#sealed, ...this.#left]
    for (const base of wanted) {
      // one that cannot be read, or not now: look-ups do without
      this.drop(base)
      const index = this.#files.open(base, 'read')
      if (index === null) continue
      try {
        this.#made = { base, parts: keyFilterOf(index.keys), kept: 0 }
        return true
      } finally {
        index.close()
      }
    }
    return false
  }

  /** Under the lock. @returns false when nothing is left to keep */
  keep(catalog: Catalog): boolean {
    const made = this.#made
    if (made === null) return false
    const { base, parts, kept } = made
    const some = parts.slice(kept, kept + partsAtOnce)
    catalog.addFilter(base, some, kept, parts.length)
    made.kept += some.length
    if (made.kept < parts.length) return true
    this.#made = null
    return false
  }
}

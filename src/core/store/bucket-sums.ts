import { checksumSum, rowChecksum } from './row-checksum.ts'
import { corrupt, type Database, type Statement } from './sqlite.ts'

/**
 * By its topic a queue's row is in one of so many buckets, and of each it is kept what its rows add up to:
 * that none is missing costs a look at a few of them, where a hundred thousand may be in all.
 */
export const buckets = 64

let last = { topic: '', bucket: rowChecksum('') % buckets }

/** Neighbours mostly have one topic. */
export function bucketOf(topic: string): number {
  if (topic !== last.topic) last = { topic, bucket: rowChecksum(topic) % buckets }
  return last.bucket
}

export function bucketSchema(table: string): string {
  return `CREATE TABLE ${table}(bucket INTEGER PRIMARY KEY, queue_sum INTEGER NOT NULL);\n`
}

/** What the checksums of the rows of each bucket add up to: tells that one is missing, or there twice. */
export class BucketSums {
  readonly #checksumsOf: (bucket: number) => Iterable<number>
  readonly #select: Statement<[number], { queue_sum: number }>
  readonly #selectVersion: Statement<[], { data_version: number }>
  readonly #compare: (bucket: number) => boolean
  readonly #upsert: () => Statement<[number, number]>
  /** What was changed since it was saved, by bucket. */
  readonly #unsaved = new Map<number, number>()
  /** Buckets that were looked at since whoever else wrote to the file last. */
  readonly #whole = new Set<number>()
  #wholeAt = -1

  /**
   * @param table of `bucketSchema`
   * @param checksumsOf those of all rows of a bucket, as the file has them
   */
  constructor(db: Database, table: string, checksumsOf: (bucket: number) => Iterable<number>) {
    this.#checksumsOf = checksumsOf
    this.#select = db.prepare(`SELECT queue_sum FROM ${table} WHERE bucket = ?`)
    this.#selectVersion = db.prepare('PRAGMA data_version')
    // rows and sum of one moment: another process may write to the file
    this.#compare = db.transaction((bucket: number) => this.#holds(bucket, this.#checksumsOf(bucket)))
    let upsert: Statement<[number, number]> | null = null
    this.#upsert = () => (upsert ??= db.prepare(`INSERT OR REPLACE INTO ${table} VALUES (?, ?)`))
  }

  /** @throws where a row of a bucket is missing */
  check(bucket: number): void {
    const { data_version: version } = this.#selectVersion.get()!
    if (version !== this.#wholeAt) this.#whole.clear()
    this.#wholeAt = version
    if (this.#whole.has(bucket)) return
    if (!this.#compare(bucket)) throw missing()
    this.#whole.add(bucket)
  }

  /** @throws where these are not those of all rows; call within a transaction where others may write */
  compare(bucket: number, checksums: Iterable<number>): void {
    if (!this.#holds(bucket, checksums)) throw missing()
  }

  #holds(bucket: number, checksums: Iterable<number>): boolean {
    return checksumSum(checksums) === this.#sumOf(bucket)
  }

  #sumOf(bucket: number): number {
    const saved = this.#select.get(bucket)?.queue_sum ?? 0
    return (saved + (this.#unsaved.get(bucket) ?? 0)) % 2 ** 32
  }

  /** @param change of a row's checksum: all of it for one that comes, less than 0 for one that goes */
  count(bucket: number, change: number): void {
    this.#unsaved.set(bucket, ((this.#unsaved.get(bucket) ?? 0) + change + 2 ** 32) % 2 ** 32)
  }

  /** In the transaction that has changed the rows. */
  save(): void {
    for (const bucket of this.#unsaved.keys()) this.#upsert().run(bucket, this.#sumOf(bucket))
    this.#unsaved.clear()
  }

  /** What was changed has been rolled back, and nothing that was looked at counts any more. */
  forget(): void {
    this.#unsaved.clear()
    this.#wholeAt = -1
  }
}

function missing(): Error {
  return corrupt('a queue is missing')
}

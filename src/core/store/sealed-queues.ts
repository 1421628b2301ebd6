import type { QueueExtent } from './index-db.ts'
import { bucketOf, buckets, bucketSchema, BucketSums } from './bucket-sums.ts'
import { rowChecksum } from './row-checksum.ts'
import { corrupt, type Database, type Statement } from './sqlite.ts'

export const sealedQueueSchema = `
CREATE TABLE sealed_queue(bucket INTEGER NOT NULL, topic TEXT NOT NULL, queue_id INTEGER NOT NULL,
  base INTEGER NOT NULL, min_offset INTEGER NOT NULL, end_offset INTEGER NOT NULL,
  PRIMARY KEY (bucket, topic, queue_id, base)) WITHOUT ROWID;
${bucketSchema('bucket')}`

interface Columns {
  bucket: number
  topic: string
  queue_id: number
  base: number
  min_offset: number
  end_offset: number
}

/** The catalog's rows of queues: the extent of each in each sealed segment. */
export class SealedQueues {
  readonly #db: Database
  readonly #sums: BucketSums
  readonly #parts: Statement<[number, string, number, number, number], Columns>
  readonly #holding: Statement<[number, string, number, number, number, number], Columns>

  constructor(db: Database) {
    this.#db = db
    const ofBucket = db.prepare<[number], Columns>('SELECT * FROM sealed_queue WHERE bucket = ?')
    this.#sums = new BucketSums(db, 'bucket', (bucket) => ofBucket.all(bucket).map(checksumOf))
    const parts =
      'SELECT * FROM sealed_queue WHERE bucket = ? AND topic = ? AND queue_id = ? AND base > ? AND base < ?'
    this.#parts = db.prepare(`${parts} ORDER BY base`)
    this.#holding = db.prepare(`${parts} AND end_offset > ? ORDER BY base LIMIT 1`)
  }

  /** Call within a transaction, as all that changes something. */
  add(base: number, extents: readonly QueueExtent[]): void {
    const insert = this.#db.prepare('INSERT INTO sealed_queue VALUES (?, ?, ?, ?, ?, ?)')
    const added = extents.map(({ topic, queueId, minOffset, endOffset }) => {
      insert.run(bucketOf(topic), topic, queueId, base, minOffset, endOffset)
      return {
        bucket: bucketOf(topic),
        topic,
        queue_id: queueId,
        base,
        min_offset: minOffset,
        end_offset: endOffset,
      }
    })
    this.#count(added, 1)
  }

  /** Forgets all rows of a segment. */
  dropSegment(base: number): void {
    this.#drop('base = ?', [base])
  }

  dropTopic(topic: string): void {
    this.#drop('bucket = ? AND topic = ?', [bucketOf(topic), topic])
  }

  /** What a topic has in segments that begin at or before an offset. */
  dropBelow(topic: string, base: number): void {
    this.#drop('bucket = ? AND topic = ? AND base <= ?', [bucketOf(topic), topic, base])
  }

  dropPart(topic: string, queueId: number, base: number): void {
    const values = [bucketOf(topic), topic, queueId, base]
    this.#drop('bucket = ? AND topic = ? AND queue_id = ? AND base = ?', values)
  }

  #drop(where: string, values: readonly (string | number)[]): void {
    const gone = this.#db
      .prepare<unknown[], Columns>(`DELETE FROM sealed_queue WHERE ${where} RETURNING *`)
      .all(...values)
    this.#count(gone, -1)
  }

  #count(rows: readonly Columns[], sign: 1 | -1): void {
    for (const row of rows) this.#sums.count(row.bucket, sign * checksumOf(row))
    this.#sums.save()
  }

  /** @throws when a row may be missing, or is not the one it was */
  check(): void {
    for (let bucket = 0; bucket < buckets; bucket++) this.#sums.check(bucket)
    const strays = this.#db.prepare('SELECT 1 FROM sealed_queue WHERE bucket NOT BETWEEN 0 AND ?')
    if (strays.get(buckets - 1) !== undefined) throw corrupt('a queue of the catalog in no bucket')
  }

  /** What is held of one segment. */
  ofSegment(base: number): QueueExtent[] {
    this.check()
    return this.#db
      .prepare<[number], Columns>('SELECT * FROM sealed_queue WHERE base = ?')
      .all(base)
      .map((row) => ({
        topic: row.topic,
        queueId: row.queue_id,
        minOffset: row.min_offset,
        endOffset: row.end_offset,
      }))
  }

  /** The extent of a queue over all segments that begin between two offsets. */
  extent(topic: string, queueId: number, after: number, before: number): QueueExtent | null {
    this.#sums.check(bucketOf(topic))
    const rows = this.#parts.all(bucketOf(topic), topic, queueId, after, before)
    if (rows.length === 0) return null
    return { topic, queueId, minOffset: rows[0]!.min_offset, endOffset: rows.at(-1)!.end_offset }
  }

  /** Base of the first segment between two offsets that holds a queue offset at or behind `from`. */
  segmentHolding(topic: string, queueId: number, from: number, after: number, before: number): number | null {
    this.#sums.check(bucketOf(topic))
    return this.#holding.get(bucketOf(topic), topic, queueId, after, before, from)?.base ?? null
  }
}

function checksumOf(row: Columns): number {
  return rowChecksum(row.bucket, row.topic, row.queue_id, row.base, row.min_offset, row.end_offset)
}

import { bucketOf, buckets, bucketSchema, BucketSums } from './bucket-sums.ts'
import { rowChecksum } from './row-checksum.ts'
import { corrupt, type Database, type Statement } from './sqlite.ts'

export const queueSchema = `
CREATE TABLE queue(id INTEGER PRIMARY KEY, bucket INTEGER NOT NULL, topic TEXT NOT NULL, queue_id INTEGER NOT NULL,
  min_offset INTEGER NOT NULL, end_offset INTEGER NOT NULL, checksum INTEGER NOT NULL, UNIQUE (bucket, topic, queue_id));
${bucketSchema('queue_bucket')}`

export interface QueueRow {
  readonly id: number
  readonly topic: string
  readonly queueId: number
  readonly minOffset: number
  /** Behind the last one. */
  readonly endOffset: number
}

type Columns = [number, string, number, number, number, number, checksum: number]

/**
 * The queues of one segment. A row that is there is held against its checksum; that one is missing is only
 * believed once those of its bucket add up to what was noted of it.
 */
export class QueueTable {
  readonly #db: Database
  readonly #select: Statement<[number, string, number], Columns>
  readonly #selectAll: Statement<[], Columns>
  readonly #selectTopic: Statement<[number, string], Columns>
  readonly #sums: BucketSums
  #updateRow: Statement<[number, number, number, number]> | null = null

  constructor(db: Database) {
    this.#db = db
    const select = <P extends unknown[]>(where: string): Statement<P, Columns> => {
      const columns = 'bucket, topic, queue_id, id, min_offset, end_offset, checksum'
      const statement = db.prepare<P, Columns>(`SELECT ${columns} FROM queue ${where}`)
      statement.raw()
      return statement
    }
    this.#select = select('WHERE bucket = ? AND topic = ? AND queue_id = ?')
    this.#selectAll = select('NOT INDEXED')
    this.#selectTopic = select('WHERE bucket = ? AND topic = ?')
    const ofBucket = select<[number]>('WHERE bucket = ?')
    this.#sums = new BucketSums(db, 'queue_bucket', (bucket) =>
      ofBucket.all(bucket).map((columns) => checksumOf(checked(columns))),
    )
  }

  find(topic: string, queueId: number): QueueRow | null {
    const columns = this.#select.get(bucketOf(topic), topic, queueId)
    if (columns !== undefined) return checked(columns)
    this.#sums.check(bucketOf(topic))
    return null
  }

  /** The queues of a topic; call within a transaction where others may write. */
  ofTopic(topic: string): QueueRow[] {
    this.#sums.check(bucketOf(topic))
    return this.#selectTopic.all(bucketOf(topic), topic).map(checked)
  }

  /** @throws where the row is not found by its name */
  checkName({ topic, queueId, id }: QueueRow): void {
    if (this.#select.get(bucketOf(topic), topic, queueId)?.[3] !== id)
      throw corrupt('a queue without its name')
  }

  /** All rows; call within a transaction where others may write. */
  all(): QueueRow[] {
    const rows = this.#selectAll.all().map(checked)
    const inBuckets = Array.from({ length: buckets }, (): QueueRow[] => [])
    for (const row of rows) inBuckets[bucketOf(row.topic)]!.push(row)
    inBuckets.forEach((each, bucket) => this.#sums.compare(bucket, each.map(checksumOf)))
    return rows
  }

  /** At the end of every transaction that changes something. */
  saveSums(): void {
    this.#sums.save()
  }

  insert(topic: string, queueId: number, firstOffset: number): QueueRow {
    const id = this.#db.prepare<[], { id: number }>('SELECT coalesce(max(id), 0) + 1 AS id FROM queue').get()!
      .id
    const row = { id, topic, queueId, minOffset: firstOffset, endOffset: firstOffset }
    this.#db
      .prepare('INSERT INTO queue VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(id, bucketOf(topic), topic, queueId, firstOffset, firstOffset, checksumOf(row))
    this.#sums.count(bucketOf(topic), checksumOf(row))
    return row
  }

  update(row: QueueRow, extent: Pick<QueueRow, 'minOffset' | 'endOffset'>): QueueRow {
    const changed = { ...row, ...extent }
    this.#updateRow ??= this.#db.prepare(
      'UPDATE queue SET min_offset = ?, end_offset = ?, checksum = ? WHERE id = ?',
    )
    this.#updateRow.run(changed.minOffset, changed.endOffset, checksumOf(changed), row.id)
    this.#sums.count(bucketOf(row.topic), checksumOf(changed) - checksumOf(row))
    return changed
  }

  remove(row: QueueRow): void {
    this.#db.prepare('DELETE FROM queue WHERE id = ?').run(row.id)
    this.#sums.count(bucketOf(row.topic), -checksumOf(row))
  }

  /** What was changed has been rolled back, and nothing that was looked at counts any more. */
  forget(): void {
    this.#sums.forget()
  }
}

function checked([bucket, topic, queueId, id, minOffset, endOffset, checksum]: Columns): QueueRow {
  const row = { id, topic, queueId, minOffset, endOffset }
  if (checksumOf(row) !== checksum || bucket !== bucketOf(topic)) throw corrupt('a queue that is none')
  return row
}

function checksumOf({ topic, queueId, id, minOffset, endOffset }: QueueRow): number {
  return rowChecksum(topic, queueId, id, minOffset, endOffset)
}

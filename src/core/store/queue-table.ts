import { checksumSum, rowChecksum } from './row-checksum.ts'
import { corrupt, type Database, type Statement } from './sqlite.ts'

export const queueSchema = `
CREATE TABLE queue(id INTEGER PRIMARY KEY, topic TEXT NOT NULL, queue_id INTEGER NOT NULL,
  min_offset INTEGER NOT NULL, end_offset INTEGER NOT NULL, checksum INTEGER NOT NULL, UNIQUE (topic, queue_id));
`

export interface QueueRow {
  readonly id: number
  readonly topic: string
  readonly queueId: number
  readonly minOffset: number
  /** Behind the last one. */
  readonly endOffset: number
}

type Columns = [string, number, number, number, number, checksum: number]

/**
 * The queues of one segment. A row that is there is held against its checksum; that one is missing is only
 * believed once all that are there add up to what the file's progress says.
 */
export class QueueTable {
  readonly #db: Database
  readonly #sumSaved: () => number
  readonly #select: Statement<[string, number], Columns>
  readonly #selectAll: Statement<[], Columns>
  readonly #selectTopic: Statement<[string], Columns>
  readonly #selectVersion: Statement<[], { data_version: number }>
  #updateRow: Statement<[number, number, number, number]> | null = null
  /** What was changed since the sum was saved. */
  #unsaved = 0
  /** Since whoever else wrote to the file last, all rows have been looked at. */
  #wholeAt = -1

  constructor(db: Database, sumSaved: () => number) {
    this.#db = db
    this.#sumSaved = sumSaved
    const rows = 'SELECT topic, queue_id, id, min_offset, end_offset, checksum FROM queue'
    this.#select = db.prepare(`${rows} WHERE topic = ? AND queue_id = ?`)
    this.#select.raw()
    this.#selectAll = db.prepare(`${rows} NOT INDEXED`)
    this.#selectAll.raw()
    this.#selectTopic = db.prepare(`${rows} WHERE topic = ?`)
    this.#selectTopic.raw()
    this.#selectVersion = db.prepare('PRAGMA data_version')
  }

  find(topic: string, queueId: number): QueueRow | null {
    const columns = this.#select.get(topic, queueId)
    if (columns !== undefined) return checked(columns)
    this.#checkAll()
    return null
  }

  /** The queues of a topic; call within a transaction where others may write. */
  ofTopic(topic: string): QueueRow[] {
    this.#checkAll()
    return this.#selectTopic.all(topic).map(checked)
  }

  /** By its table and by its names: a row may be in one of the two only. */
  #checkAll(): void {
    const { data_version: version } = this.#selectVersion.get()!
    if (this.#wholeAt === version) return
    for (const row of this.all()) this.checkName(row)
    this.#wholeAt = version
  }

  /** @throws where the row is not found by its name */
  checkName({ topic, queueId, id }: QueueRow): void {
    if (this.#select.get(topic, queueId)?.[2] !== id) throw corrupt('a queue without its name')
  }

  /** All rows; call within a transaction where others may write. */
  all(): QueueRow[] {
    const rows = this.#selectAll.all().map(checked)
    if (checksumSum(rows.map(checksumOf)) !== this.sum) throw corrupt('a queue is missing')
    return rows
  }

  /** What all checksums add up to now: to be saved with every change. */
  get sum(): number {
    return (this.#sumSaved() + this.#unsaved) % 2 ** 32
  }

  /** The sum has been saved, or what was changed has been rolled back. */
  settle(): void {
    this.#unsaved = 0
  }

  insert(topic: string, queueId: number, firstOffset: number): QueueRow {
    const id = this.#db.prepare<[], { id: number }>('SELECT coalesce(max(id), 0) + 1 AS id FROM queue').get()!
      .id
    const row = { id, topic, queueId, minOffset: firstOffset, endOffset: firstOffset }
    this.#db
      .prepare('INSERT INTO queue VALUES (?, ?, ?, ?, ?, ?)')
      .run(id, topic, queueId, firstOffset, firstOffset, checksumOf(row))
    this.#count(checksumOf(row))
    return row
  }

  update(row: QueueRow, extent: Pick<QueueRow, 'minOffset' | 'endOffset'>): QueueRow {
    const changed = { ...row, ...extent }
    this.#updateRow ??= this.#db.prepare(
      'UPDATE queue SET min_offset = ?, end_offset = ?, checksum = ? WHERE id = ?',
    )
    this.#updateRow.run(changed.minOffset, changed.endOffset, checksumOf(changed), row.id)
    this.#count(checksumOf(changed) - checksumOf(row))
    return changed
  }

  remove(row: QueueRow): void {
    this.#db.prepare('DELETE FROM queue WHERE id = ?').run(row.id)
    this.#count(-checksumOf(row))
  }

  #count(change: number): void {
    this.#unsaved = (this.#unsaved + change + 2 ** 32) % 2 ** 32
  }

  /** Nothing that was looked at counts any more. */
  forget(): void {
    this.settle()
    this.#wholeAt = -1
  }
}

function checked([topic, queueId, id, minOffset, endOffset, checksum]: Columns): QueueRow {
  const row = { id, topic, queueId, minOffset, endOffset }
  if (checksumOf(row) !== checksum) throw corrupt('a queue that is none')
  return row
}

function checksumOf({ topic, queueId, id, minOffset, endOffset }: QueueRow): number {
  return rowChecksum(topic, queueId, id, minOffset, endOffset)
}

import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { Maintenance } from '../../../../src/core/embedded/maintenance.ts'
import { ConsumeQueue } from '../../../../src/core/store/consume-queue.ts'
import type { QueueEntry } from '../../../../src/core/store/index-db.ts'
import { QueueRows } from '../../../../src/core/store/index-rows.ts'
import type { QueueRow } from '../../../../src/core/store/queue-table.ts'
import type { VerifyReport } from '../../../../src/core/embedded/maintenance/verify.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { append, clock, openOwn } from '../own-folder.ts'

export const segmentSize = 64 * 1024
/** Of messages that `fill` sends, and one that is nowhere. */
export const keys = ['k0', 'k7', 'k399', 'none']

/** A folder for `store` commands to work on; another one for each test. */
export class FilledFolder {
  readonly #root = temporaryFolder()
  /** Log offsets of the messages of topic `t`. */
  places: number[] = []

  /** Holds `path`. */
  get root(): string {
    return this.#root.path
  }

  get path(): string {
    return join(this.root, 'store')
  }

  get maintenance(): Maintenance {
    return new Maintenance({ folder: this.path, clock, lockTimeoutMs: 200 })
  }

  /** Messages over several segments, a deleted and re-created topic, a group's offsets. */
  async fill(): Promise<void> {
    const store = openOwn(this.path)
    this.places = []
    for (let batch = 0; batch < 400; batch += 100) {
      const appended = Array.from({ length: 100 }, (_, j) => {
        const i = batch + j
        const properties = `KEYS\u0001k${i}\u0002TAGS\u0001tag${i % 3}\u0002`
        const place = append(store, 't', i % 3, `${i}`.padEnd(500), properties)
        if (i % 10 === 0) void append(store, 'anew', i % 2, `old ${i}`)
        return place
      })
      this.places.push(...(await Promise.all(appended)).map(({ physicalOffset }) => physicalOffset))
      if (batch === 200) store.deleteTopic('anew')
    }
    store.state.db.prepare('INSERT INTO consumer_offset VALUES (?, ?, ?, ?)').run('t', 'G', 1, 20)
    store.state.db.prepare('INSERT INTO subscription_group VALUES (?, ?)').run('G', '{"groupName":"G"}')
    const config = { topicName: 't', readQueueNums: 3, writeQueueNums: 3, perm: 6, attributes: {} }
    store.state.db.prepare('INSERT INTO topic VALUES (?, ?)').run('t', JSON.stringify(config))
    store.close()
  }

  segmentFile(offset: number): string {
    return `commitlog/${String(offset - (offset % segmentSize)).padStart(20, '0')}`
  }

  overwrite(file: string, position: number, bytes: Buffer): void {
    const fd = openSync(join(this.path, file), 'r+')
    writeSync(fd, bytes, 0, bytes.length, position)
    closeSync(fd)
  }

  sql(file: string, statement: string): void {
    this.database(file, (db) => db.exec(statement))
  }

  database(file: string, act: (db: Sqlite.Database) => void): void {
    const db = new Sqlite(join(this.path, file))
    act(db)
    db.close()
  }

  /** Writes entries of a queue of the first segment's index anew; `change` gets the one that is there. */
  changeEntry(queue: number, queueOffset: number, change: (entry: QueueEntry) => QueueEntry | null): void {
    this.database(join('pocketmq/index', `${'0'.repeat(20)}.db`), (db) => {
      const queues = new ConsumeQueue(db)
      const place = db
        .prepare('SELECT id, min_offset AS minOffset, end_offset AS endOffset FROM queue WHERE id = ?')
        .get(queue) as Pick<QueueRow, 'id' | 'minOffset' | 'endOffset'>
      const [found, ...behind] = queues.range(place, queueOffset, Infinity)
      const changed = change(found!)
      queues.dropFrom(queue, queueOffset)
      const entries = changed === null ? behind : [changed, ...behind]
      const rows = new QueueRows(entries[0]!.queueOffset)
      for (const { physicalOffset, size, tagsCode } of entries) rows.push(physicalOffset, size, tagsCode)
      queues.add({ ...place, endOffset: rows.firstOffset }, rows)
    })
  }

  async problems(): Promise<VerifyReport['problems']> {
    const report = await this.maintenance.verify()
    if (report.ok !== (report.problems.length === 0)) throw new Error('ok, with problems')
    return report.problems
  }
}

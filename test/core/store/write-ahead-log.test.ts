import assert from 'node:assert/strict'
import { join } from 'node:path'
import { openDatabase, type Database } from '../../../src/core/store/sqlite.ts'
import { WriteAheadLog } from '../../../src/core/store/write-ahead-log.ts'
import { temporaryFolder } from '../temporary-folder.ts'

describe('WriteAheadLog', () => {
  const folder = temporaryFolder()
  const opened: Database[] = []

  afterEach(() => {
    for (const db of opened.splice(0)) db.close()
  })

  function open(): { db: Database; log: WriteAheadLog } {
    const db = openDatabase(join(folder.path, 'x.db'), 'create')
    opened.push(db)
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = OFF')
    db.exec('CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, bytes BLOB)')
    return { db, log: new WriteAheadLog(db) }
  }

  /** Commits that are three frames or more each. */
  function write(db: Database, commits: number): void {
    const insert = db.prepare('INSERT INTO t(bytes) VALUES (?)')
    for (let i = 0; i < commits; i++) insert.run(Buffer.alloc(9000, i))
  }

  function frames(db: Database): { log: number; checkpointed: number } {
    const [row] = db.pragma('wal_checkpoint(NOOP)') as { log: number; checkpointed: number }[]
    return row!
  }

  it('is left alone by who commits, and moved to the database by who tidies up', () => {
    const { db, log } = open()
    write(db, 600)
    const before = frames(db)
    assert.ok(before.log > 1500, `${before.log} frames`)
    assert.equal(before.checkpointed, 0)
    log.tidy()
    assert.deepEqual(frames(db), { ...before, checkpointed: before.log })
    write(db, 1)
    assert.ok(frames(db).log < 20, 'begins anew')
    log.tidy()
    assert.equal(frames(db).checkpointed, 0, 'a few frames may wait')
  })

  it('does not grow for ever where nobody tidies up', () => {
    const { db } = open()
    write(db, 1500)
    assert.ok(frames(db).log < 4100)
  })

  it('does not grow for ever while others write on and read on', () => {
    const { db, log } = open()
    const other = open()
    const reading = other.db.prepare('SELECT id FROM t')
    let longest = 0
    for (let i = 0; i < 300; i++) {
      write(i % 2 === 0 ? db : other.db, 40)
      // someone reads in the middle of it: what was written since stays where it is
      const rows = reading.iterate()
      rows.next()
      log.tidy()
      rows.return!()
      longest = Math.max(longest, frames(db).log)
      write(other.db, 1)
    }
    assert.ok(longest < 6000, `${longest} frames`)
    assert.equal(db.pragma('integrity_check', { simple: true }), 'ok')
  })

  it('waits for nobody, and is no reason to fail', () => {
    const { db, log } = open()
    const other = open()
    write(db, 600)
    other.db.exec('BEGIN IMMEDIATE')
    log.tidy()
    assert.ok(frames(db).checkpointed > 1500)
    other.db.exec('ROLLBACK')
    db.close()
    log.tidy()
  })
})

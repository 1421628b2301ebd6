import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { Maintenance } from '../../../src/core/embedded/maintenance.ts'
import { openForeignStore } from '../../../src/core/embedded/foreign.ts'
import { nodeFileSystem } from '../../../src/core/store/file-system.ts'
import { StateDb } from '../../../src/core/store/state-db.ts'
import type { Store } from '../../../src/core/store/store.ts'
import {
  openStore,
  readQueue,
  request,
  segmentSize,
  send,
  textOf,
  type OpenOptions,
} from '../../fault/workload.ts'
import { BrokerFolder } from '../embedded/broker-folder.ts'
import { temporaryFolder } from '../temporary-folder.ts'

describe('a log that a RocketMQ broker has continued', () => {
  const root = temporaryFolder()
  const folder = (): string => join(root.path, 'store')
  const open = (options: OpenOptions = {}): Store => openStore(nodeFileSystem, folder(), options)
  const log = (): Buffer[] => {
    const path = join(folder(), 'commitlog')
    return readdirSync(path).map((name) => readFileSync(join(path, name)))
  }

  beforeEach(() => mkdirSync(folder()))

  /** Ours, so many bytes each. @returns where the log ends */
  function fill(count: number, size = 100): number {
    const store = open()
    for (let i = 0; i < count; i++) send(store, 't', 0, `ours ${i}`, size)
    store.close()
    return store.commitLogMaxOffset
  }

  function continueAt(end: number): BrokerFolder {
    const broker = new BrokerFolder(folder(), segmentSize, end)
    for (let i = 0; i < 3; i++) broker.append({ topic: 'theirs', queueOffset: i, body: `theirs ${i}` })
    return broker
  }

  /** The last writer was killed: its row knows the log up to `syncedTo`. */
  function killed(syncedTo: number): void {
    const state = new StateDb(join(folder(), 'pocketmq', 'state.db'), 'open')
    state.setWriter({ ...state.writer(), clean: false, syncedTo, logEnd: syncedTo })
    state.close()
  }

  /** Whoever opens the folder is told so, and not a byte of the log is changed. */
  function assertRefused(): void {
    const before = log()
    for (const writer of ['turn', 'hold'] as const) {
      assert.throws(
        () => open({ writer }),
        (error: { code: string; message: string; hint: string }) => {
          assert.equal(error.code, 'MQ_STORE_FOREIGN')
          assert.match(error.message, /RocketMQ broker wrote on/)
          assert.match(error.hint, /store import/)
          return true
        },
      )
    }
    assert.deepEqual(log(), before)
  }

  it('is refused when pocketmq had ended in order', () => {
    continueAt(fill(3))
    assertRefused()
  })

  it('is refused when the last writer was killed, before and behind its last sync', () => {
    const end = fill(3)
    killed(0)
    continueAt(end)
    assertRefused()
  })

  it('is refused when the broker began behind what a crash had torn', () => {
    const end = fill(3)
    killed(end)
    // the broker cuts the torn tail off as well, and writes on in its place
    continueAt(end)
    assertRefused()
  })

  it('is refused when the broker began in the next segment', () => {
    const end = fill(1, segmentSize * 0.9)
    const broker = new BrokerFolder(folder(), segmentSize, end)
    broker.append({ topic: 'theirs', queueOffset: 0, body: 'x'.repeat(segmentSize * 0.5) })
    assertRefused()
    killed(end)
    assertRefused()
  })

  it('is never cut off when the broker wrote over what pocketmq had synced, and on behind it', () => {
    const [middle, end] = [fill(4), fill(4)]
    killed(end)
    // RocketMQ truncates at the first record that is damaged, wherever that is
    const broker = continueAt(middle)
    for (let i = 3; broker.end < end + 500; i++) broker.append({ topic: 'theirs', queueOffset: i })
    const before = log()
    assert.throws(() => open({ writer: 'hold' }), { code: 'MQ_STORE_FOREIGN' })
    const store = open()
    assert.throws(() => store.append(request('t', 0, 'ours'), () => undefined), { code: 'MQ_STORE_FOREIGN' })
    store.close()
    assert.deepEqual(log(), before)
  })

  it('is refused by a process that had the folder open', () => {
    const store = open()
    send(store, 't', 0, 'ours 0')
    continueAt(store.commitLogMaxOffset)
    const before = log()
    assert.throws(() => store.append(request('t', 0, 'ours 1'), () => undefined), {
      code: 'MQ_STORE_FOREIGN',
    })
    assert.deepEqual(log(), before)
    store.close()
    assert.deepEqual(log(), before)
  })

  it('is no damage: verify tells where it begins', async () => {
    const end = fill(3)
    continueAt(end)
    const { ok, problems, logEnd } = await new Maintenance({ folder: folder() }).verify()
    assert.equal(ok, false)
    assert.equal(logEnd, end)
    assert.deepEqual(
      problems.map(({ part, offset }) => [part, offset]),
      [['log', end]],
    )
    assert.match(problems[0]!.message, /RocketMQ broker wrote on/)
  })

  it('is read in place and imported as the hint says, with all messages of both', async () => {
    continueAt(fill(3))
    renameSync(join(folder(), 'pocketmq'), join(root.path, 'pocketmq.old'))
    const foreign = openForeignStore({ folder: folder(), fs: nodeFileSystem, cacheHome: null })
    const texts = (topic: string): (string | null)[] =>
      foreign
        .records(topic, 0, foreign.entries(topic, 0, 0, 9))
        .map((each) => (each === null ? null : textOf(each)))
    assert.deepEqual(texts('t'), ['ours 0', 'ours 1', 'ours 2'])
    assert.deepEqual(texts('theirs'), ['theirs 0', 'theirs 1', 'theirs 2'])
    foreign.close()
    await new Maintenance({ folder: folder() }).import()
    const store = open()
    assert.equal(send(store, 't', 0, 'ours 3'), 3)
    assert.equal(send(store, 'theirs', 0, 'theirs 3'), 3)
    assert.equal(readQueue(store, 't', 0).texts.size, 4)
    assert.equal(readQueue(store, 'theirs', 0).texts.size, 4)
    store.close()
    assert.equal((await new Maintenance({ folder: folder() }).verify()).ok, true)
  })

  it('is not seen in a record of ours of which a byte is damaged', () => {
    const end = fill(3)
    const store = open()
    const [last] = store.entries('t', 0, 2, 1)
    store.close()
    killed(last!.physicalOffset)
    const path = join(folder(), 'commitlog', '0'.repeat(20))
    const bytes = readFileSync(path)
    // each byte of `__CRC32#`, which tells ours from theirs, and some of the others
    for (let at = last!.physicalOffset; at < end; at += end - at < 30 ? 1 : 11) {
      const copy = Buffer.from(bytes)
      copy[at]! ^= 1
      nodeFileSystem.replaceFile(path, copy)
      killed(last!.physicalOffset)
      const damaged = open({ writer: 'hold' })
      assert.equal(damaged.extent('t', 0).endOffset, 2, `byte ${at - last!.physicalOffset}`)
      damaged.close()
    }
  })
})

describe('a recovery', () => {
  const root = temporaryFolder()

  it('takes back what groups have of messages that were lost: offsets, and receipts', () => {
    const store = openStore(nodeFileSystem, root.path)
    const ends: number[] = []
    for (let i = 0; i < 5; i++) {
      send(store, 't', 0, `m${i}`, 100)
      ends.push(store.commitLogMaxOffset)
    }
    const { db } = store.state
    db.prepare(`INSERT INTO consumer_offset VALUES ('t', 'g', 0, 5)`).run()
    db.prepare(`INSERT INTO pop_queue VALUES ('t', 'p', 0, 5, 1)`).run()
    const receipt = db.prepare(`INSERT INTO pop_receipt VALUES ('t', 'p', 0, ?, 1, 2, 1)`)
    for (const offset of [1, 2, 3, 4]) receipt.run(offset)
    store.close()
    // the power went before the last two were on the disk
    const state = new StateDb(join(root.path, 'pocketmq', 'state.db'), 'open')
    state.setWriter({ ...state.writer(), clean: false, syncedTo: ends[1]!, logEnd: ends[1]! })
    state.close()
    const path = join(root.path, 'commitlog', '0'.repeat(20))
    nodeFileSystem.replaceFile(
      path,
      Buffer.concat([readFileSync(path).subarray(0, ends[2]), Buffer.alloc(2000)]),
    )
    const after = openStore(nodeFileSystem, root.path, { writer: 'hold' })
    const rows = (sql: string): unknown => after.state.db.prepare(sql).pluck().all()
    assert.equal(after.extent('t', 0).endOffset, 3)
    assert.deepEqual(rows('SELECT next_offset FROM consumer_offset'), [3])
    assert.deepEqual(rows('SELECT next_offset FROM pop_queue'), [3])
    assert.deepEqual(rows('SELECT queue_offset FROM pop_receipt ORDER BY queue_offset'), [1, 2])
    after.close()
  })
})

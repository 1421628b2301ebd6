import assert from 'node:assert/strict'
import { join } from 'node:path'
import { CommitLog } from '../../../src/core/store/commit-log.ts'
import { walkLog, type Damage } from '../../../src/core/store/log-walk.ts'
import { openStore, segmentSize, send } from '../../fault/workload.ts'
import { SimulatedFileSystem } from '../../fault/simulated-file-system.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const segment = (n: number): string => String(n * segmentSize).padStart(20, '0')

describe('walkLog', () => {
  const folder = temporaryFolder()

  /** Six records of 20 KiB, three a segment, and where they begin; behind them the log ends. */
  function written(): { fs: SimulatedFileSystem; starts: number[]; end: number } {
    const fs = new SimulatedFileSystem(folder.path)
    const store = openStore(fs, fs.root)
    const starts = Array.from({ length: 6 }, (_, i) => {
      assert.equal(send(store, 't', 0, `m${i}`, 20 * 1024), i)
      return store.entries('t', 0, i, 1)[0]!.physicalOffset
    })
    const end = store.commitLogMaxOffset
    store.close()
    assert.deepEqual(
      starts.map((start) => Math.floor(start / segmentSize)),
      [0, 0, 0, 1, 1, 1],
    )
    return { fs, starts, end }
  }

  function walk(
    fs: SimulatedFileSystem,
    syncedTo: number,
    from = 0,
    to = Infinity,
  ): { records: number[]; damage: Damage[]; end: number } {
    const log = new CommitLog(fs, join(fs.root, 'commitlog'), segmentSize, () => true)
    const records: number[] = []
    const damage: Damage[] = []
    const end = walkLog(
      log,
      from,
      syncedTo,
      {
        record: (source, at, size, offset) => {
          assert.equal(source.readInt32BE(at), size)
          records.push(offset)
        },
        damage: (each) => damage.push(each),
      },
      to,
    )
    return { records, damage, end }
  }

  function overwrite(fs: SimulatedFileSystem, offset: number, bytes: Buffer): void {
    const n = Math.floor(offset / segmentSize)
    fs.corrupt(join(fs.root, 'commitlog', segment(n)), offset % segmentSize, bytes)
  }

  it('visits every record, over the end of a segment', () => {
    const { fs, starts, end } = written()
    assert.deepEqual(walk(fs, end), { records: starts, damage: [], end })
    assert.deepEqual(walk(fs, 0), { records: starts, damage: [], end })
    assert.deepEqual(walk(fs, end, starts[4]), { records: starts.slice(4), damage: [], end })
    assert.deepEqual(walk(fs, end, 0, segmentSize).records, starts.slice(0, 3))
  })

  for (const [what, bytes] of [
    ['a flipped body', Buffer.from('!')],
    ['zeros', Buffer.alloc(20 * 1024)],
    ['garbage', Buffer.alloc(3000, 0xda)],
  ] as const) {
    it(`passes over ${what} before the last sync, ends there behind it`, () => {
      const { fs, starts, end } = written()
      const at = what === 'a flipped body' ? starts[1]! + 500 : starts[1]!
      overwrite(fs, at, bytes)
      const synced = walk(fs, end)
      assert.deepEqual(
        synced.records,
        starts.filter((start) => start !== starts[1]),
      )
      assert.deepEqual(
        synced.damage.map(({ from, to }) => [from, to]),
        [[starts[1], starts[2]]],
      )
      assert.equal(synced.end, end)
      const torn = walk(fs, starts[1]!)
      assert.deepEqual(torn, { records: [starts[0]], damage: [], end: starts[1] })
    })
  }

  it('passes over the damaged end of a segment to the next one', () => {
    const { fs, starts, end } = written()
    const blank = starts[2]! + (starts[2]! - starts[1]!)
    overwrite(fs, blank, Buffer.alloc(8, 1))
    const { records, damage } = walk(fs, end)
    assert.deepEqual(records, starts)
    assert.deepEqual(
      damage.map(({ from, to }) => [from, to]),
      [[blank, segmentSize]],
    )
  })

  it('passes over a whole damaged segment', () => {
    const { fs, starts, end } = written()
    overwrite(fs, 0, Buffer.alloc(segmentSize, 0xcb))
    assert.deepEqual(walk(fs, end).records, starts.slice(3))
  })

  it('does not take a record for one that is not at its place', () => {
    const { fs, starts, end } = written()
    const length = starts[1]! - starts[0]!
    const copy = fs.readFile(join(fs.root, 'commitlog', segment(0)))!.subarray(starts[0], starts[0]! + length)
    overwrite(fs, starts[1]!, copy)
    assert.deepEqual(
      walk(fs, end).records,
      starts.filter((start) => start !== starts[1]),
    )
  })

  it('refuses a log that lacks a segment it had', () => {
    const { fs, end } = written()
    fs.unlink(join(fs.root, 'commitlog', segment(1)))
    assert.throws(() => walk(fs, end), { code: 'MQ_STORE_CORRUPT' })
    assert.equal(walk(fs, segmentSize).end, segmentSize)
  })

  it('ends in a file that is shorter than its segment', () => {
    const { fs, starts, end } = written()
    for (const size of [40_000, 100, 8, 4, 0]) {
      fs.open(join(fs.root, 'commitlog', segment(1)), 'write').truncate(size)
      const kept = starts.filter(
        (start, i) => (starts[i + 1] ?? end) <= segmentSize + size || start < segmentSize,
      )
      assert.deepEqual(walk(fs, segmentSize).records, kept, `${size} bytes`)
    }
  })
})

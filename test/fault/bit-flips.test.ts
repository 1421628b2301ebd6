import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import * as nodeFs from 'node:fs'
import { basename, join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { verifyOwn } from '../../src/core/embedded/maintenance/verify.ts'
import { MqError } from '../../src/core/errors.ts'
import { runToEnd } from '../../src/core/store/log-walk.ts'
import { killImage } from './crash-image.ts'
import { faultFolder } from './fault-folder.ts'
import { Random } from './random.ts'
import { SimulatedFileSystem } from './simulated-file-system.ts'
import { count, seed, seeded } from './tier.ts'
import { findTexts, openStore, readQueue, rebuild, segmentSize, send, type QueueContent } from './workload.ts'
import type { Store } from '../../src/core/store/store.ts'

const queueIds = [0, 1, 2]

/** reliability.md, test 7. */
describe('damage of what is stored', () => {
  const folder = faultFolder()
  const flips = count('FLIPS', 1500, 100_000)
  const swaps = count('SWAPS', 100, 1000)
  const dbFlips = count('DB_FLIPS', 120, 3000)

  /** Several segments, closed in order. */
  function written(): { fs: SimulatedFileSystem; end: number; whole: QueueContent[] } {
    const fs = new SimulatedFileSystem(folder.make())
    const store = openStore(fs, fs.root)
    const random = new Random(seed)
    for (let i = 0; i < 300; i++) send(store, 't', random.pick(queueIds), `m ${i}`, random.between(20, 1200))
    const end = store.commitLogMaxOffset
    const whole = queueIds.map((queueId) => readQueue(store, 't', queueId))
    store.close()
    return { fs, end, whole }
  }

  /** What is served is what was sent. @returns how many messages are missing */
  function missing(store: Store, whole: readonly QueueContent[]): number {
    let count = 0
    for (const queueId of queueIds) {
      const found = readQueue(store, 't', queueId)
      const expected = whole[queueId]!
      for (const [offset, text] of found.texts) assert.equal(text, expected.texts.get(offset), 'altered')
      count += expected.texts.size - found.texts.size
    }
    return count
  }

  it(`${flips} flipped bits of the log cost at most the record they hit, with each index, and rebuilt`, async () => {
    const { fs, end, whole } = written()
    const store = openStore(fs, fs.root)
    const lost = [0, 0]
    for (let n = 0; n < flips; n++) {
      await seeded(n, (own) => {
        const random = new Random(own)
        const undo = flip(fs, random.below(end), random.below(8))
        const count = missing(store, whole)
        assert.ok(count <= 1, `${count} messages are missing`)
        lost[count]!++
        if (n % 50 === 0) {
          const image = killImage(fs, folder.make())
          const again = openStore(image, image.root)
          rebuild(again)
          assert.ok(missing(again, whole) <= 1, 'after a rebuild')
          for (const queueId of queueIds) {
            assert.ok(send(again, 't', queueId, 'after')! >= whole[queueId]!.end - 1)
          }
          again.close()
          folder.remove(image.root)
        }
        undo()
      })
    }
    store.close()
    console.log(`      ${lost[1]} cost a message, ${lost[0]} hit what no message is made of`)
    // only blank records and what follows them may be hit without a loss
    assert.ok(lost[1]! > flips * 0.8)
  })

  it(`${swaps} swapped sectors: nothing altered is served`, async () => {
    const { fs, end, whole } = written()
    const store = openStore(fs, fs.root)
    for (let n = 0; n < swaps; n++) {
      await seeded(n, (own) => {
        const random = new Random(own)
        const [one, other] = [random.below(end >> 9), random.below(end >> 9)].map((sector) => sector << 9)
        const [first, second] = [sectorAt(fs, one!), sectorAt(fs, other!)]
        writeSector(fs, one!, second)
        writeSector(fs, other!, first)
        // a sector of 512 bytes touches at most seven of the smallest records here
        assert.ok(missing(store, whole) <= 14)
        writeSector(fs, one!, first)
        writeSector(fs, other!, second)
      })
    }
    store.close()
  })

  it(`${dbFlips} flipped bits of SQLite files: derived ones hide nothing; state.db alters nothing`, async () => {
    const { fs, whole } = written()
    const before = contentsOf(databases(fs.root))
    const outcomes = { unseen: 0, found: 0, refused: 0 }
    for (let n = 0; n < dbFlips; n++) {
      await seeded(n, (own) => {
        const random = new Random(own)
        const image = killImage(fs, folder.make())
        const path = random.pick(databases(image.root))
        const bytes = nodeFs.readFileSync(path)
        const at = random.below(bytes.length)
        bytes[at]! ^= 1 << random.below(8)
        nodeFs.writeFileSync(path, bytes)
        const where = `${basename(path)}, byte ${at}`
        if (path.endsWith('state.db')) {
          outcomes[servesOrRefuses(image, whole, where) ? 'unseen' : 'refused']++
        } else {
          const changed = before.get(basename(path)) !== contentOf(path)
          hidesNothing(image, whole, where, changed)
          outcomes[changed ? 'found' : 'unseen']++
        }
        folder.remove(image.root)
      })
    }
    console.log(`      ${JSON.stringify(outcomes)}`)
    assert.ok(outcomes.found > dbFlips / 20)
  })

  /** Every message, by its place and by its key. */
  function serves(store: Store, whole: readonly QueueContent[], where: string): void {
    for (const queueId of queueIds)
      assert.deepEqual(readQueue(store, 't', queueId), whole[queueId], `${where}: queue ${queueId}`)
    const texts = whole.flatMap((queue) => [...queue.texts.values()].filter((text) => text !== 'after'))
    for (let i = 0; i < texts.length; i += 7)
      assert.deepEqual(findTexts(store, 't', texts[i]!), [texts[i]], `${where}: by key`)
  }

  /** Of `state.db`, which nothing can be made from again. @returns false when it was refused */
  function servesOrRefuses(
    image: SimulatedFileSystem,
    whole: readonly QueueContent[],
    where: string,
  ): boolean {
    try {
      const store = openStore(image, image.root)
      assert.equal(missing(store, whole), 0, where)
      for (const queueId of queueIds) send(store, 't', queueId, 'after')
      store.close()
      return true
    } catch (error) {
      assert.ok(error instanceof MqError, `${where}: ${(error as Error).stack}`)
      return false
    }
  }

  /** Readers and writers go by the log, `store verify` tells what is wrong, and a rebuild mends it. */
  function hidesNothing(
    image: SimulatedFileSystem,
    whole: readonly QueueContent[],
    where: string,
    changed: boolean,
  ): void {
    const report = runToEnd(verifyOwn(image, image.root, 2000))
    if (changed) assert.ok(!report.ok, `${where}: verify finds nothing`)
    const store = openStore(image, image.root)
    serves(store, whole, where)
    for (const queueId of queueIds)
      assert.equal(send(store, 't', queueId, 'after'), whole[queueId]!.end, where)
    rebuild(store)
    const more = whole.map(({ min, end, texts }) => ({
      min,
      end: end + 1,
      texts: new Map([...texts, [end, 'after']]),
    }))
    serves(store, more, `${where}, rebuilt`)
    store.close()
    assert.deepEqual(runToEnd(verifyOwn(image, image.root, 2000)).problems, [], where)
  }
})

const tables = {
  index: ['progress', 'queue', 'queue_bucket', 'consume_queue', 'key_page'],
  catalog: ['store', 'sealed_segment', 'sealed_queue', 'bucket', 'key_filter'],
}

/** What SQLite gives of a derived file: a flip in unused bytes, or in a name of no use, changes nothing. */
function contentOf(path: string): string {
  const db = new BetterSqlite3(path, { readonly: true })
  try {
    const names = tables[path.endsWith('catalog.db') ? 'catalog' : 'index']
    const rows = names.map((name) => db.prepare(`SELECT * FROM ${name}`).raw().all())
    return createHash('sha256')
      .update(JSON.stringify([db.pragma('user_version'), rows]))
      .digest('hex')
  } catch {
    return 'unreadable'
  } finally {
    db.close()
  }
}

function contentsOf(paths: readonly string[]): Map<string, string> {
  const derived = paths.filter((path) => !path.endsWith('state.db'))
  return new Map(derived.map((path) => [basename(path), contentOf(path)]))
}

function databases(root: string): string[] {
  const own = join(root, 'pocketmq')
  const index = nodeFs.readdirSync(join(own, 'index')).map((name) => join(own, 'index', name))
  return [join(own, 'state.db'), join(own, 'catalog.db'), ...index].filter((path) => path.endsWith('.db'))
}

function segmentAt(fs: SimulatedFileSystem, offset: number): string {
  const base = offset - (offset % segmentSize)
  return join(fs.root, 'commitlog', String(base).padStart(20, '0'))
}

/** @returns flips it back */
function flip(fs: SimulatedFileSystem, offset: number, bit: number): () => void {
  const path = segmentAt(fs, offset)
  const at = offset % segmentSize
  const byte = Buffer.alloc(1)
  fs.open(path, 'read').read(byte, 0, 1, at)
  const before = Buffer.from(byte)
  byte[0]! ^= 1 << bit
  fs.corrupt(path, at, byte)
  return () => fs.corrupt(path, at, before)
}

function sectorAt(fs: SimulatedFileSystem, offset: number): Buffer {
  const sector = Buffer.alloc(512)
  fs.open(segmentAt(fs, offset), 'read').read(sector, 0, 512, offset % segmentSize)
  return sector
}

function writeSector(fs: SimulatedFileSystem, offset: number, sector: Buffer): void {
  fs.corrupt(segmentAt(fs, offset), offset % segmentSize, sector)
}

import assert from 'node:assert/strict'
import * as nodeFs from 'node:fs'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { killImage } from './crash-image.ts'
import { faultFolder } from './fault-folder.ts'
import { Random } from './random.ts'
import { SimulatedFileSystem } from './simulated-file-system.ts'
import { seed } from './tier.ts'
import { dumpIndex, openStore, segmentSize, send } from './workload.ts'

const queues = [
  ['alpha', 0],
  ['alpha', 1],
  ['beta', 0],
] as const

type Attack = (path: string, other: string) => void

const attacks: Record<string, Attack> = {
  deleted: (path) => nodeFs.rmSync(path),
  empty: (path) => nodeFs.truncateSync(path, 0),
  'cut in half': (path) => nodeFs.truncateSync(path, nodeFs.statSync(path).size >> 1),
  'one page short': (path) => nodeFs.truncateSync(path, nodeFs.statSync(path).size - 4096),
  garbage: (path) => nodeFs.writeFileSync(path, 'no database at all'.repeat(500)),
  'overwritten in the middle'(path) {
    const bytes = nodeFs.readFileSync(path)
    bytes.fill(0xa5, 4096)
    nodeFs.writeFileSync(path, bytes)
  },
  'of another store': (path, other) => nodeFs.copyFileSync(other, path),
  'of a newer version'(path) {
    const db = new BetterSqlite3(path)
    db.pragma('user_version = 99')
    db.close()
  },
  'without its tables'(path) {
    const db = new BetterSqlite3(path)
    const tables = db.prepare(`SELECT name FROM sqlite_master WHERE type = 'table'`).all() as {
      name: string
    }[]
    for (const { name } of tables) db.exec(`DROP TABLE ${name}`)
    db.close()
  },
}

/** reliability.md, test 8. */
describe('an index that is lost', () => {
  const folder = faultFolder()

  /** Several segments, a deleted topic, a committed offset. */
  function written(salt: number): SimulatedFileSystem {
    const fs = new SimulatedFileSystem(folder.make())
    const store = openStore(fs, fs.root)
    const random = new Random(seed + salt)
    for (let i = 0; i < 150; i++) {
      if (i === 100) store.deleteTopic('beta')
      const [topic, queueId] = random.pick(queues)
      send(store, topic, queueId, `m${i}`, random.between(100, segmentSize / 20))
    }
    store.state.durably(() =>
      store.state.db.prepare(`INSERT INTO consumer_offset VALUES ('alpha', 'g', 0, 3)`).run(),
    )
    store.close()
    return fs
  }

  const files = (root: string): string[] => {
    const own = join(root, 'pocketmq')
    const index = nodeFs
      .readdirSync(join(own, 'index'))
      .filter((name) => name.endsWith('.db'))
      .sort()
    return ['catalog.db', ...index.map((name) => join('index', name))]
  }

  for (const [name, attack] of Object.entries(attacks)) {
    it(`${name}: a reader and a writer answer as before`, () => {
      const fs = written(0)
      const other = written(1)
      const before = openStore(fs, fs.root)
      const expected = dumpIndex(before, queues)
      before.close()
      const all = files(fs.root)
      assert.ok(all.length >= 4)
      // each file alone, and all at once
      for (const hit of [...all.map((file) => [file]), all]) {
        const image = killImage(fs, folder.make())
        for (const file of hit) {
          // where the other one has no such file, its first
          const theirs = files(other.root).includes(file) ? file : 'index/00000000000000000000.db'
          attack(join(image.root, 'pocketmq', file), join(other.root, 'pocketmq', theirs))
        }
        const reader = openStore(image, image.root)
        assert.equal(dumpIndex(reader, queues), expected, `a reader, ${hit.join()}`)
        reader.close()
        const writer = openStore(image, image.root, { writer: 'hold' })
        assert.equal(dumpIndex(writer, queues), expected, `a writer, ${hit.join()}`)
        const { endOffset } = writer.extent('beta', 0)
        assert.equal(send(writer, 'beta', 0, 'more'), endOffset)
        writer.close()
        const again = openStore(image, image.root)
        assert.equal(again.extent('beta', 0).endOffset, endOffset + 1)
        assert.deepEqual(again.state.db.prepare('SELECT next_offset FROM consumer_offset').all(), [
          { next_offset: 3 },
        ])
        again.close()
        folder.remove(image.root)
      }
    })

    it(`state.db ${name}: refused, nothing is reset`, () => {
      const fs = written(0)
      const other = written(1)
      const state = join(fs.root, 'pocketmq', 'state.db')
      attack(state, join(other.root, 'pocketmq', 'state.db'))
      const bytes = nodeFs.existsSync(state) ? nodeFs.readFileSync(state) : null
      assert.throws(
        () => openStore(fs, fs.root),
        (error: { code: string }) => /^MQ_STORE_(CORRUPT|VERSION)$/.test(error.code),
      )
      assert.deepEqual(nodeFs.existsSync(state) ? nodeFs.readFileSync(state) : null, bytes)
    })
  }
})

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import * as nodeFs from 'node:fs'
import { join } from 'node:path'
import { MqError } from '../../src/core/errors.ts'
import { nodeFileSystem } from '../../src/core/store/file-system.ts'
import { faultFolder } from './fault-folder.ts'
import { WorkerProcess } from './worker-process.ts'
import { openStore, readQueue, segmentSize, send } from './workload.ts'

const segment = (n: number): string => String(n * segmentSize).padStart(20, '0')

interface Hostility {
  readonly code: RegExp
  readonly act: (root: string) => void
}

const hostilities: Record<string, Hostility> = {
  'a segment missing in the middle': {
    code: /MQ_STORE_CORRUPT/,
    act: (root) => nodeFs.rmSync(join(root, 'commitlog', segment(1))),
  },
  'the last segment missing': {
    code: /MQ_STORE_CORRUPT/,
    act: (root) => nodeFs.rmSync(join(root, 'commitlog', segment(3))),
  },
  'all segments missing': {
    code: /MQ_STORE_CORRUPT/,
    act: (root) => nodeFs.rmSync(join(root, 'commitlog'), { recursive: true }),
  },
  'a segment of no bytes in the middle': {
    code: /MQ_STORE_CORRUPT/,
    act: (root) => nodeFs.truncateSync(join(root, 'commitlog', segment(1)), 0),
  },
  'a segment that is too long': {
    code: /MQ_STORE_CORRUPT/,
    act: (root) => nodeFs.truncateSync(join(root, 'commitlog', segment(2)), segmentSize * 2),
  },
  'a segment that is a loop of symbolic links': {
    code: /MQ_STORE_(CORRUPT|UNWRITABLE)/,
    act(root) {
      const path = join(root, 'commitlog', segment(1))
      nodeFs.rmSync(path)
      nodeFs.symlinkSync(path, path)
    },
  },
  'a log that is a loop of symbolic links': {
    code: /MQ_STORE_(CORRUPT|UNWRITABLE)/,
    act(root) {
      const path = join(root, 'commitlog')
      nodeFs.rmSync(path, { recursive: true })
      nodeFs.symlinkSync(path, path)
    },
  },
  'no FORMAT': {
    code: /MQ_STORE_CORRUPT/,
    act: (root) => nodeFs.rmSync(join(root, 'pocketmq', 'FORMAT')),
  },
  'a FORMAT of null': {
    code: /MQ_STORE_CORRUPT/,
    act: (root) => nodeFs.writeFileSync(join(root, 'pocketmq', 'FORMAT'), 'null'),
  },
  'a FORMAT of a newer version': {
    code: /MQ_STORE_VERSION/,
    act: (root) =>
      nodeFs.writeFileSync(join(root, 'pocketmq', 'FORMAT'), '{"version":2,"ours":[{"new":true}]}'),
  },
  'a state.db that is a folder': {
    code: /MQ_STORE_(CORRUPT|UNWRITABLE)/,
    act(root) {
      nodeFs.rmSync(join(root, 'pocketmq', 'state.db'))
      nodeFs.mkdirSync(join(root, 'pocketmq', 'state.db'))
    },
  },
  'a log that goes on behind its end': {
    code: /MQ_STORE_FOREIGN/,
    act(root) {
      // what another program would write there: a record of an older copy that was longer
      const copy = `${root}.copy`
      nodeFs.cpSync(root, copy, { recursive: true })
      const longer = openStore(nodeFileSystem, copy)
      send(longer, 't', 0, 'more', 100)
      longer.close()
      nodeFs.cpSync(join(copy, 'commitlog'), join(root, 'commitlog'), { recursive: true })
      nodeFs.rmSync(copy, { recursive: true })
    },
  },
}

/** reliability.md, test 20. */
describe('a hostile folder', () => {
  const folder = faultFolder()

  /** Four segments, closed in order. */
  function written(): string {
    const root = folder.make()
    const store = openStore(nodeFileSystem, root)
    for (let i = 0; i < 8; i++) send(store, 't', 0, `m ${i}`, segmentSize * 0.4)
    assert.equal(nodeFs.readdirSync(join(root, 'commitlog')).length, 4)
    store.close()
    return root
  }

  for (const [name, { code, act }] of Object.entries(hostilities)) {
    it(`with ${name}: refused in one line with a hint, not a byte changed`, () => {
      const root = written()
      act(root)
      const before = digest(root)
      for (const writer of ['turn', 'hold'] as const) {
        assert.throws(
          () => {
            const store = openStore(nodeFileSystem, root, { writer })
            try {
              store.append({} as never, () => undefined)
            } finally {
              store.close()
            }
          },
          (error) => {
            assert.ok(error instanceof MqError, String((error as Error).stack))
            assert.match(error.code, code, error.message)
            assert.match(error.message, /^[^\n]+$/)
            assert.notEqual(error.hint, '')
            return true
          },
        )
        assert.equal(digest(root), before, `changed by a writer '${writer}'`)
      }
    })
  }

  it('with files of others in it: they are left alone, and do not disturb', () => {
    const root = written()
    const strangers = ['commitlog/README', 'commitlog/0000', 'pocketmq/notes.txt', 'pocketmq/index/x.db', 'x']
    for (const path of strangers) nodeFs.writeFileSync(join(root, path), path)
    const store = openStore(nodeFileSystem, root, { writer: 'hold' })
    assert.equal(readQueue(store, 't', 0).texts.size, 8)
    assert.equal(send(store, 't', 0, 'more'), 8)
    store.close()
    for (const path of strangers) assert.equal(nodeFs.readFileSync(join(root, path), 'utf8'), path)
  })

  it('that may not be read or written: refused in one line', async function () {
    if (process.getuid?.() !== 0) this.skip() // root alone may become somebody else
    for (const [mode, parts] of [
      [0o000, ['']],
      [0o000, ['pocketmq']],
      [0o555, ['', 'commitlog', 'pocketmq', 'pocketmq/index']],
    ] as const) {
      const root = written()
      nodeFs.chmodSync(folder.path, 0o755)
      for (const part of parts) nodeFs.chmodSync(join(root, part), mode)
      const before = digest(root)
      const worker = await WorkerProcess.start('look', root, 'nobody', 0, 65_534)
      const code = await worker.ended()
      if (code === 0) {
        // read-only is enough to read
        assert.equal(worker.lines.filter((line) => line.startsWith('q ')).length, 8)
      } else {
        assert.match(worker.errors, /MQ_STORE_UNWRITABLE|EACCES/, worker.errors)
        assert.match(worker.errors, /MqError/, worker.errors)
      }
      assert.equal(digest(root), before)
      for (const part of parts) nodeFs.chmodSync(join(root, part), 0o755)
    }
  })
})

/** All names and bytes below a folder. An empty -wal and a -shm are made by whoever reads a SQLite file. */
function digest(root: string): string {
  const hash = createHash('sha256')
  const visit = (path: string): void => {
    const stat = nodeFs.lstatSync(path)
    if (/-shm$/.test(path) || (/-wal$/.test(path) && stat.size === 0)) return
    hash.update(path)
    if (stat.isFile()) hash.update(nodeFs.readFileSync(path))
    if (stat.isDirectory()) for (const name of nodeFs.readdirSync(path).sort()) visit(join(path, name))
  }
  visit(root)
  return hash.digest('hex')
}

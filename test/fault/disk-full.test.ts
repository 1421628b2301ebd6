import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Store } from '../../src/core/store/store.ts'
import { nodeFileSystem } from '../../src/core/store/file-system.ts'
import { faultFolder } from './fault-folder.ts'
import { SimulatedFileSystem } from './simulated-file-system.ts'
import { openStore, readQueue, request, segmentSize, send } from './workload.ts'

/** reliability.md, test 9. */
describe('a full disk', () => {
  const folder = faultFolder()

  for (const writer of ['turn', 'hold'] as const) {
    it(`as the port tells it, writer '${writer}': reads go on, and sends when there is room again`, () => {
      const fs = new SimulatedFileSystem(folder.make())
      const store = openStore(fs, fs.root, { writer })
      const texts = fill(store, 10)
      for (let round = 0; round < 3; round++) {
        fs.fault = {
          at: fs.operations + 1,
          code: 'ENOSPC',
          times: Infinity,
          kinds: ['write', 'truncate', 'open'],
        }
        fs.faultsHit = 0
        for (let i = 0; i < 5; i++) refused(store, /the disk is full/)
        assert.deepEqual([...readQueue(store, 't', 0).texts.values()], texts)
        fs.fault = null
        assert.equal(store.broken, null)
        texts.push(`room ${round}`)
        assert.equal(send(store, 't', 0, `room ${round}`, segmentSize * 0.3), texts.length - 1)
      }
      store.close()
      const again = openStore(fs, fs.root)
      assert.deepEqual([...readQueue(again, 't', 0).texts.values()], texts)
      again.close()
    })
  }

  it('of 6 MiB, SQLite and all: nothing torn is seen, deleting works, and sends go on with room', function () {
    const disk = folder.make()
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', disk], { stdio: 'pipe' })
    } catch {
      this.skip() // only root may mount
    }
    try {
      const ballast = join(disk, 'ballast')
      writeFileSync(ballast, Buffer.alloc(1024 * 1024))
      const root = join(disk, 'store')
      mkdirSync(root)
      const store = openStore(nodeFileSystem, root)
      const texts: string[] = []
      for (let n = 0; ; n++) {
        const offset = send(store, 't', 0, `m ${n}`, n % 50 === 0 ? 50_000 : 500)
        if (offset === null) break
        assert.equal(offset, texts.length)
        texts.push(`m ${n}`)
      }
      assert.ok(texts.length > 100)
      for (let i = 0; i < 20; i++) send(store, 't', 0, `refused ${i}`, 20_000)
      const { texts: found } = readQueue(store, 't', 0)
      texts.forEach((text, offset) => assert.equal(found.get(offset), text))
      rmSync(ballast)
      const { endOffset } = store.extent('t', 0)
      assert.notEqual(send(store, 't', 0, 'room'), null, 'without a restart')
      store.close()
      const again = openStore(nodeFileSystem, root)
      const after = readQueue(again, 't', 0)
      texts.forEach((text, offset) => assert.equal(after.texts.get(offset), text))
      assert.equal(after.texts.size, after.end, 'no hole')
      assert.ok(after.end > endOffset)
      again.close()
    } finally {
      execFileSync('umount', ['-l', disk])
    }
  })

  function fill(store: Store, count: number): string[] {
    return Array.from({ length: count }, (_, i) => {
      assert.equal(send(store, 't', 0, `m ${i}`, segmentSize * 0.3), i)
      return `m ${i}`
    })
  }

  /** By a throw or through the callback, once. */
  function refused(store: Store, why: RegExp): void {
    const messages: string[] = []
    try {
      store.append(request('t', 0, 'refused', segmentSize * 0.3), (error) =>
        messages.push(error?.message ?? ''),
      )
      store.commit()
    } catch (error) {
      messages.push((error as Error).message)
    }
    assert.equal(messages.length, 1)
    assert.match(messages[0]!, why)
  }
})

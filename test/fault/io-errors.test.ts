import assert from 'node:assert/strict'
import { MqError } from '../../src/core/errors.ts'
import { faultFolder } from './fault-folder.ts'
import { killImage } from './crash-image.ts'
import { SimulatedFileSystem, type Fault, type OperationKind } from './simulated-file-system.ts'
import { openStore, readQueue, request, segmentSize, send } from './workload.ts'
import type { Store } from '../../src/core/store/store.ts'

/** reliability.md, test 4: each operation fails once, or from then on. */
describe('input and output errors', () => {
  const folder = faultFolder()

  for (const code of ['EIO', 'ENOSPC', 'EINTR', 'SHORT'] as const) {
    for (const times of [1, Infinity]) {
      if (code === 'EINTR' && times === Infinity) continue // no machine interrupts for ever
      it(`${code} at each operation, ${times === 1 ? 'once' : 'for ever'}: nothing acknowledged is lost`, () => {
        let struck = 0
        for (let at = 1; ; at++) {
          const hit = failAt({ at, code, times })
          if (!hit) break
          struck++
        }
        assert.ok(struck >= 5, `${struck} operations were hit`)
      })
    }
  }

  it('a sync that fails ends all acknowledgements of the process', () => {
    for (let at = 1; ; at++) {
      const fs = new SimulatedFileSystem(folder.make())
      const store = openStore(fs, fs.root)
      assert.equal(send(store, 't', 0, 'before'), 0)
      fs.fault = { at: fs.operations + at, code: 'EIO', times: 1, kinds: ['datasync'] }
      for (let i = 0; i < 6 && fs.faultsHit === 0; i++) send(store, 't', 0, `${at} ${i}`, segmentSize * 0.4)
      if (fs.faultsHit === 0) return store.close()
      assert.notEqual(store.broken, null)
      assert.equal(send(store, 't', 0, 'after'), null)
      assert.throws(() => store.append(request('t', 0, 'after'), () => undefined), {
        code: 'MQ_STORE_UNWRITABLE',
      })
      assert.equal(readQueue(store, 't', 0).texts.get(0), 'before', 'reading goes on')
      store.close()
    }
  })

  function failAt(fault: Fault): boolean {
    const fs = new SimulatedFileSystem(folder.make())
    const kinds: OperationKind[] = []
    fs.onOperation = (kind) => kinds.push(kind)
    fs.fault = fault
    const acknowledged = new Map<number, string>()
    const callbacks = work(fs, acknowledged)
    assert.ok(
      [...callbacks.values()].every((calls) => calls === 1),
      'each callback once',
    )
    const hit = fs.faultsHit > 0
    const image = killImage(fs, folder.make())
    const about = `${fault.code} at ${fault.at} (${kinds[fault.at - 1]})`
    if (image.list(image.root).length > 0) {
      const store = openStore(image, image.root)
      const found = readQueue(store, 't', 0)
      for (const [offset, text] of acknowledged) assert.equal(found.texts.get(offset), text, about)
      assert.equal(found.texts.size, found.end, `no hole, ${about}`)
      assert.equal(send(store, 't', 0, 'again'), found.end, about)
      store.close()
    }
    folder.remove(fs.root)
    folder.remove(image.root)
    return hit
  }

  /** Opens, sends over two segment ends, deletes, reopens. @returns how often each callback was called */
  function work(fs: SimulatedFileSystem, acknowledged: Map<number, string>): Map<string, number> {
    const callbacks = new Map<string, number>()
    for (let round = 0; round < 2; round++) {
      let store: Store
      try {
        store = openStore(fs, fs.root)
      } catch (error) {
        assert.ok(error instanceof MqError, String(error))
        assert.match(error.message, /^[^\n]+$/)
        continue
      }
      for (let i = 0; i < 4; i++) {
        for (let j = 0; j < 3; j++) {
          const text = `${round} ${i} ${j}`
          try {
            store.append(request('t', 0, text, segmentSize * 0.2), (error, result) => {
              callbacks.set(text, (callbacks.get(text) ?? 0) + 1)
              if (error === null) acknowledged.set(result!.queueOffset, text)
            })
            callbacks.set(text, callbacks.get(text) ?? 0)
          } catch (error) {
            assert.ok(error instanceof MqError, String(error))
          }
        }
        store.commit()
      }
      for (const act of [() => store.deleteTopic('other'), () => store.close()]) {
        try {
          act()
        } catch (error) {
          assert.ok(error instanceof MqError, String(error))
        }
      }
    }
    return callbacks
  }
})

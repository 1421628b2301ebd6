import assert from 'node:assert/strict'
import { Broker } from '../../src/core/broker/broker.ts'
import { silentPush } from '../../src/core/broker/ports.ts'
import { formatProperties } from '../../src/core/model/properties.ts'
import { SysFlag } from '../../src/core/model/sys-flag.ts'
import { Decision } from '../../src/core/model/transaction.ts'
import type { FileSystem } from '../../src/core/store/file-system.ts'
import { ManualTime, putRequest } from '../core/broker/test-broker.ts'
import { betweenSqliteWrites } from './boundaries.ts'
import { killImage, powerLossImage } from './crash-image.ts'
import { faultFolder } from './fault-folder.ts'
import { Random } from './random.ts'
import { SimulatedFileSystem } from './simulated-file-system.ts'
import { count, seeded } from './tier.ts'
import { openStore, readQueue } from './workload.ts'

/** Committed in three goes. */
const messages = 1100
const queueCount = 2
const atomicId = 'atomic'
const time = new ManualTime()

function openBroker(fs: FileSystem, folder: string): Broker {
  const store = openStore(fs, folder, { clock: time, segmentSize: 1024 * 1024 })
  return new Broker({
    ...{ store, clock: time, timers: time, push: silentPush, exclusiveModes: true },
    pullCaps: { messagesMax: 32, bytesMax: 256 * 1024 },
  })
}

function close(broker: Broker): void {
  broker.close()
  broker.store.close()
}

function sendHalves(broker: Broker, fail: (error: Error) => void): void {
  for (let n = 0; n < messages; n++) {
    const properties = formatProperties({
      ...{ TRAN_MSG: 'true', PGROUP: 'PG', UNIQ_KEY: `unique-${n}`, ATOMIC_ID: atomicId },
    })
    const request = {
      properties,
      sysFlag: SysFlag.prepared,
      queueId: n % queueCount,
      body: Buffer.from(`m${n}`),
    }
    broker.put(putRequest(request), (error) => error !== null && fail(error))
    // more than one write, and a kill between them
    if (n % 400 === 399) broker.store.commit()
  }
  broker.store.commit()
}

/** What consumers see. */
function seen(broker: Broker): string[] {
  const queues = Array.from({ length: queueCount }, (_, queueId) =>
    readQueue(broker.store as never, 'T', queueId),
  )
  return queues.flatMap(({ texts }) => [...texts.values()])
}

/** The next one that writes or consumes, and the one after it. */
function checkImage(image: SimulatedFileSystem, decided: boolean): 'all' | 'nothing' {
  let found: string[] = []
  for (let restart = 0; restart < 2; restart++) {
    const broker = openBroker(image, image.root)
    broker.due.run()
    broker.store.refresh()
    const before = found
    found = seen(broker)
    if (restart > 0) assert.deepEqual(found, before, 'the same after one more restart')
    close(broker)
  }
  if (decided) assert.equal(found.length, messages, 'it was acknowledged')
  if (found.length === 0) return 'nothing'
  assert.equal(found.length, messages, 'a part of it')
  assert.equal(new Set(found).size, messages, 'one of them twice')
  return 'all'
}

describe('an atomic send', () => {
  const folder = faultFolder()
  const rounds = count('ATOMIC', 1, 20)

  for (const decision of ['commit', 'rollback'] as const) {
    it(`that is killed anywhere is there as a whole, or not at all: ${decision}, ${rounds} times`, async () => {
      const results = { all: 0, nothing: 0 }
      for (let n = 0; n < rounds; n++)
        await seeded(n, (seed) => crashEverywhere(decision, new Random(seed), results))
      console.log(`      ${results.nothing} times nothing, ${results.all} times all`)
      assert.ok(results.nothing > 0)
      assert.equal(results.all > 0, decision === 'commit')
    })
  }

  function crashEverywhere(
    decision: 'commit' | 'rollback',
    random: Random,
    results: { all: number; nothing: number },
  ): void {
    const fs = new SimulatedFileSystem(folder.make())
    const broker = openBroker(fs, fs.root)
    const older = folder.make()
    killImage(fs, older)
    const images: SimulatedFileSystem[] = []
    const snapshot = (): void => {
      images.push(killImage(fs, folder.make()), powerLossImage(fs, folder.make(), random, older))
    }
    fs.onOperation = snapshot
    const failures: Error[] = []
    let ended = false
    betweenSqliteWrites(snapshot, () => {
      sendHalves(broker, (error) => failures.push(error))
      const request = { atomicId, count: messages, decision: Decision[decision] }
      broker.transactions.endAtomic(request, (error) => {
        if (error !== null) failures.push(error)
        broker.due.begin()
        ended = true
      })
    })
    fs.onOperation = () => undefined
    assert.deepEqual(failures, [])
    assert.ok(ended)
    snapshot()
    close(broker)
    images.forEach((image, i) => {
      const decided = i >= images.length - 2 && decision === 'commit'
      try {
        results[checkImage(image, decided)]++
      } catch (error) {
        const where = `${i % 2 === 0 ? 'kill' : 'power loss'} at boundary ${i >> 1} of ${(images.length >> 1) - 1}`
        throw new Error(`${where}: ${(error as Error).message}`, { cause: error })
      }
      folder.remove(image.root)
    })
    folder.remove(fs.root)
    folder.remove(older)
  }
})

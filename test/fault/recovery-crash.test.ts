import assert from 'node:assert/strict'
import { join } from 'node:path'
import { betweenSqliteWrites } from './boundaries.ts'
import { killImage, powerLossImage } from './crash-image.ts'
import { faultFolder } from './fault-folder.ts'
import { queues } from './model.ts'
import { Random } from './random.ts'
import { SimulatedFileSystem } from './simulated-file-system.ts'
import { count, seeded } from './tier.ts'
import { dumpIndex, openStore, rebuild, segmentSize, send } from './workload.ts'

const deepest = 5

/** reliability.md, test 6. */
describe('a crash within recovery', () => {
  const folder = faultFolder()
  const runs = count('RECOVERIES', 25, 1000)

  it(`up to ${deepest} times in a row: the folder is that of a recovery in one go (${runs} runs)`, async () => {
    let nested = 0
    for (let n = 0; n < runs; n++) {
      await seeded(n, (seed) => {
        const random = new Random(seed)
        const broken = brokenFolder(random)
        const expected = recovered(killImage(broken, folder.make()), n)
        let image = killImage(broken, folder.make())
        for (let depth = random.between(1, deepest); depth > 0; depth--) {
          const next = killedWithin(image, random, n)
          if (next === null) break
          folder.remove(image.root)
          image = next
          nested++
        }
        assert.equal(recovered(image, n), expected)
        folder.remove(broken.root)
        folder.remove(image.root)
      })
    }
    console.log(`      ${nested} crashes within`)
  })

  function brokenFolder(random: Random): SimulatedFileSystem {
    const fs = new SimulatedFileSystem(folder.make())
    const store = openStore(fs, fs.root, { writer: 'hold' })
    for (let i = random.between(5, 20); i > 0; i--) {
      const [topic, queueId] = random.pick(queues)
      send(store, topic, queueId, `m${i}`, random.between(64, segmentSize * 0.4))
      if (random.chance(0.2)) store.expire({ sizeMax: 2 * segmentSize })
    }
    store.deleteTopic('beta')
    for (let i = random.between(1, 5); i > 0; i--) send(store, 'alpha', 0, `n${i}`, segmentSize * 0.3)
    const image = powerLossImage(fs, folder.make(), random, null)
    store.close()
    folder.remove(fs.root)
    return image
  }

  /** Every other run rebuilds everything, too. */
  function recover(fs: SimulatedFileSystem, n: number): ReturnType<typeof openStore> {
    const store = openStore(fs, fs.root, { writer: 'hold' })
    if (n % 2 === 1) rebuild(store)
    return store
  }

  /** The folder as a kill at a random point of its recovery leaves it; null: there was nothing to do. */
  function killedWithin(fs: SimulatedFileSystem, random: Random, n: number): SimulatedFileSystem | null {
    const images: SimulatedFileSystem[] = []
    const snapshot = (): void => {
      // each boundary as likely as another: the n-th replaces what was kept with probability 1/n
      if (random.below(++boundaries) > 0) return
      for (const kept of images.splice(0)) folder.remove(kept.root)
      images.push(killImage(fs, folder.make()))
    }
    let boundaries = 0
    fs.onOperation = snapshot
    betweenSqliteWrites(snapshot, () => recover(fs, n)).close()
    fs.onOperation = () => undefined
    return images[0] ?? null
  }

  /** What a recovered folder holds: each byte of its log, and what its index answers. */
  function recovered(fs: SimulatedFileSystem, n: number): string {
    const store = recover(fs, n)
    const log = fs
      .list(join(fs.root, 'commitlog'))
      .map((name) => `${name} ${fs.readFile(join(fs.root, 'commitlog', name))!.toString('base64')}`)
    const index = dumpIndex(store, queues)
    store.close()
    return [...log, index].join('\n')
  }
})

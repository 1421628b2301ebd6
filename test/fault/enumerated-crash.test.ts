import { betweenSqliteWrites } from './boundaries.ts'
import { killImage, powerLossImage } from './crash-image.ts'
import { faultFolder } from './fault-folder.ts'
import { nameOf, queues, type Model } from './model.ts'
import { operations, type Operation } from './operations.ts'
import { Random } from './random.ts'
import { SimulatedFileSystem } from './simulated-file-system.ts'
import { count, seeded } from './tier.ts'
import { verifyImage } from './verify-image.ts'
import { openStore } from './workload.ts'
import type { Store } from '../../src/core/store/store.ts'

/** reliability.md, test 3: ALICE's and B3's bugs need at most three operations. */
describe('each crash point of short sequences', () => {
  const folder = faultFolder()
  const sequences = operations.flatMap((a) => [
    [a],
    ...operations.flatMap((b) => [[a, b], ...operations.map((c) => [a, b, c])]),
  ])
  const wanted = count('SEQUENCES', 30, sequences.length)

  it(`is recovered from: ${wanted} of ${sequences.length} sequences`, async function () {
    let images = 0
    for (let n = 0; n < wanted; n++) {
      await seeded(n, (seed) => {
        const random = new Random(seed)
        const sequence = wanted === sequences.length ? sequences[n]! : random.pick(sequences)
        if (process.env['TRACE'] !== undefined)
          console.log(n, images, sequence.map(({ name }) => name).join(', '))
        images += crashEverywhere(sequence, random)
      })
    }
    console.log(`      ${images} images`)
  })

  function crashEverywhere(sequence: readonly Operation[], random: Random): number {
    const fs = new SimulatedFileSystem(folder.make())
    const store = openStore(fs, fs.root, { retention: { ageMaxMs: 72 * 3600 * 1000 } })
    let model: Model = new Map()
    for (const [i, operation] of [operations[0]!, operations[2]!, operations[3]!].entries()) {
      model = done(store, operation, model, `first ${i}`)
    }
    sequence.slice(0, -1).forEach((operation, i) => (model = done(store, operation, model, `then ${i}`)))
    const last = sequence.at(-1)!
    const after = last.plan(model, 'last')
    const older = folder.make()
    killImage(fs, older)
    const images: SimulatedFileSystem[] = []
    const snapshot = (): void => {
      images.push(killImage(fs, folder.make()), powerLossImage(fs, folder.make(), random, older))
    }
    fs.onOperation = snapshot
    betweenSqliteWrites(snapshot, () => last.run(store, 'last'))
    snapshot()
    fs.onOperation = () => undefined
    const acknowledged = done(store, { ...last, run: () => undefined }, model, 'last')
    store.close()
    images.forEach((image, i) => {
      const complete = i >= images.length - 2
      try {
        verifyImage(image, complete ? acknowledged : model, after)
      } catch (error) {
        const names = sequence.map(({ name }) => name).join(', ')
        const where = `[${names}] ${i % 2 === 0 ? 'kill' : 'power loss'} at boundary ${i >> 1} of ${(images.length >> 1) - 1}`
        throw new Error(`${where}: ${(error as Error).message}`, { cause: error })
      }
      folder.remove(image.root)
    })
    folder.remove(fs.root)
    folder.remove(older)
    return images.length
  }
})

/** What of the plan has come true: which segments have expired is the store's to say. */
function done(store: Store, operation: Operation, model: Model, tag: string): Model {
  operation.run(store, tag)
  const planned = new Map(operation.plan(model, tag))
  for (const [topic, queueId] of queues) {
    const queue = planned.get(nameOf(topic, queueId))
    if (queue !== undefined)
      planned.set(nameOf(topic, queueId), { ...queue, min: store.extent(topic, queueId).minOffset })
  }
  return planned
}

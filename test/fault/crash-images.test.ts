import assert from 'node:assert/strict'
import { killImage, powerLossImage } from './crash-image.ts'
import { faultFolder } from './fault-folder.ts'
import { betweenSqliteWrites } from './boundaries.ts'
import { Random } from './random.ts'
import { SimulatedFileSystem } from './simulated-file-system.ts'
import { count, seeded } from './tier.ts'
import { openStore, readQueue, request, segmentSize } from './workload.ts'
import type { Store } from '../../src/core/store/store.ts'

/** One record as its sender knows it. */
interface Sent {
  readonly text: string
  readonly queueId: number
  acknowledged: boolean
}

/** A command syncs each turn; a server does so while it goes on, or acknowledges what is only written. */
type Mode = 'command' | 'sync' | 'async'

const openedAs = {
  command: { writer: 'turn' },
  sync: { writer: 'hold', flush: 'sync' },
  async: { writer: 'hold', flush: 'async' },
} as const satisfies Record<Mode, object>

const imagesPerRun = 20

/** reliability.md, test 2. */
describe('crash images with lost and torn writes', () => {
  const folder = faultFolder()
  const images = count('IMAGES', 200, 10_000)

  it(`of commands: ${images >> 1} images, nothing acknowledged is lost`, () => runs(images >> 1, 'command'))

  it(`of a server that syncs: ${images >> 2} images, nothing acknowledged is lost`, () =>
    runs(images >> 2, 'sync'))

  it(`of one that does not: ${images >> 2} images, what is lost is the end, within the window`, () =>
    runs(images >> 2, 'async'))

  async function runs(count: number, mode: Mode): Promise<void> {
    for (let n = 0; n * imagesPerRun < count; n++) await seeded(n, (seed) => run(new Random(seed), mode))
  }

  async function run(random: Random, mode: Mode): Promise<void> {
    const fs = new SimulatedFileSystem(folder.make())
    const older = folder.make()
    const sent: Sent[] = []
    /** In 'async': how many records the last finished sync covers. */
    let synced = 0
    const store = openStore(fs, fs.root, openedAs[mode])
    const rounds = random.between(3, 12)
    const crashAt = random.between(1, 60)
    let boundary = 0
    const boundaryHit = (): boolean => ++boundary >= crashAt
    const taken: { image: SimulatedFileSystem; certain: number; sent: number }[] = []
    const snapshot = (): void => {
      if (!boundaryHit() || taken.length >= imagesPerRun) return
      const certain = mode === 'async' ? synced : lastAcknowledged(sent)
      taken.push({ image: powerLossImage(fs, folder.make(), random, older), certain, sent: sent.length })
    }
    fs.onOperation = snapshot
    for (let round = 0; round < rounds; round++) {
      if (round === 1) copyForLater(fs, older)
      betweenSqliteWrites(snapshot, () => sendSome(store, random, sent))
      if (mode !== 'command' && random.chance(0.6)) {
        const covered = sent.length
        if (mode === 'async' || random.chance(0.3)) store.syncLater()
        await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
        synced = covered
      }
    }
    while (taken.length < imagesPerRun) snapshot()
    fs.onOperation = () => undefined
    store.close()
    for (const { image, certain, sent: count } of taken) {
      verify(image, sent.slice(0, count), certain)
      folder.remove(image.root)
    }
    folder.remove(fs.root)
    folder.remove(older)
  }

  function copyForLater(fs: SimulatedFileSystem, older: string): void {
    killImage(fs, older)
  }

  /**
   * The log holds a beginning of what was sent, all that is certain and nothing else, and goes on from there.
   */
  function verify(image: SimulatedFileSystem, sent: readonly Sent[], certain: number): void {
    const store = openStore(image, image.root)
    let survived = 0
    const byQueue = [0, 1].map((queueId) => readQueue(store, 't', queueId))
    const next = [0, 0]
    for (const { text, queueId } of sent) {
      if (byQueue[queueId]!.texts.get(next[queueId]!) !== text) break
      next[queueId]!++
      survived++
    }
    assert.ok(survived >= certain, `${survived} of ${certain} certain records survived`)
    assert.deepEqual(
      byQueue.map(({ end }) => end),
      next,
      'nothing behind the first one lost: ' + JSON.stringify({ survived, certain, sent: sent.length }),
    )
    for (const [queueId, end] of next.entries()) {
      store.append(request('t', queueId, `after ${queueId}`), (error, result) => {
        assert.equal(error, null)
        assert.equal(result?.queueOffset, end)
      })
    }
    store.close()
    for (let restart = 0; restart < 2; restart++) {
      const again = openStore(image, image.root, { writer: restart === 0 ? 'hold' : 'turn' })
      for (const [queueId, end] of next.entries()) {
        const found = readQueue(again, 't', queueId)
        assert.equal(found.end, end + 1)
        assert.equal(found.texts.get(end), `after ${queueId}`)
        assert.equal(found.texts.size, found.end - found.min)
      }
      again.close()
    }
  }
})

function lastAcknowledged(sent: readonly Sent[]): number {
  return sent.findLastIndex((each) => each.acknowledged) + 1
}

function sendSome(store: Store, random: Random, sent: Sent[]): void {
  for (let i = random.between(1, 12); i > 0; i--) {
    const size = random.chance(0.1) ? segmentSize * 0.7 : random.between(64, 3000)
    const each: Sent = { text: `message ${sent.length}`, queueId: random.below(2), acknowledged: false }
    // what an append writes before it returns may hold the record itself
    sent.push(each)
    store.append(request('t', each.queueId, each.text, size), (error) => (each.acknowledged = error === null))
  }
  store.commit()
}

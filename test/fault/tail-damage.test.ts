import assert from 'node:assert/strict'
import { join } from 'node:path'
import { faultFolder } from './fault-folder.ts'
import { killImage } from './crash-image.ts'
import { SimulatedFileSystem } from './simulated-file-system.ts'
import { count } from './tier.ts'
import { openStore, readQueue, rebuild, send, type QueueContent } from './workload.ts'

const firstSegment = '0'.repeat(20)

/** reliability.md, test 5: what a torn write leaves, at each byte. */
describe('a log that ends within its last three records', () => {
  const folder = faultFolder()
  const step = count('STEP', 7, 1)

  for (const topic of ['short', `%RETRY%${'long'.repeat(40)}`]) {
    const version = topic === 'short' ? 1 : 2
    for (const how of ['cut', 'zeroed'] as const) {
      it(`V${version} records, ${how} at each ${step}. byte: exactly the earlier ones are kept`, () => {
        const { fs, ends, texts, from, to } = written(topic)
        for (let at = from; at < to; at += step) {
          const image = killImage(fs, folder.make())
          const segment = join(image.root, 'commitlog', firstSegment)
          const size = image.fileSize(segment)!
          if (how === 'cut') image.open(segment, 'write').truncate(at)
          else image.corrupt(segment, at, Buffer.alloc(to - at))
          assert.equal(image.fileSize(segment), how === 'cut' ? at : size)
          const kept = ends.filter((end) => end <= at).length
          checkKept(image, topic, texts.slice(0, kept), `cut at ${at} of ${to}`)
          folder.remove(image.root)
        }
      })
    }
  }

  /** Six records; the last writer died after it had written the last three, and synced the others. */
  function written(topic: string): {
    fs: SimulatedFileSystem
    ends: number[]
    texts: string[]
    from: number
    to: number
  } {
    const fs = new SimulatedFileSystem(folder.make())
    const store = openStore(fs, fs.root)
    // every other one with IPv6 hosts
    const texts = ['one 6', 'two', 'three 6', 'four', 'five 6', 'six']
    const ends = texts.map((text) => {
      send(store, topic, 0, text, 20)
      return store.commitLogMaxOffset
    })
    store.close()
    const again = openStore(fs, fs.root, { writer: 'hold' })
    again.state.setWriter({
      ...again.state.writer(),
      bootId: 'another boot',
      clean: false,
      syncedTo: ends[2]!,
      logEnd: ends[2]!,
    })
    return { fs, ends, texts, from: ends[2]!, to: ends[5]! }
  }

  function checkKept(
    image: SimulatedFileSystem,
    topic: string,
    kept: readonly string[],
    about: string,
  ): void {
    const open = (): ReturnType<typeof openStore> => openStore(image, image.root)
    const first = open()
    assert.deepEqual(listed(readQueue(first, topic, 0)), kept, about)
    assert.equal(send(first, topic, 0, 'appended'), kept.length, about)
    first.close()
    for (let restart = 0; restart < 2; restart++) {
      const again = open()
      assert.deepEqual(listed(readQueue(again, topic, 0)), [...kept, 'appended'], about)
      rebuild(again)
      assert.deepEqual(listed(readQueue(again, topic, 0)), [...kept, 'appended'], about)
      again.close()
    }
  }
})

function listed(queue: QueueContent): (string | undefined)[] {
  return Array.from({ length: queue.end - queue.min }, (_, i) => queue.texts.get(queue.min + i))
}

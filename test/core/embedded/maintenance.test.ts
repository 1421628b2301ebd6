import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { LogEntry } from '../../../src/core/embedded/maintenance/dump.ts'
import { BrokerFolder } from './broker-folder.ts'
import { FilledFolder, keys, segmentSize } from './maintenance/filled-folder.ts'
import { append, openOwn, served } from './own-folder.ts'

describe('Maintenance', () => {
  const folder = new FilledFolder()

  describe('rebuild', () => {
    it('serves the same afterwards', async () => {
      await folder.fill()
      const before = served(folder.path, keys)
      const report = await folder.maintenance.rebuild()
      assert.ok(report.segments > 3)
      assert.deepEqual(served(folder.path, keys), before)
      assert.deepEqual(await folder.problems(), [])
    })

    it('may be stopped, and the next one to open the folder finishes it', async () => {
      await folder.fill()
      const before = served(folder.path, keys)
      const store = openOwn(folder.path)
      const steps = store.rebuild()
      steps.next()
      steps.return()
      store.close()
      assert.deepEqual(served(folder.path, keys), before)
      const writer = openOwn(folder.path)
      await append(writer, 'u', 0, 'after')
      writer.close()
      assert.deepEqual(await folder.problems(), [])
    })
  })

  describe('dump', () => {
    const all = async (range: { from?: number; to?: number } = {}): Promise<LogEntry[]> => {
      const entries: LogEntry[] = []
      for await (const entry of folder.maintenance.dump(range)) entries.push(entry)
      return entries
    }

    it('lists every record in order, those of deleted topics as well', async () => {
      await folder.fill()
      const entries = await all()
      assert.equal(entries.length, 440)
      assert.ok(entries.every((entry, i) => i === 0 || entry.offset > entries[i - 1]!.offset))
      const entry = entries.find(({ offset }) => offset === folder.places[7])
      assert.ok(entry?.kind === 'record')
      const { topic, queueId, queueOffset, tag, keys: words, crc } = entry
      assert.deepEqual(
        { topic, queueId, queueOffset, tag, words, crc },
        {
          topic: 't',
          queueId: 1,
          queueOffset: 2,
          tag: 'tag1',
          words: ['k7'],
          crc: 'record',
        },
      )
    })

    it('lists a range, from the next record on, and damage as what it is', async () => {
      await folder.fill()
      const [from, to] = [folder.places[12]!, folder.places[19]!]
      assert.deepEqual(
        (await all({ from, to })).flatMap((entry) =>
          entry.kind === 'record' && entry.topic === 't' ? entry.offset : [],
        ),
        folder.places.slice(12, 19),
      )
      assert.equal((await all({ from: from + 1, to: to + 1 })).at(-1)!.offset, to)
      folder.overwrite(folder.segmentFile(from), (from % segmentSize) + 200, Buffer.from('damage'))
      const [damage] = await all({ from, to })
      assert.ok(damage?.kind === 'damage')
      assert.equal(damage.offset + damage.size, folder.places[13])
    })
  })

  it('says that a folder has no store, and what is not for a RocketMQ folder', async () => {
    await assert.rejects(folder.maintenance.verify(), { code: 'MQ_STORE_NOT_FOUND' })
    new BrokerFolder(folder.path).append({ topic: 't', queueOffset: 0 })
    await assert.rejects(folder.maintenance.rebuild(), { code: 'MQ_STORE_FOREIGN' })
    await assert.rejects(async () => folder.maintenance.export(join(folder.root, 'x')), {
      code: 'MQ_STORE_FOREIGN',
    })
  })
})

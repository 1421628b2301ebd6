import assert from 'node:assert/strict'
import { closeSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../../src/core/lib/clock.ts'
import { parseHost } from '../../../src/core/model/host.ts'
import { readRecord } from '../../../src/core/model/record.ts'
import { nodeFileSystem } from '../../../src/core/store/file-system.ts'
import type {
  AppendedRun,
  AppendRequest,
  AppendResult,
  AppendRun,
} from '../../../src/core/store/append-batch.ts'
import { Store } from '../../../src/core/store/store.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const host = parseHost('127.0.0.1:9876')
const clock: Clock = { now: () => 1_700_000_000_000 }

describe('Store', () => {
  const folder = temporaryFolder()
  const open = (writer: 'turn' | 'hold' = 'turn', segmentSize = 64 * 1024): Store =>
    new Store({ folder: folder.path, fs: nodeFileSystem, clock, segmentSize, writer, lockTimeoutMs: 2000 })

  const requestOf = (topic: string, queueId: number, body: string, key = ''): AppendRequest => ({
    topic,
    queueId,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 1,
    bornHost: host,
    storeHost: host,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body: Buffer.from(body),
    properties: key === '' ? '' : `KEYS\u0001${key}\u0002`,
  })

  const runOf = (requests: readonly AppendRequest[]): AppendRun => ({
    ...requests[0]!,
    queueIds: requests.map(({ queueId }) => queueId),
    bodies: requests.map(({ body }) => body),
    properties: requests.map(({ properties }) => properties),
  })

  function append(
    store: Store,
    topic: string,
    queueId: number,
    body: string,
    key = '',
  ): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      store.append(requestOf(topic, queueId, body, key), (error, result) =>
        error === null ? resolve(result!) : reject(error),
      )
    })
  }

  function bodies(store: Store, topic: string, queueId: number): string[] {
    store.refresh()
    return store.entries(topic, queueId, 0, 100_000).map((entry) => {
      const record = store.record(entry.physicalOffset, entry.size)!
      return readRecord(record, 0).body.toString()
    })
  }

  it('keeps what was acknowledged, over a reopen and many segments', async () => {
    const store = open()
    const sent: string[] = []
    for (let i = 0; i < 50; i++) {
      const batch = Array.from({ length: 40 }, (_, j) => `message ${i} ${j} ${'x'.repeat(j)}`)
      await Promise.all(batch.map((body) => append(store, 't', 0, body)))
      sent.push(...batch)
    }
    assert.deepEqual(bodies(store, 't', 0), sent)
    store.close()
    const again = open()
    assert.deepEqual(bodies(again, 't', 0), sent)
    assert.ok(readdirSync(join(folder.path, 'commitlog')).length > 3)
    again.close()
  })

  it('takes many records at once, over segments, and tells of all of them with one call', async () => {
    const store = open()
    const alone = append(store, 't', 0, 'before')
    const stored = ['t', 'u'].map(async (topic) => {
      const requests = Array.from({ length: 700 }, (_, i) =>
        requestOf(topic, i % 3, 'y'.repeat(i % 400), `${topic}${i}`),
      )
      const { queueOffsets, physicalOffsets } = await new Promise<AppendedRun>((resolve, reject) => {
        store.appendAll(runOf(requests), (error, all) => (error === null ? resolve(all!) : reject(error)))
      })
      return requests.map(({ queueId, body }, i) => {
        const record = readRecord(store.record(physicalOffsets[i]!)!, 0)
        assert.deepEqual(
          [record.topic.toString(), record.queueId, record.queueOffset, record.body],
          [topic, queueId, queueOffsets[i]!, body],
        )
        assert.deepEqual(store.find(topic, `${topic}${i}`), [physicalOffsets[i]!])
        return physicalOffsets[i]!
      })
    })
    assert.deepEqual(await alone, { queueOffset: 0, physicalOffset: 0 })
    const offsets = (await Promise.all(stored)).flat()
    assert.deepEqual(
      offsets.toSorted((a, b) => a - b),
      offsets,
    )
    assert.ok(offsets.at(-1)! > store.segmentSize)
    store.close()
  })

  it('opens while another process goes on to the next segment', async () => {
    const writer = open()
    await append(writer, 't', 0, 'first')
    let rolled = 0
    const list = (path: string): string[] => {
      const names = nodeFileSystem.list(path)
      if (path.endsWith('commitlog') && rolled === 0) {
        for (; rolled < 5; rolled++) {
          writer.append(requestOf('t', 0, 'z'.repeat(40_000)), (error) => assert.equal(error, null))
          writer.commit()
        }
      }
      return names
    }
    const fs = { ...nodeFileSystem, list }
    const reader = new Store({ folder: folder.path, fs, clock, writer: 'turn' })
    assert.equal(rolled, 5)
    assert.equal(bodies(reader, 't', 0).length, 6)
    reader.close()
    writer.close()
  })

  it('takes none of many records when one of them is refused', async () => {
    const store = open()
    const good = requestOf('t', 0, 'good')
    const bad = [good, { ...good, queueId: -1 }, good]
    const done = (): never => assert.fail('nothing was staged')
    assert.throws(() => store.appendAll(runOf(bad), done), { code: 'MQ_MESSAGE_ILLEGAL' })
    assert.throws(() => store.appendAll(runOf([good, requestOf('t', 0, 'z'.repeat(70_000))]), done), {
      code: 'MQ_MESSAGE_ILLEGAL',
    })
    assert.deepEqual(await append(store, 't', 0, 'next'), { queueOffset: 0, physicalOffset: 0 })
    store.close()
  })

  it('finds by key in open runs, sealed segments and the tail', async () => {
    const store = open()
    for (let i = 0; i < 400; i++) await append(store, 't', i % 4, 'y'.repeat(400), `key${i}`)
    for (const i of [0, 57, 399]) {
      const offsets = store.find('t', `key${i}`)
      const found = offsets.map((offset) => readRecord(store.record(offset)!, 0))
      assert.ok(found.some((record) => record.queueId === i % 4 && record.queueOffset === Math.floor(i / 4)))
    }
    assert.deepEqual(store.find('t', 'absent'), [])
    store.close()
  })

  it('gives two writers dense offsets, each seeing what the other wrote', async () => {
    const one = open()
    const two = open()
    const offsets: number[] = []
    for (let i = 0; i < 300; i++) {
      offsets.push((await append(i % 2 ? one : two, 't', 0, 'z'.repeat(300))).queueOffset)
    }
    assert.deepEqual(
      offsets,
      Array.from({ length: 300 }, (_, i) => i),
    )
    assert.equal(bodies(one, 't', 0).length, 300)
    assert.equal(bodies(two, 't', 0).length, 300)
    one.close()
    two.close()
  })

  it('serves a torn tail never, and appends in its place, over two restarts', async () => {
    const first = open()
    const { physicalOffset } = await append(first, 't', 0, 'kept')
    const torn = await append(first, 't', 0, 'torn')
    first.state.setWriter({
      ...first.state.writer(),
      clean: false,
      syncedTo: physicalOffset,
      logEnd: physicalOffset,
    })
    first.close()
    const file = openSync(join(folder.path, 'commitlog', '0'.repeat(20)), 'r+')
    writeSync(file, Buffer.alloc(60, 7), 0, 60, torn.physicalOffset + 30)
    closeSync(file)
    const second = open()
    assert.equal((await append(second, 't', 0, 'after')).queueOffset, 1)
    second.close()
    const third = open()
    assert.deepEqual(bodies(third, 't', 0), ['kept', 'after'])
    third.close()
  })

  it('makes a lost index again from the log', async () => {
    const store = open()
    for (let i = 0; i < 200; i++) await append(store, 't', 0, `${i}`, `k${i}`)
    store.close()
    rmSync(join(folder.path, 'pocketmq', 'index'), { recursive: true })
    rmSync(join(folder.path, 'pocketmq', 'catalog.db'))
    const again = open()
    assert.equal(bodies(again, 't', 0).length, 200)
    assert.equal((await append(again, 't', 0, 'more')).queueOffset, 200)
    assert.equal(again.find('t', 'k7').length, 1)
    again.close()
  })

  it('is one writer for life when held', () => {
    const held = open('hold')
    const other = new Store({
      folder: folder.path,
      fs: nodeFileSystem,
      clock,
      writer: 'turn',
      lockTimeoutMs: 30,
    })
    assert.throws(() => other.append({} as never, () => undefined), { code: 'MQ_STORE_IN_USE' })
    other.close()
    held.close()
  })

  it('makes sparse segments of the size the folder was created with', async () => {
    const store = open('turn', 1024 * 1024 * 1024)
    await append(store, 't', 0, 'x')
    store.close()
    const again = open('turn', 4096)
    await append(again, 't', 0, 'y')
    again.close()
    const { size, blocks } = statSync(join(folder.path, 'commitlog', '0'.repeat(20)))
    assert.equal(size, 1024 * 1024 * 1024)
    assert.ok(blocks * 512 < 1024 * 1024)
  })
})

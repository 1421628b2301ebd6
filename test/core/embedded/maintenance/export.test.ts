import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BrokerFolder } from '../broker-folder.ts'
import { FilledFolder, segmentSize } from './filled-folder.ts'

describe('store export', () => {
  const folder = new FilledFolder()

  it('writes what a broker starts on', async () => {
    await folder.fill()
    const to = join(folder.root, 'exported')
    const report = await folder.maintenance.export(to)
    assert.equal(report.segmentSize, segmentSize)
    assert.deepEqual(readdirSync(to).sort(), ['commitlog', 'config', 'consumequeue'])
    for (const name of readdirSync(join(folder.path, 'commitlog'))) {
      const [ours, theirs] = [folder.path, to].map((each) => readFileSync(join(each, 'commitlog', name)))
      assert.ok(ours!.equals(theirs!))
    }
    const json = (name: string): unknown => JSON.parse(readFileSync(join(to, 'config', name), 'utf8'))
    assert.deepEqual((json('consumerOffset.json') as { offsetTable: unknown }).offsetTable, {
      't@G': { 1: 20 },
    })
    const { topicConfigTable } = json('topics.json') as { topicConfigTable: object }
    assert.deepEqual(Object.keys(topicConfigTable), ['t'])
    const { subscriptionGroupTable } = json('subscriptionGroup.json') as {
      subscriptionGroupTable: { G: object }
    }
    assert.equal((subscriptionGroupTable.G as { retryMaxTimes: number }).retryMaxTimes, 16)
    const queue = join(to, 'consumequeue', 't', '1', '0'.repeat(20))
    assert.equal(statSync(queue).size, 6_000_000)
    const bytes = readFileSync(queue)
    assert.equal(Number(bytes.readBigInt64BE(20)), folder.places[4])
    assert.equal(bytes.readInt32BE(133 * 20 + 8), 0)
    const anew = readFileSync(join(to, 'consumequeue', 'anew', '0', '0'.repeat(20)))
    assert.ok(Number(anew.readBigInt64BE(0)) >= folder.places[300]!)
  })

  it('does not touch a folder that holds something, and leaves nothing when it is stopped', async () => {
    await folder.fill()
    const to = join(folder.root, 'exported')
    mkdirSync(to)
    writeFileSync(join(to, 'mine'), 'x')
    await assert.rejects(folder.maintenance.export(to), { code: 'MQ_FAILED' })
    rmSync(join(to, 'mine'))
    await folder.maintenance.export(to)
    assert.deepEqual(readdirSync(folder.root).sort(), ['exported', 'store'])
  })

  it('lets the next entry stand in for a damaged record, and blanks for those before a queue begins', async () => {
    const broker = new BrokerFolder(folder.path)
    const at = Array.from({ length: 300 }, (_, i) =>
      broker.append({ topic: 't', queueOffset: 300_005 + i, body: 'x'.padEnd(400) }),
    )
    broker.write(at[3]! + 120, Buffer.from('damage'))
    await folder.maintenance.import()
    const to = join(folder.root, 'exported')
    await folder.maintenance.export(to)
    const bytes = readFileSync(join(to, 'consumequeue', 't', '0', '6000000'.padStart(20, '0')))
    const entry = (i: number): number[] => [
      Number(bytes.readBigInt64BE(i * 20)),
      bytes.readInt32BE(i * 20 + 8),
    ]
    assert.deepEqual(entry(0), [0, 0x7fffffff])
    assert.deepEqual(entry(4), [0, 0x7fffffff])
    assert.equal(entry(5)[0], at[0])
    assert.equal(entry(8)[0], at[4])
    assert.equal(entry(9)[0], at[4])
    assert.equal(entry(304)[0], at[299])
  })
})

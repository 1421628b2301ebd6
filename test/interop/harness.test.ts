import assert from 'node:assert/strict'
import { JavaDriver, type MessageRow } from './java-driver.ts'
import { mqadmin } from './mqadmin.ts'
import type { RealCluster } from './real-cluster.ts'
import { sharedCluster } from './shared-cluster.ts'

/** The tools themselves, against the real cluster: what they show of ours is worth what they show of it. */
describe('interop harness on a real cluster', () => {
  let cluster: RealCluster

  before(async () => {
    cluster = await sharedCluster()
  })

  it('runs mqadmin, which creates topics', async () => {
    const run = await mqadmin([
      'updateTopic',
      '-n',
      cluster.namesrv,
      '-c',
      'DefaultCluster',
      '-t',
      'HarnessT',
      '-r',
      '2',
      '-w',
      '2',
    ])
    assert.equal(run.stderr, '')
    assert.match(
      run.stdout,
      new RegExp(
        `^create topic to ${cluster.broker} success\\.\nTopicConfig \\[topicName=HarnessT, readQueueNums=2, `,
      ),
    )
    assert.equal(run.exitCode, 0)
  })

  for (const headerType of ['json', 'binary'] as const) {
    it(`sends, pulls and views with the Java client and ${headerType} headers`, async () => {
      const topic = `Harness-${headerType}`
      const driver = new JavaDriver(cluster.namesrv, headerType)
      const sent = await driver.send(topic, [
        { body: 'grün', tag: 'A', keys: ['k1', 'k2'], properties: { colour: 'grün' }, queueId: 1 },
        { bodyBase64: Buffer.alloc(5000, 'x').toString('base64'), tag: 'B', queueId: 1 },
      ])
      const batch = await driver.sendBatch(topic, [{ body: 'b0', tag: 'A' }, { body: 'b1' }])
      assert.deepEqual(
        sent.map((row) => [row.sendStatus, row.queueId, row.queueOffset]),
        [
          ['SEND_OK', 1, 0],
          ['SEND_OK', 1, 1],
        ],
      )

      const pulled = await driver.pull(topic)
      assert.deepEqual(bodies(pulled), ['b0', 'b1', 'grün', 'x'.repeat(5000)])
      assert.deepEqual(bodies(await driver.litePull(topic, { commit: true })), bodies(pulled))
      assert.deepEqual(bodies(await driver.pull(topic, { tag: 'B' })), ['x'.repeat(5000)])

      const first = pulled.find((row) => row.msgId === sent[0]!.msgId)!
      assert.deepEqual([first.tag, first.keys, first.properties['colour']], ['A', ['k1', 'k2'], 'grün'])
      assert.equal(first.offsetMsgId, sent[0]!.offsetMsgId)
      assert.equal((await driver.view(topic, first.offsetMsgId)).msgId, first.msgId)
      assert.deepEqual(
        batch.msgId.split(','),
        messagesOf(pulled, ['b0', 'b1']).map((row) => row.msgId),
      )

      const offsets = await driver.offsets(topic, { group: 'interop-lite-puller' })
      assert.equal(offsets.find((row) => row.queueId === 1)!.consumerOffset >= 2, true)
    })
  }

  it('says what the Java client threw', async () => {
    const driver = new JavaDriver('127.0.0.1:1', 'json')
    await assert.rejects(driver.pull('HarnessT'), /MQClientException/)
  })
})

function bodies(rows: readonly MessageRow[]): string[] {
  return rows.map((row) => Buffer.from(row.bodyBase64, 'base64').toString()).sort()
}

function messagesOf(rows: readonly MessageRow[], wanted: readonly string[]): MessageRow[] {
  const found = rows.filter((row) => wanted.includes(Buffer.from(row.bodyBase64, 'base64').toString()))
  return found.sort((a, b) => a.queueOffset - b.queueOffset)
}

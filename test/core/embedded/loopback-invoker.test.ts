import assert from 'node:assert/strict'
import { folderAddress, LoopbackInvoker } from '../../../src/core/embedded/loopback-invoker.ts'
import { formatProperties } from '../../../src/core/model/properties.ts'
import { StoreLock } from '../../../src/core/store/lock.ts'
import { ManualTime } from '../broker/test-broker.ts'
import { temporaryFolder } from '../temporary-folder.ts'

describe('LoopbackInvoker', () => {
  const folder = temporaryFolder()
  let invoker: LoopbackInvoker

  beforeEach(() => {
    invoker = new LoopbackInvoker({ folder: folder.path }, true)
  })
  afterEach(() => invoker.close())

  it('calls back once, and lets pass what the callback throws', () => {
    let calls = 0
    const call = { header: {}, body: undefined }
    assert.throws(
      () =>
        invoker.submit(folderAddress, 'GET_BROKER_CLUSTER_INFO', call, () => {
          calls++
          throw new Error('a bug')
        }),
      /a bug/,
    )
    assert.equal(calls, 1)
  })
})

describe('a folder in which messages wait', () => {
  const folder = temporaryFolder()

  it('has them delivered by whoever consumes next, and a reader who may not write reads on', async () => {
    const time = new ManualTime()
    const invoker = new LoopbackInvoker({ folder: folder.path, clock: time }, true)
    const queue = { topic: 'T', brokerName: 'broker-a', queueId: 0 }
    const end = async (by = invoker): Promise<number> => {
      const header = { topic: 'T', queueId: 0 }
      return (await by.invoke(folderAddress, 'GET_MAX_OFFSET', { header, body: undefined })).header!.offset
    }
    const send = (properties: Record<string, string>) =>
      invoker.invoke(folderAddress, 'SEND_MESSAGE_V2', {
        header: {
          ...{ producerGroup: 'PG', ...queue, defaultTopic: 'TBW102', defaultTopicQueueNums: 1, sysFlag: 0 },
          ...{ bornTimestamp: 1, flag: 0, properties: formatProperties(properties) },
        },
        body: Buffer.from('x'),
      })
    await send({ DELAY: '1' })
    assert.equal(await end(), 0)
    time.advance(1_000)
    const other = new StoreLock(`${folder.path}/pocketmq`)
    const impatient = new LoopbackInvoker({ folder: folder.path, clock: time, lockTimeoutMs: 1 }, false)
    try {
      other.acquire(1000)
      assert.equal(await end(impatient), 0)
      other.release()
      assert.equal(await end(impatient), 0)
      time.advance(10_000)
      assert.equal(await end(impatient), 1)
      assert.equal(await end(), 1)
    } finally {
      other.close()
      await impatient.close()
      await invoker.close()
    }
  })
})

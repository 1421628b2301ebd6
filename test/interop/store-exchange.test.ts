import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MqAdmin } from '../../src/core/client/admin.ts'
import { connect } from '../../src/core/connect.ts'
import { folderAddress, LoopbackInvoker } from '../../src/core/embedded/loopback-invoker.ts'
import { Maintenance } from '../../src/core/embedded/maintenance.ts'
import type { Message, NewMessage } from '../../src/core/model/message.ts'
import { Perm } from '../../src/core/model/topic.ts'
import { systemClock } from '../../src/core/lib/clock.ts'
import { nodeFileSystem } from '../../src/core/store/file-system.ts'
import { Store } from '../../src/core/store/store.ts'
import { JavaDriver, type MessageRow } from './java-driver.ts'
import { RealCluster } from './real-cluster.ts'

const segmentSize = 1024 * 1024
/** 5.5.0 walks back over ten segments at most when it has no consume queues. */
const segmentsMin = 11
const topics = ['Many', 'Anew', 'Tagged']
const group = 'Readers'

/** A folder goes from here to a real broker, back, and there again; nothing is lost or changed on the way. */
describe('a store of ours and a real RocketMQ 5.5.0', function () {
  let root: string
  let folder: string
  const envBefore = process.env.XDG_CACHE_HOME

  before(() => {
    root = mkdtempSync(join(tmpdir(), 'store-exchange-'))
    folder = join(root, 'ours')
    process.env.XDG_CACHE_HOME = join(root, 'cache')
  })
  after(() => {
    if (envBefore === undefined) delete process.env.XDG_CACHE_HOME
    else process.env.XDG_CACHE_HOME = envBefore
    rmSync(root, { recursive: true, force: true })
  })

  async function withAdmin<T>(store: string, act: (admin: MqAdmin) => Promise<T>): Promise<T> {
    const admin = await connect({ kind: 'folder', store }, { segmentSize })
    try {
      return await act(admin)
    } finally {
      await admin.close()
    }
  }

  async function send(store: string, messages: readonly NewMessage[]): Promise<void> {
    await withAdmin(store, async (admin) => {
      const producer = admin.messages.producer()
      await Promise.all(messages.map((message) => producer.send(message)))
    })
  }

  function createTopic(admin: MqAdmin, topicName: string, queues: number): Promise<unknown> {
    const config = {
      topicName,
      readQueueNums: queues,
      writeQueueNums: queues,
      perm: Perm.read | Perm.write,
      topicFilterType: 'SINGLE_TAG',
      topicSysFlag: 0,
      order: false,
      attributes: {},
    } as const
    return admin.topics.update(config, { clusterName: 'DefaultCluster' })
  }

  /** Rows of all topics as our own commands see them, in the form of the Java driver's. */
  function ourRows(store: string): Promise<Map<string, object[]>> {
    return withAdmin(store, async (admin) => {
      const rows = new Map<string, object[]>()
      for (const topic of topics) {
        const messages: Message[] = []
        for (const queue of await admin.messages.queues(topic)) {
          for (let offset = await admin.messages.minOffset(queue); ;) {
            const pulled = await admin.messages.pull(queue, offset)
            if (pulled.status !== 'FOUND') break
            messages.push(...pulled.messages)
            offset = pulled.nextBeginOffset
          }
        }
        rows.set(
          topic,
          messages.map((each) => row({ ...each, bodyBase64: each.body.toString('base64') })),
        )
      }
      return rows
    })
  }

  async function javaRows(cluster: RealCluster): Promise<Map<string, object[]>> {
    const driver = new JavaDriver(cluster.namesrv, 'json')
    const rows = new Map<string, object[]>()
    for (const topic of topics) rows.set(topic, (await driver.pull(topic)).map(row))
    return rows
  }

  function row(message: Omit<MessageRow, 'brokerName'>): object {
    const { properties } = message
    // what the client adds to what it pulls
    const own = Object.entries(properties).filter(([name]) => name !== 'MIN_OFFSET' && name !== 'MAX_OFFSET')
    return {
      topic: message.topic,
      queueId: message.queueId,
      queueOffset: message.queueOffset,
      commitLogOffset: message.commitLogOffset,
      msgId: message.msgId,
      offsetMsgId: message.offsetMsgId,
      tag: message.tag,
      keys: message.keys,
      properties: Object.fromEntries(own.sort()),
      bornTimestamp: message.bornTimestamp,
      storeTimestamp: message.storeTimestamp,
      reconsumeTimes: message.reconsumeTimes,
      sysFlag: message.sysFlag,
      flag: message.flag,
      bodyCrc: message.bodyCrc,
      storeSize: message.storeSize,
      bodyBase64: message.bodyBase64,
    }
  }

  function startOn(store: string): Promise<RealCluster> {
    return RealCluster.start({
      brokerConf: { storePathRootDir: store, mappedFileSizeCommitLog: segmentSize },
    })
  }

  it('is filled here, over more segments than a broker would index again', async () => {
    await withAdmin(folder, async (admin) => {
      await createTopic(admin, 'Many', 4)
      await createTopic(admin, 'Anew', 2)
      await createTopic(admin, 'Tagged', 1)
    })
    const body = (i: number): Buffer => Buffer.from(`${i} `.padEnd(4000, 'äöü€'))
    const many = Array.from({ length: 2200 }, (_, i) => ({
      topic: 'Many',
      body: body(i),
      keys: [`k${i}`, 'all'],
    }))
    const old = Array.from({ length: 20 }, (_, i) => ({ topic: 'Anew', body: Buffer.from(`old ${i}`) }))
    await send(folder, [...many.slice(0, 1000), ...old])
    const store = new Store({ folder, fs: nodeFileSystem, clock: systemClock, writer: 'turn' })
    store.deleteTopic('Anew')
    store.close()
    const anew = Array.from({ length: 7 }, (_, i) => ({ topic: 'Anew', body: Buffer.from(`new ${i}`) }))
    const tagged = ['a', 'b', 'a', 'c'].map((tag, i) => ({
      topic: 'Tagged',
      body: Buffer.from([0, 255, i]),
      tag,
      properties: { colour: 'grün' },
    }))
    await send(folder, [...many.slice(1000), ...anew, ...tagged])
    const invoker = new LoopbackInvoker({ folder }, false)
    const header = { consumerGroup: group, topic: 'Many', queueId: 2, commitOffset: 123 }
    // a group exists once it has pulled
    await withAdmin(folder, (admin) =>
      admin.messages.pull({ topic: 'Many', brokerName: 'broker-a', queueId: 2 }, 0, { group, maxMsgNums: 1 }),
    )
    assert.equal(
      (await invoker.invoke(folderAddress, 'UPDATE_CONSUMER_OFFSET', { header, body: undefined })).code,
      0,
    )
    await invoker.close()
    assert.ok(readdirSync(join(folder, 'commitlog')).length >= segmentsMin)
    assert.deepEqual((await new Maintenance({ folder }).verify()).problems, [])
  })

  it('is exported, and a broker serves every message of it as it is', async () => {
    const exported = join(root, 'theirs')
    await new Maintenance({ folder }).export(exported)
    const expected = await ourRows(folder)
    assert.equal(expected.get('Many')!.length, 2200)
    assert.equal(expected.get('Anew')!.length, 7)
    const cluster = await startOn(exported)
    try {
      const seen = await javaRows(cluster)
      for (const topic of topics) assert.deepEqual(seen.get(topic), expected.get(topic))
      const driver = new JavaDriver(cluster.namesrv, 'json')
      assert.equal((await driver.pull('Tagged', { tag: 'a' })).length, 2)
      const offsets = await driver.offsets('Many', { group })
      assert.equal(offsets.find(({ queueId }) => queueId === 2)!.consumerOffset, 123)
      const more = await driver.send('Many', [{ body: 'from Java', keys: ['java'], queueId: 1 }])
      assert.equal(more[0]!.queueOffset, 550)
      await driver.send('Anew', [{ body: 'from Java', queueId: 0 }])
      await driver.sendBatch('Tagged', [
        { body: 'one', tag: 'a' },
        { body: 'two', tag: 'b' },
      ])
    } finally {
      await cluster.stop()
    }
  })

  it('is read in place, where the broker left it', async () => {
    const theirs = join(root, 'theirs')
    const rows = await ourRows(theirs)
    assert.equal(rows.get('Many')!.length, 2201)
    assert.equal(rows.get('Anew')!.length, 8)
    assert.equal(rows.get('Tagged')!.length, 6)
    await assert.rejects(send(theirs, [{ topic: 'Many', body: Buffer.from('no') }]), {
      code: 'MQ_STORE_FOREIGN',
    })
    assert.deepEqual((await new Maintenance({ folder: theirs }).verify()).problems, [])
  })

  it('is refused to be taken over while the broker runs', async () => {
    const theirs = join(root, 'theirs')
    const cluster = await startOn(theirs)
    try {
      await assert.rejects(new Maintenance({ folder: theirs }).import(), { code: 'MQ_STORE_IN_USE' })
      const rows = await ourRows(theirs)
      const seen = await javaRows(cluster)
      for (const topic of topics) assert.deepEqual(rows.get(topic), seen.get(topic))
    } finally {
      await cluster.stop()
    }
  })

  it('is taken over, written to, exported, and served by a broker again', async () => {
    const theirs = join(root, 'theirs')
    const before = await ourRows(theirs)
    await new Maintenance({ folder: theirs }).import()
    const imported = await ourRows(theirs)
    for (const topic of topics) assert.deepEqual(imported.get(topic), before.get(topic))
    await send(theirs, [
      { topic: 'Many', body: Buffer.from('ours again'), keys: ['ours'] },
      { topic: 'Anew', body: Buffer.from('ours again') },
    ])
    assert.deepEqual((await new Maintenance({ folder: theirs }).verify()).problems, [])
    const again = join(root, 'again')
    await new Maintenance({ folder: theirs }).export(again)
    const expected = await ourRows(theirs)
    assert.equal(expected.get('Many')!.length, 2202)
    const cluster = await startOn(again)
    try {
      const seen = await javaRows(cluster)
      for (const topic of topics) assert.deepEqual(seen.get(topic), expected.get(topic))
    } finally {
      await cluster.stop()
    }
  })
})

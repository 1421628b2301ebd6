import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { MqAdmin } from '../../src/core/client/admin.ts'
import { connect } from '../../src/core/connect.ts'
import { folderAddress, LoopbackInvoker } from '../../src/core/embedded/loopback-invoker.ts'
import type { Message } from '../../src/core/model/message.ts'
import { decodeMessages } from '../../src/core/model/message-codec.ts'
import { Perm } from '../../src/core/model/topic.ts'
import { temporaryFolder } from '../core/temporary-folder.ts'
import { folderSnapshot } from './folder-snapshot.ts'
import { asExpected, unpackStoreFixture, type ExpectedMessage, type StoreFixture } from './store-fixture.ts'

const brokerName = 'broker-fix'

/** Everything twice: the first process makes the index, in the cache or in memory, the next one finds it. */
for (const cache of ['writable', 'not writable'] as const) {
  describe(`the store of a real 5.5.0 broker, read in place, cache ${cache}`, function () {
    this.timeout(60_000)
    const home = temporaryFolder()
    const envBefore = process.env.XDG_CACHE_HOME
    let fixture: StoreFixture
    let admin: MqAdmin
    let invoker: LoopbackInvoker

    before(() => void (fixture = unpackStoreFixture()))
    after(() => fixture.remove())
    beforeEach(async () => {
      process.env.XDG_CACHE_HOME = cache === 'writable' ? home.path : '/proc/no-cache'
      admin = await connect({ kind: 'folder', store: fixture.store }, { create: false })
      invoker = new LoopbackInvoker({ folder: fixture.store }, false)
    })
    afterEach(async () => {
      await admin.close()
      await invoker.close()
      if (envBefore === undefined) delete process.env.XDG_CACHE_HOME
      else process.env.XDG_CACHE_HOME = envBefore
    })

    async function byKey(topic: string, key: string, at: number, unique: boolean): Promise<Message[]> {
      const header = { topic, key, maxNum: 64, beginTimestamp: at, endTimestamp: at }
      const call = { header: unique ? { ...header, _UNIQUE_KEY_QUERY: 'true' } : header, body: undefined }
      const reply = await invoker.invoke(folderAddress, 'QUERY_MESSAGE', call)
      return reply.code === 0 ? decodeMessages(reply.body as Buffer, brokerName) : []
    }

    function assertFound(found: readonly Message[], expected: ExpectedMessage): void {
      const same = found.find(({ commitLogOffset }) => commitLogOffset === expected.commitLogOffset)
      assert.ok(same, `${expected.topic} ${expected.queueId} ${expected.queueOffset}`)
      assert.deepEqual(asExpected(same), expected)
    }

    it('is consumed whole, every queue from its first to its last message', async () => {
      const queues = new Map<string, ExpectedMessage[]>()
      for (const message of fixture.expected) {
        const name = `${message.topic} ${message.queueId}`
        queues.set(name, [...(queues.get(name) ?? []), message])
      }
      for (const expected of queues.values()) {
        const { topic, queueId } = expected[0]!
        const queue = { topic, brokerName, queueId }
        const messages: Message[] = []
        for (let offset = await admin.messages.minOffset(queue); ;) {
          const pulled = await admin.messages.pull(queue, offset)
          if (pulled.status !== 'FOUND') break
          messages.push(...pulled.messages)
          offset = pulled.nextBeginOffset
        }
        assert.deepEqual(messages.map(asExpected), expected)
        assert.equal(await admin.messages.maxOffset(queue), expected.at(-1)!.queueOffset + 1)
      }
    })

    it('answers by queue offset and by offset id', async () => {
      for (const expected of fixture.expected) {
        const { topic, queueId, queueOffset, offsetMsgId } = expected
        const pulled = await admin.messages.pull({ topic, brokerName, queueId }, queueOffset, {
          maxMsgNums: 1,
        })
        assert.deepEqual(pulled.messages.map(asExpected), [expected])
        assert.deepEqual(asExpected(await admin.messages.byId(topic, offsetMsgId)), expected)
      }
    })

    it('answers by every key and by unique key', async () => {
      let asked = 0
      for (const expected of fixture.expected) {
        const { topic, properties, storeTimestamp } = expected
        const keys = properties.KEYS?.split(' ').filter((key) => key !== '') ?? []
        for (const key of keys) assertFound(await byKey(topic, key, storeTimestamp, false), expected)
        const unique = properties.UNIQ_KEY
        if (unique !== undefined) assertFound(await byKey(topic, unique, storeTimestamp, true), expected)
        asked += keys.length + (unique === undefined ? 0 : 1)
      }
      assert.ok(asked > fixture.expected.length)
    })

    it('has its topics, names and offsets', async () => {
      const { brokerDatas } = await admin.topics.route('Airports')
      assert.deepEqual(
        brokerDatas.map((each) => each.brokerName),
        [brokerName],
      )
      const topics = await admin.topics.list()
      for (const { topic } of fixture.expected) assert.ok(topics.includes(topic), topic)
      const header = { consumerGroup: 'gAll', topic: 'Airports', queueId: 2 }
      const reply = await invoker.invoke(folderAddress, 'QUERY_CONSUMER_OFFSET', { header, body: undefined })
      assert.equal(reply.header?.offset, 1208)
    })

    it('is not changed: every write is refused with what to do, and not a byte differs', async () => {
      const before = folderSnapshot(fixture.store)
      const refused = (error: unknown): boolean => {
        const { code, hint } = error as { code: string; hint: string }
        assert.equal(code, 'MQ_STORE_FOREIGN')
        assert.match(hint, /store import/)
        return true
      }
      const message = { topic: 'Airports', body: Buffer.from('no') }
      await assert.rejects(admin.messages.producer({ retries: 0 }).send(message), refused)
      const config = {
        topicName: 'new',
        readQueueNums: 1,
        writeQueueNums: 1,
        perm: Perm.read | Perm.write,
        topicFilterType: 'SINGLE_TAG',
        topicSysFlag: 0,
        order: false,
        attributes: {},
      } as const
      await assert.rejects(admin.topics.update(config, { clusterName: 'DefaultCluster' }), refused)
      const header = { consumerGroup: 'gAll', topic: 'Airports', queueId: 2, commitOffset: 3 }
      const commit = invoker.invoke(folderAddress, 'UPDATE_CONSUMER_OFFSET', { header, body: undefined })
      await assert.rejects(commit, refused)
      await admin.messages.pull({ topic: 'Airports', brokerName, queueId: 0 }, 0)
      assert.deepEqual(folderSnapshot(fixture.store), before)
      assert.deepEqual(readdirSync(home.path), cache === 'writable' ? ['pocketmq'] : [])
      assert.ok(!readdirSync(fixture.store).includes('pocketmq'), join(fixture.store, 'pocketmq'))
    })
  })
}

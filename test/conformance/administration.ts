import assert from 'node:assert/strict'
import type { MqAdmin } from '../../src/core/client/admin.ts'
import { groupConfig } from '../../src/core/model/group.ts'
import type { TopicConfig } from '../../src/core/model/topic.ts'
import { topicConfig } from '../core/broker/test-broker.ts'
import { eventually, freshName } from './helpers.ts'
import type { ConformanceTarget } from './suite.ts'

/** The part of the suite that administers topics and groups. */
export function administration(open: () => ConformanceTarget): void {
  describe('administration', () => {
    let target: ConformanceTarget
    let admin: MqAdmin

    before(() => {
      target = open()
      admin = target.admin
    })

    async function createTopic(change: Partial<TopicConfig> = {}): Promise<string> {
      const topic = freshName('conformance')
      await admin.topics.update(topicConfig(topic, change), { clusterName: target.clusterName })
      return topic
    }

    it('tells what the queues of a topic hold', async () => {
      const topic = await createTopic({ readQueueNums: 2, writeQueueNums: 2 })
      const sent = await admin.messages.producer().send({ topic, body: Buffer.from('x') })
      const stats = await eventually(async () => {
        const rows = await admin.topics.stats(topic)
        assert.equal(rows.find(({ queueId }) => queueId === sent.queueId)!.maxOffset, 1)
        return rows
      })
      assert.deepEqual(
        stats.map(({ brokerName, queueId, minOffset }) => [brokerName, queueId, minOffset]),
        [
          [target.brokerName, 0, 0],
          [target.brokerName, 1, 0],
        ],
      )
      assert.ok(stats.find(({ queueId }) => queueId === sent.queueId)!.lastUpdateTimestamp > 0)
      assert.deepEqual(await admin.topics.clusters(topic), [target.clusterName])
    })

    it('makes several topics at once, and deletes one with all it holds', async () => {
      const [one, two] = [freshName('conformance'), freshName('conformance')]
      await admin.topics.updateAll([topicConfig(one), topicConfig(two, { readQueueNums: 1 })], {
        clusterName: target.clusterName,
      })
      await eventually(async () => assert.equal((await admin.messages.queues(two)).length, 1))
      await admin.messages.producer().send({ topic: one, body: Buffer.from('gone') })
      await admin.topics.delete(one, { clusterName: target.clusterName })
      await assert.rejects(admin.topics.route(one), { code: 'MQ_TOPIC_NOT_EXIST' })
      await admin.topics.delete(one, { clusterName: target.clusterName })
    })

    it('keeps order configurations', async () => {
      const topic = freshName('conformance')
      assert.equal(await admin.topics.orderConf(topic), null)
      await admin.topics.setOrderConf(topic, 'a:1;b:2')
      assert.equal(await admin.topics.orderConf(topic), 'a:1;b:2')
      await admin.topics.deleteOrderConf(topic)
      assert.equal(await admin.topics.orderConf(topic), null)
    })

    it('makes groups, tells their configuration, deletes them', async () => {
      const [one, two] = [freshName('group'), freshName('group')]
      const scope = { clusterName: target.clusterName }
      const config = { ...groupConfig(one), retryMaxTimes: 3, consumeBroadcastEnable: false }
      await admin.groups.update([config], scope)
      const [known, ...others] = await admin.groups.configs(one)
      assert.deepEqual({ ...known!.config, attributes: { ...known!.config.attributes } }, config)
      assert.deepEqual(
        [known!.clusterName, known!.brokerName, others.length],
        [target.clusterName, target.brokerName, 0],
      )
      await admin.groups.update([groupConfig(two), { ...config, retryMaxTimes: 4 }], scope)
      assert.equal((await admin.groups.configs(one))[0]!.config.retryMaxTimes, 4)
      assert.equal((await admin.groups.configs(two))[0]!.config.consumeBroadcastEnable, true)
      await admin.groups.delete(one, scope, true)
      await assert.rejects(admin.groups.configs(one), { code: 'MQ_GROUP_NOT_EXIST' })
      await assert.rejects(admin.groups.members(two), { code: 'MQ_CONSUMER_NOT_ONLINE' })
    })

    it('moves a group by time and by offset, and tells where it is', async () => {
      const topic = await createTopic({ readQueueNums: 2, writeQueueNums: 2 })
      const group = freshName('group')
      const queues = await admin.messages.queues(topic)
      const producer = admin.messages.producer()
      for (let i = 0; i < 6; i++) await producer.send({ topic, body: Buffer.from('x') }, queues[i % 2])
      for (const queue of queues)
        await eventually(async () => assert.equal(await admin.messages.maxOffset(queue), 3))
      await assert.rejects(admin.groups.resetByTime(group, topic, -1, { force: true }), {
        code: 'MQ_GROUP_NOT_EXIST',
      })
      await admin.groups.update([groupConfig(group)], { clusterName: target.clusterName })
      const at = async (): Promise<(number | null)[]> =>
        Promise.all(queues.map((queue) => admin.groups.offset(group, queue)))
      const ends = await admin.groups.resetByTime(group, topic, -1, { force: true })
      assert.deepEqual(
        ends.map(({ queueId, offset }) => [queueId, offset]),
        [
          [0, 3],
          [1, 3],
        ],
      )
      assert.deepEqual(await at(), [3, 3])
      await admin.groups.resetByTime(group, topic, 0, { force: true })
      assert.deepEqual(await at(), [0, 0])
      await admin.groups.reset(group, [{ ...queues[1]!, offset: 2 }])
      assert.deepEqual(await at(), [0, 2])
      await assert.rejects(admin.groups.reset(group, [{ ...queues[1]!, offset: 99 }]))
      const progress = await admin.groups.progress(group, topic)
      assert.deepEqual(
        progress.offsets.map(({ queue, brokerOffset, consumerOffset }) => [
          queue.queueId,
          brokerOffset,
          consumerOffset,
        ]),
        [
          [0, 3, 0],
          [1, 3, 2],
        ],
      )
      const copy = freshName('group')
      await assert.rejects(admin.groups.setOffset(copy, { ...queues[0]!, offset: 1 }), {
        code: 'MQ_GROUP_NOT_EXIST',
      })
      await admin.groups.update([groupConfig(copy)], { clusterName: target.clusterName })
      await admin.groups.setOffset(copy, { ...queues[0]!, offset: 1 })
      assert.equal(await admin.groups.offset(copy, queues[0]!), 1)
      assert.equal(await admin.groups.offset(copy, queues[1]!), null)
    })

    it('finds messages by key and unique key, within times', async () => {
      const topic = await createTopic({ readQueueNums: 1, writeQueueNums: 1 })
      const producer = admin.messages.producer()
      const bodies = ['one', 'two']
      for (const body of bodies)
        await producer.send({ topic, body: Buffer.from(body), keys: ['shared', `own-${body}`] })
      const found = await eventually(async () => {
        const messages = await admin.messages.byKey(topic, 'shared')
        assert.equal(messages.length, 2)
        return messages
      })
      assert.deepEqual(found.map(({ body }) => body.toString()).sort(), bodies)
      const [one] = await admin.messages.byKey(topic, 'own-one')
      assert.equal(one!.body.toString(), 'one')
      assert.deepEqual(
        (await admin.messages.byUniqueKey(topic, one!.msgId)).map(({ msgId }) => msgId),
        [one!.msgId],
      )
      for (const asked of [
        admin.messages.byKey(topic, 'own'),
        admin.messages.byKey(topic, 'shared', { end: 1000 }),
        admin.messages.byUniqueKey(topic, 'shared'),
      ])
        await assert.rejects(asked, { code: 'MQ_MESSAGE_NOT_FOUND' })
    })

    it('tells and changes the configuration of a broker', async () => {
      const [address] = await admin.cluster.masters(target.clusterName)
      assert.equal((await admin.brokers.config(address!)).brokerName, target.brokerName)
      for (const hours of ['71', '72']) {
        await admin.brokers.updateConfig(address!, 'fileReservedTime', hours)
        assert.equal((await admin.brokers.config(address!)).fileReservedTime, hours)
      }
      // a black list there, a list of what is allowed here
      await assert.rejects(admin.brokers.updateConfig(address!, 'brokerConfigPath', '/tmp/x'), {
        code: 'MQ_NO_PERMISSION',
      })
    })

    it('lists the topics and groups that users made', async () => {
      const [address] = await admin.cluster.masters(target.clusterName)
      const topic = await createTopic()
      const group = freshName('group')
      await admin.groups.update([groupConfig(group)], { clusterName: target.clusterName })
      const topics = (await admin.brokers.userTopics(address!, false)).map(({ topicName }) => topicName)
      assert.ok(topics.includes(topic))
      assert.ok(!topics.includes('TBW102'))
      const groups = (await admin.brokers.userGroups(address!)).map(({ groupName }) => groupName)
      assert.ok(groups.includes(group))
      assert.ok(!groups.includes('TOOLS_CONSUMER'))
    })

    it('tells entries of the index of a queue', async () => {
      const topic = await createTopic({ readQueueNums: 1, writeQueueNums: 1 })
      const sent = await admin.messages.producer().send({ topic, body: Buffer.from('x'), tag: 'A' })
      const queue = { topic, brokerName: target.brokerName, queueId: sent.queueId }
      const found = await eventually(async () => {
        const part = await admin.brokers.consumeQueue(queue, 0, 8, {})
        assert.equal(part.entries.length, 1)
        return part
      })
      assert.deepEqual([found.minQueueIndex, found.maxQueueIndex], [0, 1])
      assert.equal(found.entries[0]!.tagsCode, 65)
      await assert.rejects(admin.brokers.consumeQueue({ ...queue, queueId: 9 }, 0, 1, {}))
    })

    it('keeps entries of the name server', async () => {
      const key = freshName('key')
      await admin.nameServers.putKv('CONFORMANCE', key, 'v')
      await admin.nameServers.deleteKv('CONFORMANCE', key)
      const [config] = await admin.nameServers.config()
      assert.ok(config !== undefined && 'orderMessageEnable' in config.properties)
    })
  })
}

/**
 * What MqAdmin promises, whatever is behind it. Written against the interface only; a target that cannot do
 * something says so in `supports`, and the suite then checks the refusal instead.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { MqAdmin } from '../../src/core/client/admin.ts'
import type { SendResult } from '../../src/core/model/message.ts'
import type { TopicConfig } from '../../src/core/model/topic.ts'
import { administration } from './administration.ts'
import { topicConfig } from '../core/broker/test-broker.ts'
import { eventually, freshName, pullAll } from './helpers.ts'
import { sql92Suite } from './sql92-suite.ts'

export interface ConformanceTarget {
  readonly admin: MqAdmin
  readonly clusterName: string
  readonly brokerName: string
  /** False: SQL92 is evaluated on our side, since the broker refuses it. */
  readonly filtersBySql92: boolean
  /** Ends what was started. */
  close(): Promise<void>
}

export function conformanceSuite(name: string, open: () => Promise<ConformanceTarget>): void {
  describe(`MqAdmin over ${name}`, () => {
    let target: ConformanceTarget
    let admin: MqAdmin

    before(async () => {
      target = await open()
      admin = target.admin
    })
    after(() => target.close())

    async function createTopic(change: Partial<TopicConfig> = {}): Promise<string> {
      const topic = freshName('conformance')
      await admin.topics.update(topicConfig(topic, change), { clusterName: target.clusterName })
      return topic
    }

    async function send(topic: string, body: string, rest: object = {}): Promise<SendResult> {
      return admin.messages.producer().send({ topic, body: Buffer.from(body), ...rest })
    }

    it('creates a topic, lists it and routes to it', async () => {
      const topic = freshName('conformance')
      const config = topicConfig(topic, { readQueueNums: 3, writeQueueNums: 2, perm: 6 })
      const update = await admin.topics.update(config, { clusterName: target.clusterName })
      assert.equal(update.brokerAddrs.length, 1)
      assert.equal(update.orderConf, null)
      assert.ok((await admin.topics.list()).includes(topic))
      const route = await admin.topics.route(topic)
      assert.deepEqual(
        route.queueDatas.map(({ brokerName, perm, readQueueNums, writeQueueNums }) => ({
          brokerName,
          perm,
          readQueueNums,
          writeQueueNums,
        })),
        [{ brokerName: target.brokerName, perm: 6, readQueueNums: 3, writeQueueNums: 2 }],
      )
      assert.equal(route.brokerDatas[0]!.cluster, target.clusterName)
      assert.equal((await admin.messages.queues(topic)).length, 3)
    })

    it('carries the answer to a request to who asked, and says when who asked is gone', async () => {
      const topic = await createTopic({ readQueueNums: 1, writeQueueNums: 1 })
      const asked = admin.requests.request({ topic, body: Buffer.from('2 + 2') }, { timeoutMs: 20_000 })
      const consumer = admin.messages.popConsumer(topic, freshName('conformance-group'))
      const [popped] = await eventually(async () => {
        const found = await consumer.pop(1, 500)
        assert.equal(found.length, 1)
        return found
      })
      assert.equal(popped!.message.body.toString(), '2 + 2')
      assert.equal(await admin.requests.reply(popped!.message, Buffer.from('4')), true)
      const answer = await asked
      assert.deepEqual([answer.body.toString(), answer.request.msgId], ['4', popped!.message.msgId])
      await consumer.ack(popped!)
      await assert.rejects(
        admin.requests.request({ topic, body: Buffer.from('anybody?') }, { timeoutMs: 50 }),
        { code: 'MQ_TIMEOUT' },
      )
      const plain = { ...popped!.message, properties: {} }
      await assert.rejects(admin.requests.reply(plain, Buffer.from('x')), { code: 'MQ_INVALID_PARAMETER' })
    })

    it('replaces the configuration of a topic', async () => {
      const topic = await createTopic()
      await admin.topics.update(topicConfig(topic, { writeQueueNums: 6, readQueueNums: 6 }), {
        clusterName: target.clusterName,
      })
      assert.equal((await admin.topics.route(topic)).queueDatas[0]!.writeQueueNums, 6)
    })

    it('writes an order configuration with an ordered topic', async () => {
      const topic = freshName('conformance')
      const update = await admin.topics.update(topicConfig(topic, { order: true }), {
        clusterName: target.clusterName,
      })
      assert.equal(update.orderConf, `${target.brokerName}:4`)
    })

    it('refuses a cluster, a topic and a name that are none', async () => {
      await assert.rejects(admin.topics.update(topicConfig('t'), { clusterName: 'no-such' }), {
        code: 'MQ_CLUSTER_NOT_EXIST',
      })
      await assert.rejects(admin.topics.route(freshName('absent')), { code: 'MQ_TOPIC_NOT_EXIST' })
      await assert.rejects(
        admin.topics.update(topicConfig('bad topic'), { clusterName: target.clusterName }),
        { code: 'MQ_INVALID_PARAMETER' },
      )
    })

    it('refuses attributes that RocketMQ does not know', async () => {
      const config = topicConfig(freshName('conformance'), { attributes: { '+no.such': '1' } })
      await assert.rejects(admin.topics.update(config, { clusterName: target.clusterName }))
    })

    it('sends a message and finds it by both of its ids, every field as it was sent', async () => {
      const topic = await createTopic()
      const body = Buffer.from([0, 1, 2, 255, 254, 10, 13])
      const sent = await admin.messages.producer().send({
        topic,
        body,
        tag: 'größe',
        keys: ['k1', 'ключ'],
        properties: { colour: 'blau', 名: '前' },
        flag: 7,
      })
      assert.equal(sent.sendStatus, 'SEND_OK')
      assert.equal(sent.brokerName, target.brokerName)
      for (const id of [sent.offsetMsgId, sent.msgId]) {
        const message = await eventually(() => admin.messages.byId(topic, id))
        assert.deepEqual(message.body, body)
        assert.equal(message.tag, 'größe')
        assert.deepEqual(message.keys, ['k1', 'ключ'])
        assert.equal(message.properties['colour'], 'blau')
        assert.equal(message.properties['名'], '前')
        assert.equal(message.properties['CLUSTER'], target.clusterName)
        assert.equal(message.flag, 7)
        assert.equal(message.msgId, sent.msgId)
        assert.equal(message.offsetMsgId, sent.offsetMsgId)
        assert.equal(message.queueId, sent.queueId)
        assert.equal(message.queueOffset, sent.queueOffset)
        assert.ok(message.storeTimestamp > 0)
      }
    })

    it('makes an unknown topic with four queues at the first send', async () => {
      const topic = freshName('conformance')
      const result = await send(topic, 'first')
      assert.equal(result.sendStatus, 'SEND_OK')
      const route = await eventually(() => admin.topics.route(topic))
      assert.equal(route.queueDatas[0]!.writeQueueNums, 4)
    })

    it('fills queues round robin, densely, and keeps their order', async () => {
      const topic = await createTopic()
      const bodies = Array.from({ length: 100 }, (_, i) => `message ${i}`)
      const producer = admin.messages.producer()
      for (const body of bodies) await producer.send({ topic, body: Buffer.from(body) })
      const messages = await eventually(async () => {
        const found = await pullAll(admin, topic)
        assert.equal(found.length, bodies.length)
        return found
      })
      assert.deepEqual(messages.map((message) => message.body.toString()).sort(), [...bodies].sort())
      for (let queueId = 0; queueId < 4; queueId++) {
        const inQueue = messages.filter((message) => message.queueId === queueId)
        assert.equal(inQueue.length, 25)
        assert.deepEqual(
          inQueue.map((message) => message.queueOffset),
          Array.from({ length: 25 }, (_, i) => i),
        )
        const order = inQueue.map((message) => bodies.indexOf(message.body.toString()))
        assert.deepEqual(
          order,
          [...order].sort((a, b) => a - b),
        )
      }
    })

    it('has many sends in flight, each answered once', async () => {
      const topic = await createTopic()
      const producer = admin.messages.producer()
      const results: SendResult[] = []
      for (let i = 0; i < 500; i++) {
        const room = producer.submit({ topic, body: Buffer.from(`${i}`) }, null, (error, result) => {
          assert.ifError(error)
          results.push(result!)
        })
        if (room !== null) await room
      }
      await producer.flush()
      assert.equal(results.length, 500)
      assert.equal(new Set(results.map((result) => result.msgId)).size, 500)
      assert.equal(new Set(results.map((result) => `${result.queueId}/${result.queueOffset}`)).size, 500)
    })

    it('sends to the queue asked for, and by sharding key to one queue', async () => {
      const topic = await createTopic()
      const producer = admin.messages.producer()
      const choice = { brokerName: target.brokerName, queueId: 2 }
      assert.equal((await producer.send({ topic, body: Buffer.from('x') }, choice)).queueId, 2)
      const queues = new Set<number>()
      for (let i = 0; i < 8; i++) {
        queues.add(
          (await producer.send({ topic, body: Buffer.from('x'), shardingKey: 'customer-7' })).queueId,
        )
      }
      assert.equal(queues.size, 1)
      await assert.rejects(producer.send({ topic, body: Buffer.from('x') }, { brokerName: 'no-such' }), {
        code: 'MQ_BROKER_NOT_EXIST',
      })
      await assert.rejects(
        producer.send({ topic, body: Buffer.from('x') }, { brokerName: target.brokerName, queueId: 99 }),
        { code: 'MQ_INVALID_PARAMETER' },
      )
    })

    it('refuses empty and oversized bodies and properties that cannot be stored', async () => {
      const topic = await createTopic()
      await assert.rejects(send(topic, ''), { code: 'MQ_MESSAGE_ILLEGAL' })
      await assert.rejects(
        admin.messages.producer().send({ topic, body: Buffer.alloc(4 * 1024 * 1024 + 1, 'x') }),
        { code: 'MQ_MESSAGE_ILLEGAL' },
      )
      await assert.rejects(send(topic, 'x', { properties: { a: 'b\u0001c' } }), {
        code: 'MQ_INVALID_PARAMETER',
      })
      await assert.rejects(send(topic, 'x', { properties: { a: 'y'.repeat(33_000) } }))
      await assert.rejects(send('SCHEDULE_TOPIC_XXXX', 'x'), { code: 'MQ_NO_PERMISSION' })
    })

    it('takes the largest body there is', async () => {
      const topic = await createTopic({ readQueueNums: 1, writeQueueNums: 1 })
      const body = randomBytes(4 * 1024 * 1024)
      const sent = await admin.messages.producer({ timeoutMs: 10_000 }).send({ topic, body })
      const message = await eventually(() => admin.messages.byId(topic, sent.offsetMsgId))
      assert.ok(message.body.equals(body))
      const [pulled] = await eventually(() => pullAll(admin, topic))
      assert.ok(pulled!.body.equals(body))
    })

    it('pulls with a tag expression', async () => {
      const topic = await createTopic({ readQueueNums: 1, writeQueueNums: 1 })
      for (const tag of ['A', 'B', 'C', 'A']) await send(topic, tag, { tag })
      await send(topic, 'untagged')
      const bodies = async (expression: string): Promise<string[]> =>
        (await pullAll(admin, topic, { tag: expression })).map((message) => message.body.toString())
      await eventually(async () => assert.equal((await bodies('*')).length, 5))
      assert.deepEqual(await bodies('A'), ['A', 'A'])
      assert.deepEqual(await bodies('B || C'), ['B', 'C'])
      assert.deepEqual(await bodies('none'), [])
    })

    sql92Suite(() => target)

    it('answers pulls outside of a queue as RocketMQ does', async () => {
      const topic = await createTopic({ readQueueNums: 2, writeQueueNums: 2 })
      await admin.messages
        .producer()
        .send({ topic, body: Buffer.from('x') }, { brokerName: target.brokerName, queueId: 0 })
      const [full, empty] = await admin.messages.queues(topic)
      await eventually(async () => assert.equal(await admin.messages.maxOffset(full!), 1))
      const at = async (queue: typeof full, offset: number): Promise<[string, number]> => {
        const { status, nextBeginOffset } = await admin.messages.pull(queue!, offset)
        return [status, nextBeginOffset]
      }
      assert.deepEqual(await at(full, 0), ['FOUND', 1])
      assert.deepEqual(await at(full, 1), ['NO_NEW_MSG', 1])
      assert.deepEqual(await at(full, 9), ['OFFSET_ILLEGAL', 1])
      assert.deepEqual(await at(empty, 0), ['NO_NEW_MSG', 0])
      assert.deepEqual(await at(empty, 5), ['OFFSET_ILLEGAL', 0])
      await assert.rejects(admin.messages.pull({ ...full!, queueId: 7 }, 0), { code: 'MQ_INVALID_PARAMETER' })
      await assert.rejects(admin.messages.pull({ ...full!, brokerName: 'none' }, 0), {
        code: 'MQ_BROKER_NOT_EXIST',
      })
      await assert.rejects(admin.messages.pull({ ...full!, topic: freshName('absent') }, 0), {
        code: 'MQ_TOPIC_NOT_EXIST',
      })
    })

    it('finds offsets by store time', async () => {
      const topic = await createTopic({ readQueueNums: 1, writeQueueNums: 1 })
      for (let i = 0; i < 10; i++) await send(topic, `${i}`)
      const messages = await eventually(async () => {
        const found = await pullAll(admin, topic)
        assert.equal(found.length, 10)
        return found
      })
      const [queue] = await admin.messages.queues(topic)
      const third = messages[3]!
      const first = messages.find((message) => message.storeTimestamp === third.storeTimestamp)!
      assert.equal(await admin.messages.searchOffset(queue!, third.storeTimestamp), first.queueOffset)
      assert.equal(await admin.messages.searchOffset(queue!, 1), 0)
      assert.equal(await admin.messages.searchOffset(queue!, messages[9]!.storeTimestamp + 60_000), 10)
    })

    it('says so when a message is not there', async () => {
      const topic = await createTopic()
      for (const id of [
        '0102',
        '7F00000100002694000000000FFFFFFF',
        'FD000000000000000000000000000002606E1DBD16A671704FEB0001',
      ]) {
        await assert.rejects(admin.messages.byId(topic, id), { code: 'MQ_MESSAGE_NOT_FOUND' })
      }
    })

    it('lists topics by cluster, without retry topics, an empty group where there is none', async () => {
      const topic = await createTopic()
      const owners = await admin.topics.listByCluster()
      assert.deepEqual(
        owners.filter((owner) => owner.topic === topic),
        [{ clusterName: target.clusterName, topic, consumerGroup: '' }],
      )
      assert.ok(owners.every((owner) => !owner.topic.startsWith('%RETRY%')))
    })

    administration(() => target)

    it('tracks nobody for a message nobody consumes', async () => {
      const topic = await createTopic()
      const sent = await send(topic, 'x')
      const message = await eventually(() => admin.messages.byId(topic, sent.offsetMsgId))
      assert.deepEqual(await admin.messages.tracks(message), [])
    })

    it('refuses to hand a message to a consumer that is not connected', async () => {
      const topic = await createTopic()
      const sent = await send(topic, 'x')
      const message = await eventually(() => admin.messages.byId(topic, sent.offsetMsgId))
      await assert.rejects(admin.messages.consumeDirectly(message, 'no-group', 'no-client'), {
        code: 'MQ_CONSUMER_NOT_ONLINE',
      })
    })

    it('lists the brokers of the cluster with their runtime info', async () => {
      const rows = await admin.cluster.list()
      assert.equal(rows.length, 1)
      const [row] = rows
      assert.equal(row!.clusterName, target.clusterName)
      assert.equal(row!.brokerName, target.brokerName)
      assert.equal(row!.brokerId, 0)
      const runtime = row!.runtime!
      for (const key of [
        'brokerVersionDesc',
        'putTps',
        'getTransferredTps',
        'brokerActive',
        'commitLogDiskRatio',
      ]) {
        assert.equal(typeof runtime[key], 'string', key)
      }
      assert.equal((await admin.cluster.list(target.clusterName)).length, 1)
      await assert.rejects(admin.cluster.list('no-such'), { code: 'MQ_CLUSTER_NOT_EXIST' })
    })
  })
}

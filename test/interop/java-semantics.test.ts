/** What a broker does with a message later than it is sent: the same for RocketMQ's and ours. */
import assert from 'node:assert/strict'
import { serve } from '../../src/core/embedded/serve.ts'
import { JavaDriver, type MessageRow } from './java-driver.ts'
import { RealCluster } from './real-cluster.ts'

/** Short ones: retries begin at level 3. */
const messageDelayLevel = '1s 2s 1s 1s 1s'

const servers: Readonly<Record<string, () => Promise<{ namesrv: string; stop(): Promise<void> }>>> = {
  'real RocketMQ 5.5.0': () =>
    RealCluster.start({
      brokerConf: {
        recallMessageEnable: 'true',
        messageDelayLevel,
        transactionCheckInterval: 1000,
      },
    }),
  'pocketmq serve': async () => {
    const served = await serve({ store: null, port: 0, messageDelayLevel, transactionCheckMs: 1000 })
    return { namesrv: served.address, stop: () => served.close() }
  },
}

/**
 * With FULL=1 only: five minutes that not every commit has. What Apache's clients see of it on our server is
 * in every run, in clients/.
 */
const tested = process.env['FULL'] === '1' ? Object.entries(servers) : []

for (const [name, start] of tested) {
  describe(`Java client 5.5.0, messages for later, on ${name}`, function () {
    this.timeout(180_000)
    let server: Awaited<ReturnType<typeof start>>
    const driver = (): JavaDriver => new JavaDriver(server.namesrv, 'json')

    before(async () => {
      server = await start()
    })
    after(() => server.stop())

    const textOf = (row: MessageRow): string => Buffer.from(row.bodyBase64, 'base64').toString()

    it('delivers by level and by time, in the order they are due, with the properties they had', async () => {
      const topic = 'Later'
      // a JVM under load takes seconds to send
      const at = Date.now() + 25_000
      const sent = await driver().send(topic, [
        { body: 'time', properties: { TIMER_DELIVER_MS: String(at) } },
        { body: 'level 2', tag: 'A', keys: ['k'], properties: { DELAY: '2', mine: 'x' } },
        { body: 'level 1', properties: { DELAY: '1' } },
        { body: 'three seconds', properties: { TIMER_DELAY_SEC: '3' } },
      ])
      assert.deepEqual(
        sent.map(({ recallHandle }) => recallHandle !== null),
        [true, false, false, true],
      )
      const received = await driver().consume(topic, `${topic}-group`, { count: 4 })
      assert.deepEqual(received.map(textOf).sort(), ['level 1', 'level 2', 'three seconds', 'time'])
      const byTime = [...received].sort((a, b) => a.storeTimestamp - b.storeTimestamp)
      assert.deepEqual(
        byTime.map(textOf).filter((text) => text !== 'three seconds'),
        ['level 1', 'level 2', 'time'],
      )
      assert.ok(byTime.at(-1)!.storeTimestamp >= at, 'not before its time')
      const level = received.find((row) => textOf(row) === 'level 2')!
      const { DELAY, REAL_TOPIC, REAL_QID, mine, UNIQ_KEY } = level.properties
      assert.deepEqual([DELAY, REAL_TOPIC, REAL_QID, mine], ['2', topic, String(level.queueId), 'x'])
      assert.deepEqual([level.tag, level.keys, UNIQ_KEY], ['A', ['k'], sent[1]!.msgId])
      const timer = received.find((row) => textOf(row) === 'time')!
      assert.equal(timer.properties['TIMER_DELIVER_MS'], String(at))
      assert.equal(timer.properties['REAL_TOPIC'], topic)
    })

    it('takes back what waits, by its handle', async () => {
      const topic = 'Recall'
      const [kept, recalled] = await driver().send(topic, [
        { body: 'kept', properties: { TIMER_DELAY_SEC: '20' } },
        { body: 'recalled', properties: { TIMER_DELAY_SEC: '20' } },
      ])
      assert.equal(await driver().recall(topic, recalled!.recallHandle!), recalled!.msgId)
      await assert.rejects(driver().recall(topic, 'bm9uc2Vuc2U='), /recall handle is invalid/)
      const received = await driver().consume(topic, `${topic}-group`, { count: 1 })
      assert.deepEqual(
        received.map(({ msgId }) => msgId),
        [kept!.msgId],
      )
      // in the same slot of the wheel: it would be there by now
      assert.equal((await driver().pull(topic)).length, 1)
      await assert.rejects(driver().recall(topic, kept!.recallHandle!), /timestamp invalid/)
    })

    it('shows what its producer commits, and asks another of the group when the first does not say', async () => {
      const [topic, group] = ['Transaction', 'Transaction-producers']
      await driver().transaction(topic, group, 'rollback', [{ body: 'never' }])
      const [said] = await driver().transaction(topic, group, 'commit', [
        { body: 'said', tag: 'A', keys: ['k'] },
      ])
      const [open] = await driver().transaction(topic, group, 'unknown', [{ body: 'asked' }])
      const asked = await driver().checkedTransactions(topic, group, 'commit', 1)
      assert.deepEqual(
        asked.map((row) => [row.properties['UNIQ_KEY'], textOf(row), row.topic]),
        [[open!.msgId, 'asked', topic]],
      )
      const received = await driver().consume(topic, `${topic}-group`, { count: 2 })
      assert.deepEqual(received.map(textOf).sort(), ['asked', 'said'])
      const message = received.find((row) => row.msgId === said!.msgId)!
      assert.deepEqual([message.tag, message.keys, message.properties['PGROUP']], ['A', ['k'], group])
      assert.equal((await driver().pull(topic)).length, 2)
    })

    it('delivers again what was consumed in vain, at last to the dead letters', async () => {
      const [topic, group] = ['Retry', 'Retry-group']
      const [sent] = await driver().send(topic, [{ body: 'poison', tag: 'A', keys: ['k'] }])
      const deliveries = await driver().consume(topic, group, { count: 3, fail: true, retries: 2 })
      assert.deepEqual(
        deliveries.map(({ reconsumeTimes }) => reconsumeTimes),
        [0, 1, 2],
      )
      for (const row of deliveries)
        assert.deepEqual([row.topic, textOf(row), row.msgId], [topic, 'poison', sent!.msgId])
      const [dead, ...more] = await driver().pull(`%DLQ%${group}`)
      assert.deepEqual(more, [])
      assert.deepEqual(
        [textOf(dead!), dead!.tag, dead!.keys, dead!.reconsumeTimes, dead!.properties['RETRY_TOPIC']],
        ['poison', 'A', ['k'], 3, topic],
      )
      assert.equal(dead!.properties['ORIGIN_MESSAGE_ID'], sent!.offsetMsgId)
    })

    it('carries the answer to a request back to who asked', async () => {
      assert.deepEqual(await driver().request('Request', [{ body: 'one' }, { body: 'two' }]), [
        '[one]',
        '[two]',
      ])
    })
  })
}

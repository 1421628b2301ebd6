import assert from 'node:assert/strict'
import type { Broker } from '../../../../src/core/broker/broker.ts'
import { transactionHandlers } from '../../../../src/core/broker/handlers/transaction.ts'
import { silentPush, type TransactionCheck } from '../../../../src/core/broker/ports.ts'
import { MqError } from '../../../../src/core/errors.ts'
import { formatProperties, parseProperties } from '../../../../src/core/model/properties.ts'
import { readRecord, type StoredRecord } from '../../../../src/core/model/record.ts'
import { SysFlag } from '../../../../src/core/model/sys-flag.ts'
import { Decision } from '../../../../src/core/model/transaction.ts'
import type { CallContext } from '../../../../src/core/remoting/handlers.ts'
import type { AppendResult } from '../../../../src/core/store/append-batch.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { closeBroker, FakeChannel, ManualTime, openBroker, put, topicConfig } from '../test-broker.ts'

const caps = { messagesMax: 32, bytesMax: 256 * 1024 }

for (const writer of ['hold', 'turn'] as const) {
  describe(`transactions, ${writer === 'hold' ? 'served' : 'in a folder'}`, () => {
    const folder = temporaryFolder()
    let time: ManualTime
    let broker: Broker
    let checks: { readonly to: number; readonly check: TransactionCheck }[]

    const open = (): Broker => {
      const push = {
        ...silentPush,
        checkTransaction: (channel: { readonly remoteAddress: string }, check: TransactionCheck) => {
          checks.push({ to: Number(channel.remoteAddress.split(':')[1]), check })
          return true
        },
      }
      const opened = openBroker(folder.path, time, caps, { writer }, push)
      if (writer === 'hold') {
        opened.due.start()
        opened.transactions.start()
      }
      return opened
    }
    const reopen = (): void => {
      closeBroker(broker)
      broker = open()
    }
    const half = (
      more: Record<string, string> = {},
      body = 'half',
    ): Promise<AppendResult & { queueId: number }> => {
      const properties = formatProperties({
        TRAN_MSG: 'true',
        PGROUP: 'PG',
        UNIQ_KEY: body,
        TAGS: 'a',
        ...more,
      })
      const sysFlag = SysFlag.prepared
      return put(broker, {
        properties,
        sysFlag,
        body: Buffer.from(body),
        queueId: 2,
        bornTimestamp: time.now(),
      })
    }
    const end = (
      { queueOffset, physicalOffset }: AppendResult,
      decision: number,
      more: { group?: string; fromCheck?: boolean } = {},
    ): Promise<void> =>
      new Promise((resolve, reject) => {
        const request = {
          group: 'PG',
          queueOffset,
          commitLogOffset: physicalOffset,
          decision,
          fromCheck: false,
        }
        broker.transactions.end({ ...request, ...more }, (error) =>
          error === null ? resolve() : reject(error),
        )
      })
    const records = (topic: string, queueId = 0): StoredRecord[] => {
      broker.store.refresh()
      const entries = broker.store.entries(topic, queueId, 0, 1000)
      return broker.store.records(topic, queueId, entries).map((bytes) => readRecord(bytes!, 0))
    }
    const bodies = (): string[] => records('T', 2).map(({ body }) => body.toString())
    const producer = (port: number, group = 'PG'): FakeChannel => {
      const channel = new FakeChannel(port)
      const connection = { clientId: `c${port}`, clientAddr: '', language: 'JAVA', version: 0 }
      const data = {
        clientId: `c${port}`,
        producerGroups: [group],
        consumers: [],
        fingerprint: 0,
        withoutSub: false,
      }
      broker.clients.heartbeat(channel, connection, data)
      return channel
    }

    beforeEach(() => {
      time = new ManualTime()
      checks = []
      broker = open()
      broker.topics.update(topicConfig('T'))
    })
    afterEach(() => closeBroker(broker))

    it('show a message when it is committed, never when it is rolled back', async () => {
      const committed = await half({}, 'committed')
      const rolledBack = await half({}, 'rolled back')
      assert.deepEqual([committed.queueId, committed.queueOffset, rolledBack.queueOffset], [2, 0, 1])
      assert.deepEqual(bodies(), [])
      const [stored] = records('RMQ_SYS_TRANS_HALF_TOPIC')
      assert.equal(stored!.sysFlag & SysFlag.transactionMask, 0)
      assert.equal(parseProperties(stored!.properties.toString())['__transactionId__'], 'committed')
      await end(committed, Decision.commit)
      await end(rolledBack, Decision.rollback)
      const [message, ...more] = records('T', 2)
      assert.deepEqual(more, [])
      assert.equal(message!.body.toString(), 'committed')
      assert.equal(message!.sysFlag & SysFlag.transactionMask, SysFlag.commit)
      assert.equal(message!.preparedTransactionOffset, committed.physicalOffset)
      const { TRAN_MSG, REAL_TOPIC, REAL_QID, PGROUP, TAGS } = parseProperties(message!.properties.toString())
      assert.deepEqual(
        [TRAN_MSG, REAL_TOPIC, REAL_QID, PGROUP, TAGS],
        [undefined, undefined, undefined, 'PG', 'a'],
      )
      const ops = records('RMQ_SYS_TRANS_OP_HALF_TOPIC')
      assert.deepEqual(
        ops.map(({ body }) => body.toString()),
        ['0,', '1,'],
      )
      assert.equal(parseProperties(ops[0]!.properties.toString())['TAGS'], 'd')
    })

    it('are decided once, by their own group, by what they are', async () => {
      const first = await half({}, 'first')
      const other = await put(broker, { queueId: 2, body: Buffer.from('other') })
      const refused = { code: 'MQ_FAILED' }
      await assert.rejects(async () => end(first, Decision.commit, { group: 'OTHER' }), refused)
      await assert.rejects(async () => end({ ...first, queueOffset: 1 }, Decision.commit), refused)
      await assert.rejects(async () => end({ ...first, physicalOffset: 7 }, Decision.commit), refused)
      await assert.rejects(async () => end({ ...other, queueOffset: 0 }, Decision.commit), refused)
      await end(first, Decision.unknown)
      await end(first, Decision.commit)
      const decided = { code: 'MQ_ILLEGAL_OPERATION' }
      for (const decision of [Decision.commit, Decision.rollback])
        await assert.rejects(async () => end(first, decision), decided)
      reopen()
      await assert.rejects(async () => end(first, Decision.commit), decided)
      assert.deepEqual(bodies(), ['other', 'first'])
    })

    it('are open still after a restart, and what was decided stays so when the rows are lost', async () => {
      const [first, second] = [await half({}, 'first'), await half({}, 'second')]
      await end(first, Decision.commit)
      broker.store.state.db.exec('DELETE FROM half; DELETE FROM waiting_progress')
      reopen()
      await assert.rejects(async () => end(first, Decision.commit), { code: 'MQ_ILLEGAL_OPERATION' })
      await end(second, Decision.commit)
      assert.deepEqual(bodies(), ['first', 'second'])
    })

    it('wait as their message says only when they are committed', async () => {
      const delayed = await half({ DELAY: '1' }, 'delayed')
      time.advance(60_000)
      await end(delayed, Decision.commit)
      assert.deepEqual(bodies(), [])
      time.advance(1_000)
      if (writer === 'turn') broker.due.run()
      assert.deepEqual(bodies(), ['delayed'])
    })

    it('are refused at once where no commit could store them', async () => {
      const refused = { code: 'MQ_MESSAGE_ILLEGAL' }
      const never = String(time.now() + 4 * 24 * 3_600_000)
      await assert.rejects(async () => half({ TIMER_DELIVER_MS: never }), refused)
      await assert.rejects(async () => half({ DELAY: '1.5' }), refused)
      assert.deepEqual(records('RMQ_SYS_TRANS_HALF_TOPIC'), [])
    })

    it('keep nobody waiting when one of those that are committed together can be stored no more', async () => {
      const atomic = { ATOMIC_ID: 'id' }
      const recall = { TIMER_DELIVER_MS: String(time.now() + 1000), TIMER_DEL_UNIQKEY: 'k' }
      await half(atomic, 'first')
      await half({ ...atomic, ...recall }, 'late')
      await half(atomic, 'last')
      time.advance(2000)
      await new Promise<void>((resolve, reject) => {
        const request = { atomicId: 'id', count: 3, decision: Decision.commit }
        broker.transactions.endAtomic(request, (error) => (error === null ? resolve() : reject(error)))
      })
      broker.due.begin()
      time.advance(1)
      await new Promise((resolve) => broker.store.whenSynced(resolve))
      assert.deepEqual(bodies(), ['first', 'last'])
      assert.equal(broker.transactions.atomic.left('id'), 0)
      assert.deepEqual(
        records('TRANS_CHECK_MAX_TIME_TOPIC').map(({ body }) => body.toString()),
        ['late'],
      )
    })

    it('are decided together once it is on the disk, whatever becomes of the work behind it', async () => {
      await half({ ATOMIC_ID: 'id' }, 'one')
      const { END_ATOMIC_SEND: endAtomic } = transactionHandlers(broker)
      const call = (commitOrRollback: number): Promise<unknown> =>
        new Promise((resolve) => {
          const header = { topic: 'T', atomicId: 'id', count: 1, commitOrRollback }
          endAtomic!({} as CallContext, { header, body: undefined }, resolve)
        })
      const begin = broker.due.begin.bind(broker.due)
      broker.due.begin = () => {
        throw new MqError('MQ_STORE_IN_USE', 'another process is writing')
      }
      assert.deepEqual(await call(Decision.commit), { header: { left: 1 } })
      await assert.rejects(call(Decision.unknown), { code: 'MQ_STORE_IN_USE' })
      broker.due.begin = begin
      await call(Decision.unknown)
      time.advance(1)
      await new Promise((resolve) => broker.store.whenSynced(resolve))
      assert.deepEqual(bodies(), ['one'])
    })

    it('that were committed together are never given up, though nobody came for three days', async () => {
      const body = 'x'.repeat(100_000)
      for (let i = 0; i < 60; i++) await half({ ATOMIC_ID: 'id', UNIQ_KEY: `${i}` }, body)
      const request = { atomicId: 'id', count: 60, decision: Decision.commit }
      broker.store.exclusively(() => broker.transactions.atomic.decide(request))
      time.advance(73 * 3_600_000)
      for (let i = 0; i < 5; i++) {
        broker.due.begin()
        time.advance(100)
        await new Promise((resolve) => broker.store.whenSynced(resolve))
      }
      assert.equal(bodies().length, 60)
      assert.equal(broker.transactions.atomic.left('id'), 0)
    })

    it('are given up after three days, and not lost with their segment before', async () => {
      await half({}, 'forgotten')
      time.advance(72 * 3_600_000 - 1)
      if (writer === 'turn') broker.due.run()
      assert.deepEqual(records('TRANS_CHECK_MAX_TIME_TOPIC'), [])
      assert.equal(broker.store.neededFrom(), 0)
      time.advance(1)
      if (writer === 'turn') broker.due.run()
      assert.deepEqual(
        records('TRANS_CHECK_MAX_TIME_TOPIC').map(({ body }) => body.toString()),
        ['forgotten'],
      )
      assert.notEqual(broker.topics.get('TRANS_CHECK_MAX_TIME_TOPIC'), null)
    })

    if (writer === 'hold') {
      it('are asked about every 30 s, a producer of the group in turn, when nobody says', async () => {
        const open = await half({}, 'open')
        const decided = await half({}, 'decided')
        await half({ CHECK_IMMUNITY_TIME_IN_SECONDS: '100' }, 'later')
        await half({ PGROUP: 'NOBODY' }, 'nobody')
        await end(decided, Decision.rollback)
        producer(7)
        const gone = producer(8)
        producer(9, 'OTHERS')
        time.advance(30_000)
        time.advance(30_000)
        assert.deepEqual(checks.map(({ to }) => to).sort(), [7, 8])
        broker.disconnected(gone)
        time.advance(30_000)
        assert.deepEqual(
          checks.map(({ check }) => check.uniqueKey),
          ['open', 'open', 'open'],
        )
        assert.equal(checks[2]!.to, 7)
        const { check } = checks[2]!
        assert.deepEqual([check.queueOffset, check.commitLogOffset], [open.queueOffset, open.physicalOffset])
        const asked = readRecord(check.record, 0)
        assert.deepEqual([asked.topic.toString(), asked.queueId, asked.body.toString()], ['T', 2, 'open'])
        const { TRANSACTION_CHECK_TIMES, PGROUP } = parseProperties(asked.properties.toString())
        assert.deepEqual([TRANSACTION_CHECK_TIMES, PGROUP], ['3', 'PG'])
        await end(open, Decision.commit, { fromCheck: true })
        time.advance(30_000)
        assert.deepEqual(
          checks.slice(3).map((each) => each.check.uniqueKey),
          ['later'],
        )
        assert.deepEqual(bodies(), ['open'])
      })

      it('are given up when 15 questions were in vain, but only questions that were asked count', async () => {
        await half({}, 'forgotten')
        for (let i = 0; i < 20; i++) time.advance(30_000)
        assert.deepEqual(records('TRANS_CHECK_MAX_TIME_TOPIC'), [])
        producer(7)
        for (let i = 0; i < 20; i++) time.advance(30_000)
        broker.store.commit()
        assert.equal(checks.length, 15)
        assert.deepEqual(
          records('TRANS_CHECK_MAX_TIME_TOPIC').map(({ body }) => body.toString()),
          ['forgotten'],
        )
      })
    }
  })
}

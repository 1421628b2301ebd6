import assert from 'node:assert/strict'
import type { QueueChoice } from '../../../src/core/client/admin.ts'
import type { Invoker } from '../../../src/core/client/invoker.ts'
import { NameServers } from '../../../src/core/client/name-servers.ts'
import { RemotingProducer } from '../../../src/core/client/producer.ts'
import { RouteTable } from '../../../src/core/client/route-table.ts'
import { MqError } from '../../../src/core/errors.ts'
import type { NewMessage } from '../../../src/core/model/message.ts'
import { parseProperties } from '../../../src/core/model/properties.ts'
import type { TopicRoute } from '../../../src/core/model/route.ts'
import type { CallOf, ReplyOf, RequestName } from '../../../src/core/remoting/requests/index.ts'

interface Sent {
  readonly address: string
  readonly call: CallOf<'SEND_MESSAGE_V2'>
  answer(code: number, remark?: string): void
  fail(error: MqError): void
}

function route(brokers: number, queues = 2, perm = 6): TopicRoute {
  const names = Array.from({ length: brokers }, (_, i) => `broker-${i}`)
  return {
    brokerDatas: names.map((brokerName, i) => ({
      brokerAddrs: { 0: `10.0.0.${i}:10911`, 1: `10.0.1.${i}:10911` },
      brokerName,
      cluster: 'C',
      enableActingMaster: false,
    })),
    filterServerTable: {},
    queueDatas: names.map((brokerName) => ({
      brokerName,
      perm,
      readQueueNums: queues,
      topicSysFlag: 0,
      writeQueueNums: queues,
    })),
  }
}

/** Routes are answered in a later turn, as over a network; sends when the test says so. */
class FakeInvoker implements Invoker {
  readonly routes = new Map<string, TopicRoute>()
  readonly sent: Sent[] = []
  routeRequests = 0
  /** Answers sends at once, when set. */
  script: ((sent: Sent, index: number) => void) | null = null

  invoke<N extends RequestName>(address: string, name: N, call: CallOf<N>): Promise<ReplyOf<N>> {
    return new Promise((resolve, reject) => {
      this.submit(address, name, call, (error, reply) => (error === null ? resolve(reply!) : reject(error)))
    })
  }

  submit<N extends RequestName>(
    address: string,
    name: N,
    call: CallOf<N>,
    onReply: (error: Error | null, reply: ReplyOf<N> | null) => void,
  ): void {
    const reply = (code: number, remark: string | null, header: object | null, body: unknown): void =>
      onReply(null, { code, remark, header, body } as ReplyOf<N>)
    if (name === 'GET_ROUTEINFO_BY_TOPIC') {
      this.routeRequests++
      const { topic } = (call as unknown as CallOf<'GET_ROUTEINFO_BY_TOPIC'>).header
      const found = this.routes.get(topic)
      setImmediate(() =>
        found === undefined ? reply(17, 'no route', null, null) : reply(0, null, null, found),
      )
      return
    }
    assert.equal(name, 'SEND_MESSAGE_V2')
    const send = call as unknown as CallOf<'SEND_MESSAGE_V2'>
    const sent: Sent = {
      address,
      call: send,
      answer: (code, remark) => {
        const header = { msgId: 'ID', queueId: send.header.queueId, queueOffset: 9 }
        reply(code, remark ?? null, code === 0 || code === 10 ? header : null, null)
      },
      fail: (error) => onReply(error, null),
    }
    this.sent.push(sent)
    this.script?.(sent, this.sent.length - 1)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

const message = (change: Partial<NewMessage> = {}): NewMessage => ({
  topic: 'T',
  body: Buffer.from('x'),
  ...change,
})

describe('RemotingProducer', () => {
  let invoker: FakeInvoker

  beforeEach(() => {
    invoker = new FakeInvoker()
    invoker.routes.set('T', route(2))
  })

  function producer(options = {}): RemotingProducer {
    return new RemotingProducer(invoker, new RouteTable(new NameServers(invoker, ['ns:9876'])), options)
  }

  const queueOf = ({ call }: Sent): string => `${call.header.brokerName}/${call.header.queueId}`

  it('sends round robin over all writable queues of all masters', async () => {
    invoker.script = (sent) => sent.answer(0)
    const each = producer()
    for (let i = 0; i < 8; i++) await each.send(message())
    const queues = invoker.sent.map(queueOf)
    assert.deepEqual(queues.slice(0, 4).sort(), ['broker-0/0', 'broker-0/1', 'broker-1/0', 'broker-1/1'])
    assert.deepEqual(queues.slice(4), queues.slice(0, 4))
    for (const { address } of invoker.sent) assert.match(address, /^10\.0\.0\./)
  })

  it('says where the message is, under the unique key it was sent with', async () => {
    invoker.script = (sent) => sent.answer(0)
    const result = await producer().send(
      message({ tag: 't', keys: ['a', 'b'], properties: { colour: 'blue' } }),
    )
    const [sent] = invoker.sent
    const properties = parseProperties(sent!.call.header.properties!)
    assert.deepEqual(
      { ...properties },
      { colour: 'blue', KEYS: 'a b', TAGS: 't', UNIQ_KEY: result.msgId, WAIT: 'true' },
    )
    assert.equal(result.sendStatus, 'SEND_OK')
    assert.equal(result.offsetMsgId, 'ID')
    assert.equal(`${result.brokerName}/${result.queueId}`, queueOf(sent!))
    assert.equal(result.queueOffset, 9)
  })

  it('tries another broker after the answers DefaultMQProducer retries, and after none', async () => {
    for (const code of [17, 14, 1, 2, 16, 204, 205, 1500]) {
      invoker.sent.length = 0
      invoker.script = (sent, i) => sent.answer(i === 0 ? code : 0)
      await producer().send(message())
      assert.equal(invoker.sent.length, 2, `code ${code}`)
      assert.notEqual(invoker.sent[0]!.call.header.brokerName, invoker.sent[1]!.call.header.brokerName)
    }
    for (const code of ['MQ_TIMEOUT', 'MQ_BROKER_UNREACHABLE'] as const) {
      invoker.sent.length = 0
      invoker.script = (sent, i) => (i === 0 ? sent.fail(new MqError(code, 'gone')) : sent.answer(0))
      await producer().send(message())
      assert.equal(invoker.sent.length, 2, code)
    }
  })

  it('sends the same message again: one unique key, whatever becomes of it', async () => {
    invoker.script = (sent, i) => sent.answer(i < 2 ? 2 : 0)
    const { msgId } = await producer().send(message())
    const keys = invoker.sent.map(({ call }) => parseProperties(call.header.properties!)['UNIQ_KEY'])
    assert.deepEqual(keys, [msgId, msgId, msgId])
  })

  it('gives up after its retries, with the last reason', async () => {
    invoker.script = (sent, i) => sent.answer(2, `busy ${i}`)
    await assert.rejects(producer().send(message()), { code: 'MQ_SYSTEM_BUSY', message: /busy 2$/ })
    assert.equal(invoker.sent.length, 3)
    await assert.rejects(producer({ retries: 0 }).send(message()), { code: 'MQ_SYSTEM_BUSY' })
    assert.equal(invoker.sent.length, 4)
  })

  it('does not send again what was refused for itself, nor to a queue that was named', async () => {
    invoker.script = (sent) => sent.answer(13)
    await assert.rejects(producer().send(message()), { code: 'MQ_MESSAGE_ILLEGAL' })
    assert.equal(invoker.sent.length, 1)
    invoker.script = (sent) => sent.answer(2)
    const queue: QueueChoice = { brokerName: 'broker-1', queueId: 1 }
    await assert.rejects(producer().send(message(), queue), { code: 'MQ_SYSTEM_BUSY' })
    assert.deepEqual(invoker.sent.slice(1).map(queueOf), ['broker-1/1'])
  })

  it('takes stored-but-not-safe for an answer, not for a failure', async () => {
    invoker.script = (sent) => sent.answer(10)
    assert.equal((await producer().send(message())).sendStatus, 'FLUSH_DISK_TIMEOUT')
  })

  it('keeps messages of one sharding key in one queue', async () => {
    invoker.script = (sent) => sent.answer(0)
    const each = producer()
    for (let i = 0; i < 5; i++) await each.send(message({ shardingKey: 'order-7' }))
    // the hash is Integer.MIN_VALUE
    await each.send(message({ shardingKey: 'polygenelubricants' }))
    assert.equal(new Set(invoker.sent.slice(0, 5).map(queueOf)).size, 1)
  })

  it('stays on the broker that was named', async () => {
    invoker.script = (sent) => sent.answer(0)
    const each = producer()
    for (let i = 0; i < 4; i++) await each.send(message(), { brokerName: 'broker-1' })
    assert.deepEqual(new Set(invoker.sent.map(queueOf)), new Set(['broker-1/0', 'broker-1/1']))
    await assert.rejects(each.send(message(), { brokerName: 'absent' }), { code: 'MQ_BROKER_NOT_EXIST' })
  })

  it('asks for the route of a topic once, however many sends wait for it', async () => {
    invoker.script = (sent) => sent.answer(0)
    const each = producer()
    await Promise.all(Array.from({ length: 500 }, () => each.send(message())))
    assert.equal(invoker.sent.length, 500)
    assert.equal(invoker.routeRequests, 1)
  })

  it('sends to four queues of TBW102 what no broker has yet, and to no read-only topic', async () => {
    invoker.script = (sent) => sent.answer(0)
    await assert.rejects(producer().send(message({ topic: 'new' })), { code: 'MQ_TOPIC_NOT_EXIST' })
    invoker.routes.set('TBW102', route(1, 8, 7))
    for (let i = 0; i < 8; i++) await producer().send(message({ topic: 'new' }))
    assert.ok(invoker.sent.every(({ call }) => call.header.queueId < 4))
    invoker.routes.set('readOnly', route(1, 4, 4))
    await assert.rejects(producer().send(message({ topic: 'readOnly' })), { code: 'MQ_NO_PERMISSION' })
  })

  it('refuses what no broker could store, before anything is sent', async () => {
    for (const change of [
      { topic: 'bad topic' },
      { body: Buffer.alloc(0) },
      { body: Buffer.alloc(4 * 1024 * 1024 + 1) },
      { properties: { a: '' } },
      { properties: { 'a\u0001': 'b' } },
      { tag: 'a\u0002b' },
    ]) {
      await assert.rejects(producer().send(message(change)), MqError)
    }
    assert.equal(invoker.sent.length, 0)
  })

  it('asks to wait while 4 MiB are in flight, and until half of it is answered', async () => {
    const each = producer()
    let answered = 0
    const body = Buffer.alloc(1024 * 1024)
    const submit = (): Promise<void> | null => each.submit(message({ body }), null, () => answered++)
    assert.deepEqual([submit(), submit(), submit()], [null, null, null])
    const room = submit()
    assert.ok(room instanceof Promise)
    let hasRoom = false
    void room.then(() => (hasRoom = true))
    const flushed = each.flush()
    while (invoker.sent.length < 4) await new Promise((resolve) => setImmediate(resolve))
    for (const [i, sent] of invoker.sent.entries()) {
      sent.answer(0)
      await new Promise((resolve) => setImmediate(resolve))
      assert.equal(hasRoom, i >= 2, `after ${i + 1} answers`)
    }
    await flushed
    assert.equal(answered, 4)
    await each.flush()
  })
})

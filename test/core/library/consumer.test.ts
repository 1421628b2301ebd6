import assert from 'node:assert/strict'
import {
  Consumer,
  MqAdmin,
  openFolder,
  Producer,
  serve,
  type ConsumerOptions,
  type Message,
  type Served,
} from '../../../src/core/index.ts'
import { until } from '../remoting/sockets.ts'
import { temporaryFolder } from '../temporary-folder.ts'

describe('the library', () => {
  const folder = temporaryFolder()
  let served: Served
  let producer: Producer
  let open: { close(): Promise<void> }[]

  beforeEach(async () => {
    served = await serve({ port: 0, store: folder.path, topics: [{ name: 'orders', queues: 4 }] })
    producer = new Producer({ namesrv: served.namesrv })
    open = [producer]
  })
  afterEach(async () => {
    for (const each of open.reverse()) await each.close()
    await served.close()
  })

  async function join(
    change: Partial<ConsumerOptions>,
    handler: (message: Message) => unknown,
  ): Promise<Consumer> {
    const options = { namesrv: served.namesrv, group: 'g', topic: 'orders', from: 'first' as const }
    const consumer = new Consumer({ ...options, ...change }, handler)
    open.push(consumer)
    await consumer.start()
    return consumer
  }

  const send = async (from: number, to: number, tag?: string): Promise<void> => {
    for (let i = from; i < to; i++)
      await producer.send({ topic: 'orders', body: String(i), ...(tag !== undefined && { tag }) })
  }

  it('shares a topic among the members of a group, each message once, and again when one leaves', async () => {
    const got: Record<string, number[]> = { a: [], b: [] }
    const member = (name: string): Promise<Consumer> =>
      join({}, (message) => void got[name]!.push(Number(message.body)))
    await member('a')
    const b = await member('b')
    await send(0, 40)
    const all = (): number[] => [...got['a']!, ...got['b']!].sort((x, y) => x - y)
    await until(() => all().length === 40)
    assert.deepEqual(
      all(),
      Array.from({ length: 40 }, (_, i) => i),
    )
    assert.equal(got['a']!.length, 20)
    await b.close()
    await send(40, 48)
    await until(() => got['a']!.length === 28)
  })

  it('goes on where the group was', async () => {
    await send(0, 10)
    const got: string[] = []
    const take = (message: Message): void => void got.push(message.body.toString())
    const first = await join({}, take)
    await until(() => got.length === 10)
    await first.close()
    await send(10, 12)
    await join({}, take)
    await until(() => got.length === 12)
    assert.deepEqual(got.slice(10).sort(), ['10', '11'])
  })

  it('begins where it is told to', async () => {
    await send(0, 4)
    const before = new Date(Date.now() + 1)
    while (Date.now() < before.getTime());
    await send(4, 8)
    const got: Record<string, string[]> = { first: [], date: [] }
    await join({ group: 'first' }, (message) => void got['first']!.push(message.body.toString()))
    await join({ group: 'date', from: before }, (message) => void got['date']!.push(message.body.toString()))
    await until(() => got['first']!.length === 8)
    await until(() => got['date']!.length >= 4)
    assert.deepEqual(got['date']!.sort(), ['4', '5', '6', '7'])
  })

  it('gets the tags it asks for', async () => {
    const got: string[] = []
    await join(
      { topic: { orders: 'paid || sent' } },
      (message) => void got.push(`${message.tag} ${message.body.toString()}`),
    )
    for (const [i, tag] of ['paid', 'new', 'sent', 'new', 'paid'].entries()) await send(i, i + 1, tag)
    await until(() => got.length === 3)
    assert.deepEqual(got.sort(), ['paid 0', 'paid 4', 'sent 2'])
  })

  it('lets what it has begun end when it is closed, and works on no more than it may', async () => {
    await send(0, 10)
    let running = 0
    let most = 0
    let done = 0
    const release: (() => void)[] = []
    const consumer = await join({ parallel: 3 }, async () => {
      most = Math.max(most, ++running)
      await new Promise<void>((resolve) => release.push(resolve))
      running--
      done++
    })
    await until(() => running === 3)
    const closed = consumer.close()
    for (const each of release) each()
    await closed
    assert.deepEqual([most, done], [3, 3])
    const rest: string[] = []
    await join({}, (message) => void rest.push(message.body.toString()))
    await until(() => rest.length >= 7)
  })

  describe('when its broker is asked about it', () => {
    let admin: MqAdmin
    let got: string[]
    let fails = false

    beforeEach(async () => {
      admin = await MqAdmin.connect({ namesrv: served.namesrv })
      open.push(admin)
      got = []
      fails = false
      await join({}, (message) => {
        got.push(message.body.toString())
        if (fails) throw new Error('not this one')
      })
    })

    const clientId = async (): Promise<string> =>
      (await admin.groups.members('g')).connections.map((each) => each.clientId)[0]!

    it('says what it does', async () => {
      await send(0, 8)
      await until(() => got.length === 8)
      const info = await admin.groups.runningInfo('g', await clientId(), true)
      assert.deepEqual(
        [info.properties['PROP_CONSUME_TYPE'], info.properties['PROP_CONSUMEORDERLY']],
        ['CONSUME_PASSIVELY', 'false'],
      )
      assert.deepEqual(info.subscriptions.map(({ topic }) => topic).sort(), ['%RETRY%g', 'orders'])
      const queues = info.queues.filter(({ topic }) => topic === 'orders')
      assert.deepEqual(
        queues.map(({ queueId, info: queue }) => [queueId, queue['commitOffset'], queue['droped']]).sort(),
        [0, 1, 2, 3].map((queueId) => [queueId, 2, false]),
      )
      assert.ok(Number(info.status['orders']!['consumeOKTPS']) > 0)
      assert.equal(info.status['orders']!['consumeFailedMsgs'], 0)
      assert.match(info.jstack!, /Node/)
      await assert.rejects(admin.groups.runningInfo('g', 'nobody'), { code: 'MQ_CONSUMER_NOT_ONLINE' })
    })

    it('takes a message that is handed to it, and says what became of it', async () => {
      const sent = await producer.send({ topic: 'orders', body: 'again' })
      await until(() => got.length === 1)
      const message = await admin.messages.byId('orders', sent.msgId)
      const { consumeResult, autoCommit } = await admin.messages.consumeDirectly(
        message,
        'g',
        await clientId(),
      )
      assert.deepEqual([consumeResult, autoCommit, got], ['CR_SUCCESS', true, ['again', 'again']])
      fails = true
      const failed = await admin.messages.consumeDirectly(message, 'g', await clientId())
      assert.deepEqual([failed.consumeResult, failed.remark], ['CR_THROW_EXCEPTION', 'not this one'])
      await assert.rejects(admin.messages.consumeDirectly(message, 'g', 'nobody'), {
        code: 'MQ_CONSUMER_NOT_ONLINE',
      })
    })

    for (const serverSide of ['true', 'false']) {
      it(`goes back at once when the group is moved, useServerSideResetOffset=${serverSide}`, async () => {
        await send(0, 8)
        await until(() => got.length === 8)
        const sent = Array.from({ length: 8 }, (_, i) => String(i))
        const [broker] = await admin.cluster.members()
        await admin.brokers.updateConfig(broker!.brokerAddr, 'useServerSideResetOffset', serverSide)
        const committed = async (): Promise<number> => {
          const { offsets } = await admin.groups.progress('g', 'orders')
          return offsets.reduce((sum, each) => sum + each.consumerOffset, 0)
        }
        // by pulls that carry it, or every 5 s
        while ((await committed()) < 8) await send(0, 0)
        got.length = 0
        await admin.groups.resetByTime('g', 'orders', 0, { force: true })
        await until(() => got.length === 8)
        assert.deepEqual([...got].sort(), sent)
      })
    }
  })

  it('says at once that nobody is there', async () => {
    const nobody = new Consumer({ namesrv: '127.0.0.1:1', group: 'g', topic: 't' }, () => undefined)
    await assert.rejects(nobody.start(), { code: 'MQ_NAMESRV_UNREACHABLE' })
    const unheard = new Producer({ namesrv: ['127.0.0.1:1'] })
    await assert.rejects(unheard.send({ topic: 't', body: 'x' }), { code: 'MQ_NAMESRV_UNREACHABLE' })
    await unheard.close()
    for (const namesrv of ['', ';', []]) assert.throws(() => new Producer({ namesrv }), { code: 'MQ_TARGET' })
  })

  it('sees one broker from everywhere: server, folder and admin', async () => {
    const bytes = new Uint8Array([0, 255, 7]).subarray(1)
    const sent = await producer.send({ topic: 'orders', body: bytes, keys: ['k'] })
    const admin = await MqAdmin.connect({ namesrv: served.namesrv })
    open.push(admin)
    assert.deepEqual([...(await admin.messages.byId('orders', sent.msgId)).body], [255, 7])
    const opened = await openFolder(folder.path)
    open.push(opened)
    assert.equal((await opened.messages.byId('orders', sent.msgId)).keys[0], 'k')
    await assert.rejects(
      openFolder(`${folder.path}/none`, { create: false }).then((none) => none.topics.list()),
      {
        code: 'MQ_STORE_NOT_FOUND',
      },
    )
  })
})

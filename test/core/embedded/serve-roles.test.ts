import assert from 'node:assert/strict'
import type { MqAdmin } from '../../../src/core/client/admin.ts'
import { RemoteInvoker } from '../../../src/core/client/remote-invoker.ts'
import { connect } from '../../../src/core/connect.ts'
import { Registrar } from '../../../src/core/embedded/registrar.ts'
import { serve, type Served, type ServeOptions } from '../../../src/core/embedded/serve.ts'
import { systemTimers } from '../../../src/core/lib/clock.ts'
import { silentLog } from '../../../src/core/lib/log.ts'
import { topicConfig } from '../broker/test-broker.ts'
import { temporaryFolder } from '../temporary-folder.ts'

describe('serve as', () => {
  const folder = temporaryFolder()
  let open: { close(): Promise<void> }[]
  beforeEach(() => (open = []))
  afterEach(async () => {
    for (const each of open.reverse()) await each.close()
  })

  async function started(options: ServeOptions): Promise<Served> {
    const served = await serve({ port: 0, ...options })
    open.push(served)
    return served
  }

  async function clientOf(namesrv: string): Promise<MqAdmin> {
    const admin = await connect({ kind: 'cluster', namesrv: namesrv.split(';') })
    open.push(admin)
    return admin
  }

  it('a name server and brokers of their own: one cluster, found by each name server', async () => {
    const names = [await started({ role: 'namesrv' }), await started({ role: 'namesrv' })]
    const namesrv = names.map((each) => each.namesrv)
    const broker = (brokerName: string): ServeOptions => ({
      role: 'broker',
      namesrv,
      brokerName,
      clusterName: 'C',
      topics: [{ name: 'orders', queues: 2 }],
    })
    const a = await started(broker('a'))
    const b = await started(broker('b'))
    assert.equal(a.namesrv, namesrv.join(';'))
    for (const address of namesrv) {
      const admin = await clientOf(address)
      const { brokerDatas } = await admin.topics.route('orders')
      assert.deepEqual(
        brokerDatas.map((each) => [each.cluster, each.brokerName, each.brokerAddrs[0]]).sort(),
        [
          ['C', 'a', a.address],
          ['C', 'b', b.address],
        ],
      )
    }
    const admin = await clientOf(namesrv[0]!)
    const producer = admin.messages.producer()
    const sent = []
    for (let i = 0; i < 4; i++) sent.push(await producer.send({ topic: 'orders', body: Buffer.from('x') }))
    assert.deepEqual([...new Set(sent.map((each) => each.brokerName))].sort(), ['a', 'b'])
    // made by a send: every name server hears of it at once
    await producer.send({ topic: 'new', body: Buffer.from('x') })
    const second = await clientOf(namesrv[1]!)
    while (!(await second.topics.list()).includes('new'));
    await b.close()
    assert.equal((await admin.topics.route('orders')).brokerDatas.length, 1)
  })

  it('a name server of 50,000 topics, in one frame', async () => {
    const { address } = await started({ role: 'namesrv' })
    const topics = Array.from({ length: 50_000 }, (_, i) =>
      topicConfig(`a-topic-with-a-name-of-some-length-${i}`),
    )
    const invoker = new RemoteInvoker({ timeoutMs: 60_000 })
    open.push(invoker)
    const registrar = new Registrar({
      clusterName: 'C',
      brokerName: 'many',
      brokerId: 0,
      topics: () => topics,
      dataVersion: () => ({ stateVersion: 0, timestamp: 1, counter: 1 }),
      namesrv: [address],
      advertise: null,
      port: 1,
      invoker,
      timers: systemTimers,
      log: silentLog,
    })
    open.push(registrar)
    await registrar.start()
    const admin = await clientOf(address)
    assert.equal((await admin.topics.list()).length, 50_000)
    const last = await admin.topics.route(topics.at(-1)!.topicName)
    assert.deepEqual(last.brokerDatas[0]!.brokerAddrs, { 0: '127.0.0.1:1' })
  })

  it('a broker that is found through its folder, too', async () => {
    const name = await started({ role: 'namesrv' })
    const store = folder.path
    await started({ role: 'broker', namesrv: [name.address], store, topics: [{ name: 'T', queues: 1 }] })
    const admin = await connect({ kind: 'folder', store })
    open.push(admin)
    assert.equal((await admin.topics.route('T')).brokerDatas.length, 1)
  })

  it('a name server that keeps its configuration in a folder', async () => {
    const store = folder.path
    const order = {
      topicName: 'T',
      readQueueNums: 2,
      writeQueueNums: 2,
      perm: 6,
      topicSysFlag: 0,
      attributes: {},
    }
    const first = await serve({ role: 'namesrv', port: 0, store })
    const broker = await serve({ role: 'broker', port: 0, namesrv: [first.address] })
    const admin = await clientOf(first.address)
    const config = { ...order, topicFilterType: 'SINGLE_TAG' as const, order: true }
    await admin.topics.update(config, { clusterName: 'DefaultCluster' })
    await broker.close()
    await first.close()
    const again = await started({ role: 'namesrv', store })
    const other = await started({ role: 'broker', namesrv: [again.address], brokerName: 'other' })
    const updated = await (await clientOf(again.address)).topics.update(config, { brokerAddr: other.address })
    assert.equal(updated.orderConf, 'other:2')
    await assert.rejects(serve({ role: 'namesrv', port: Number(again.address.split(':')[1]) }), {
      code: 'MQ_FAILED',
    })
  })

  it('what it is advertised as, in routes and in ids', async () => {
    const served = await started({ advertise: 'localhost:4711', topics: [{ name: 'T', queues: 1 }] })
    const admin = await clientOf(served.address)
    assert.deepEqual((await admin.topics.route('T')).brokerDatas[0]!.brokerAddrs, { 0: 'localhost:4711' })
    const portless = await started({ advertise: '127.0.0.1', topics: [{ name: 'T', queues: 1 }] })
    const client = await clientOf(portless.address)
    assert.equal((await client.topics.route('T')).brokerDatas[0]!.brokerAddrs[0], portless.address)
    for (const advertise of ['', 'a b', 'x:0', 'x:65536', 'x:1:2', '[::1', 'http://x'])
      await assert.rejects(serve({ port: 0, advertise }), { code: 'MQ_USAGE' }, advertise)
  })

  it('the broker that the folder is of, and no other', async () => {
    const store = folder.path
    await (await serve({ port: 0, store, brokerName: 'a', clusterName: 'C' })).close()
    await assert.rejects(serve({ port: 0, store, brokerName: 'b' }), {
      code: 'MQ_USAGE',
      message: `${store} is that of a in C, not of b in C`,
    })
    await (await serve({ port: 0, store, brokerName: 'a' })).close()
  })

  it('the only one on its folder: the second is told who holds it', async () => {
    const store = folder.path
    const first = await started({ store })
    await assert.rejects(serve({ port: 0, store }), {
      code: 'MQ_STORE_IN_USE',
      message: `${store} is served at ${first.address} by process ${process.pid}`,
    })
  })

  it('one that makes no topics by itself', async () => {
    const served = await started({ autoCreateTopics: false, flush: 'sync' })
    const producer = (await clientOf(served.address)).messages.producer()
    await assert.rejects(producer.send({ topic: 'T', body: Buffer.from('x') }), {
      code: 'MQ_TOPIC_NOT_EXIST',
    })
  })
})

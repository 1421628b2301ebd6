import assert from 'node:assert/strict'
import { RemotingMessageAdmin } from '../../../src/core/client/admin/messages.ts'
import { NameServers } from '../../../src/core/client/name-servers.ts'
import { PushConsumer } from '../../../src/core/client/push-consumer.ts'
import { RemoteInvoker } from '../../../src/core/client/remote-invoker.ts'
import { RouteTable } from '../../../src/core/client/route-table.ts'
import { serve, type Served } from '../../../src/core/embedded/serve.ts'
import type { Message } from '../../../src/core/model/message.ts'
import type { CallOf, ReplyOf, RequestName } from '../../../src/core/remoting/requests/index.ts'
import { ManualTime } from '../broker/test-broker.ts'
import { until } from '../remoting/sockets.ts'

/** Notes requests by name; answers messages that come back itself. */
class WatchingInvoker extends RemoteInvoker {
  readonly heard: string[] = []
  readonly back: unknown[] = []
  backCode = 0

  override invoke<N extends RequestName>(address: string, name: N, call: CallOf<N>): Promise<ReplyOf<N>> {
    this.heard.push(name)
    if (name !== 'CONSUMER_SEND_MSG_BACK') return super.invoke(address, name, call)
    this.back.push(call.header)
    return Promise.resolve({ code: this.backCode, remark: 'no', header: null, body: null } as ReplyOf<N>)
  }
}

describe('PushConsumer', () => {
  let served: Served
  let time: ManualTime
  let invoker: WatchingInvoker
  let pulls: RemoteInvoker
  let errors: string[]
  let consumer: PushConsumer

  beforeEach(async () => {
    served = await serve({ port: 0, topics: [{ name: 'T', queues: 1 }] })
    time = new ManualTime()
    invoker = new WatchingInvoker({ timeoutMs: 3000 })
    pulls = new RemoteInvoker({ timeoutMs: 30_000 })
    errors = []
  })
  afterEach(async () => {
    await consumer.close()
    await Promise.all([invoker.close(), pulls.close()])
    await served.close()
  })

  async function start(handler: (message: Message) => unknown): Promise<void> {
    const nameServers = new NameServers(invoker, [served.address])
    const options = {
      group: 'g',
      subscriptions: { T: '*' },
      from: 'first' as const,
      parallel: 2,
      maxReconsumeTimes: 5,
      onError: (error: Error) => errors.push(error.message),
    }
    consumer = new PushConsumer(options, handler, {
      clientId: 'c',
      invoker,
      routes: new RouteTable(nameServers, time),
      messages: new RemotingMessageAdmin(pulls, nameServers, new RouteTable(nameServers)),
      clock: time,
      timers: time,
    })
    await consumer.start()
  }

  async function send(...bodies: string[]): Promise<void> {
    const nameServers = new NameServers(pulls, [served.address])
    const sender = new RemotingMessageAdmin(pulls, nameServers, new RouteTable(nameServers)).producer()
    for (const body of bodies) await sender.send({ topic: 'T', body: Buffer.from(body) })
  }

  const committed = async (): Promise<number | undefined> => {
    const header = { topic: 'T', queueId: 0, consumerGroup: 'g', setZeroIfNotFound: false }
    const reply = await pulls.invoke(served.address, 'QUERY_CONSUMER_OFFSET', { header, body: undefined })
    return reply.header?.offset
  }

  it('sends back what its handler cannot take, and goes on', async () => {
    const got: string[] = []
    await start((message) => {
      got.push(message.body.toString())
      if (got.length === 1) throw new Error('not now')
    })
    await send('one', 'two')
    await until(() => got.length === 2 && invoker.back.length === 1)
    assert.deepEqual(errors, ['not now'])
    const [{ group, delayLevel, originTopic, maxReconsumeTimes }] = invoker.back as [Record<string, unknown>]
    assert.deepEqual([group, delayLevel, originTopic, maxReconsumeTimes], ['g', 0, 'T', 5])
    time.advance(5000)
    while ((await committed()) !== 2);
  })

  it('keeps what the broker does not take back, and tries it again in 5 s', async () => {
    invoker.backCode = 1
    const got: number[] = []
    await start((message) => {
      got.push(message.reconsumeTimes)
      if (got.length === 1) throw new Error('not now')
    })
    await send('one')
    await until(() => errors.length === 2)
    time.advance(4999)
    assert.deepEqual(got, [0])
    // not done: who comes next begins with it
    await until(() => invoker.heard.filter((name) => name === 'UPDATE_CONSUMER_OFFSET').length === 0)
    time.advance(1)
    await until(() => got.length === 2)
    assert.deepEqual(got, [0, 1])
  })

  it('says who it is every 30 s and shares out every 20 s', async () => {
    await start(() => undefined)
    const count = (name: string): number => invoker.heard.filter((each) => each === name).length
    const [beats, shares] = [count('HEART_BEAT'), count('GET_CONSUMER_LIST_BY_GROUP')]
    assert.deepEqual([beats, shares > 0], [1, true])
    time.advance(20_000)
    await until(() => count('GET_CONSUMER_LIST_BY_GROUP') > shares)
    time.advance(10_000)
    await until(() => count('HEART_BEAT') === 2)
  })
})

import assert from 'node:assert/strict'
import { NameServers } from '../../../src/core/client/name-servers.ts'
import { RouteTable } from '../../../src/core/client/route-table.ts'
import { MqError } from '../../../src/core/errors.ts'
import type { TopicRoute } from '../../../src/core/model/route.ts'
import type { Invoker } from '../../../src/core/client/invoker.ts'
import type { CallOf, ReplyOf, RequestName } from '../../../src/core/remoting/requests/index.ts'
import { ManualTime } from '../broker/test-broker.ts'

/** A name server with one broker, whose topics have as many queues as told; null: it is down. */
class FakeInvoker implements Invoker {
  asked = 0
  queues: number | null = 2
  readonly unknown = new Set<string>()

  invoke<N extends RequestName>(_address: string, _name: N, call: CallOf<N>): Promise<ReplyOf<N>> {
    this.asked++
    const { topic } = (call as unknown as CallOf<'GET_ROUTEINFO_BY_TOPIC'>).header
    if (this.queues === null) return Promise.reject(new MqError('MQ_BROKER_UNREACHABLE', 'down'))
    if (this.unknown.has(topic)) return Promise.resolve(reply(17, null) as ReplyOf<N>)
    const queues = { perm: 6, readQueueNums: this.queues, writeQueueNums: this.queues, topicSysFlag: 0 }
    const broker = { brokerAddrs: { 0: 'b:1' }, brokerName: 'b', cluster: 'C', enableActingMaster: false }
    const body: TopicRoute = {
      brokerDatas: [broker],
      filterServerTable: {},
      queueDatas: [{ brokerName: 'b', ...queues }],
    }
    return Promise.resolve(reply(0, body) as ReplyOf<N>)
  }

  submit(): void {
    assert.fail('not called')
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

const reply = (code: number, body: TopicRoute | null): ReplyOf<'GET_ROUTEINFO_BY_TOPIC'> => ({
  code,
  remark: null,
  header: null,
  body,
})

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('RouteTable', () => {
  let time: ManualTime
  let invoker: FakeInvoker
  let routes: RouteTable

  beforeEach(() => {
    time = new ManualTime()
    invoker = new FakeInvoker()
    routes = new RouteTable(new NameServers(invoker, ['n:1']), time)
  })

  const queues = async (): Promise<number> => (await routes.subscribeQueues('T')).length

  it('asks once for all that is wanted at once, and not again for 30 s', async () => {
    await Promise.all([queues(), routes.publishInfo('T'), queues()])
    time.advance(29_999)
    await queues()
    assert.equal(routes.knownPublishInfo('T')!.queues.length, 2)
    assert.equal(invoker.asked, 1)
  })

  it('finds queues that were added, and serves the old ones until it knows', async () => {
    await queues()
    invoker.queues = 8
    time.advance(30_000)
    assert.equal(await queues(), 2)
    await settled()
    assert.equal(await queues(), 8)
    assert.equal(routes.knownPublishInfo('T')!.queues.length, 8)
    assert.equal(invoker.asked, 2)
  })

  it('goes on with what it knows when no name server answers, and asks again', async () => {
    await queues()
    invoker.queues = null
    for (let i = 0; i < 3; i++) {
      time.advance(30_000)
      assert.equal(await queues(), 2)
      await settled()
    }
    assert.equal(invoker.asked, 4)
    invoker.queues = 4
    time.advance(30_000)
    await queues()
    await settled()
    assert.equal(await queues(), 4)
  })

  it('forgets a topic that is gone', async () => {
    await queues()
    invoker.unknown.add('T')
    time.advance(30_000)
    await queues()
    await settled()
    await assert.rejects(queues(), { code: 'MQ_TOPIC_NOT_EXIST' })
    // the first send would make it again
    assert.equal((await routes.publishInfo('T')).exists, false)
    assert.equal(routes.knownPublishInfo('T'), null)
  })
})

import assert from 'node:assert/strict'
import { MqError } from '../../../src/core/errors.ts'
import { Registrar } from '../../../src/core/embedded/registrar.ts'
import type { TopicConfig } from '../../../src/core/model/topic.ts'
import { decodeRegistration } from '../../../src/core/remoting/bodies/broker-registration.ts'
import type { CallOf, ReplyOf, RequestName } from '../../../src/core/remoting/requests/index.ts'
import { ManualTime, topicConfig } from '../broker/test-broker.ts'

/** Name servers that note what they are told. */
class FakeNamesrv {
  readonly heard: string[] = []
  readonly down = new Set<string>()
  /** What QUERY_DATA_VERSION answers. */
  changed = false
  /** REGISTER_BROKER's answer. */
  code = 0

  invoke<N extends RequestName>(address: string, name: N, call: CallOf<N>): Promise<ReplyOf<N>> {
    if (this.down.has(address))
      return Promise.reject(new MqError('MQ_BROKER_UNREACHABLE', `${address} is down`))
    this.heard.push(`${address} ${name}${name === 'REGISTER_BROKER' ? ` ${describe103(call)}` : ''}`)
    const header = name === 'QUERY_DATA_VERSION' ? { changed: this.changed } : {}
    return Promise.resolve({ code: this.code, remark: 'no', header, body: null } as ReplyOf<N>)
  }

  localHost(): Promise<string> {
    return Promise.resolve('10.0.0.9')
  }
}

function describe103(call: unknown): string {
  const { header, body } = call as CallOf<'REGISTER_BROKER'>
  const { topics, dataVersion } = decodeRegistration(body, false)
  return `${header.brokerAddr} v${dataVersion.counter} ${topics.map((each) => each.topicName).join('+')}`
}

const settled = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}

describe('Registrar', () => {
  let time: ManualTime
  let namesrv: FakeNamesrv
  let topics: TopicConfig[]
  let counter: number
  let logged: string[]

  beforeEach(() => {
    time = new ManualTime()
    namesrv = new FakeNamesrv()
    topics = [topicConfig('A'), topicConfig('B')]
    counter = 1
    logged = []
  })

  async function started(addresses: readonly string[], advertise: string | null = null): Promise<Registrar> {
    const registrar = new Registrar({
      clusterName: 'C',
      brokerName: 'b',
      brokerId: 0,
      topics: () => topics,
      dataVersion: () => ({ stateVersion: 0, timestamp: 1, counter }),
      namesrv: addresses,
      advertise,
      port: 1234,
      invoker: namesrv,
      timers: time,
      log: (level, event) => logged.push(`${level} ${event}`),
    })
    await registrar.start()
    return registrar
  }

  const heard = (): string[] => namesrv.heard.splice(0)

  it('tells each name server everything, then asks every 30 s whether that is still so', async () => {
    const registrar = await started(['n:1', 'm:1'])
    assert.deepEqual(heard(), [
      'n:1 REGISTER_BROKER 10.0.0.9:1234 v1 A+B',
      'm:1 REGISTER_BROKER 10.0.0.9:1234 v1 A+B',
    ])
    time.advance(29_999)
    assert.deepEqual(heard(), [])
    time.advance(1)
    await settled()
    assert.deepEqual(heard(), ['n:1 QUERY_DATA_VERSION', 'm:1 QUERY_DATA_VERSION'])
    // one that was started anew knows nothing
    namesrv.changed = true
    time.advance(30_000)
    await settled()
    assert.equal(heard().filter((each) => each.endsWith('v1 A+B')).length, 2)
    await registrar.close()
    assert.deepEqual(heard(), ['n:1 UNREGISTER_BROKER', 'm:1 UNREGISTER_BROKER'])
    time.advance(60_000)
    await settled()
    assert.deepEqual(heard(), [])
  })

  it('says the address it is told to', async () => {
    await started(['n:1'], 'mq.example:9')
    assert.deepEqual(heard(), ['n:1 REGISTER_BROKER mq.example:9 v1 A+B'])
  })

  it('tells changed topics at once, those of one turn together', async () => {
    const registrar = await started(['n:1'])
    heard()
    counter = 3
    registrar.topicChanged(topicConfig('D'))
    registrar.topicChanged(topicConfig('E'))
    registrar.topicChanged(topicConfig('D'))
    await settled()
    assert.deepEqual(heard(), ['n:1 REGISTER_BROKER 10.0.0.9:1234 v3 D+E'])
  })

  it('tells everything again to one that refused a change', async () => {
    const registrar = await started(['n:1'])
    heard()
    namesrv.code = 1
    counter = 2
    registrar.topicChanged(topicConfig('D'))
    await settled()
    namesrv.code = 0
    topics = [...topics, topicConfig('D')]
    time.advance(1000)
    await settled()
    assert.deepEqual(heard(), [
      'n:1 REGISTER_BROKER 10.0.0.9:1234 v2 D',
      'n:1 REGISTER_BROKER 10.0.0.9:1234 v2 A+B+D',
    ])
    assert.deepEqual(logged, ['warn not-registered', 'info registered'])
  })

  it('tries one that is down again, later and later, and says so once', async () => {
    namesrv.down.add('n:1')
    const registrar = await started(['n:1', 'm:1'])
    assert.deepEqual(heard(), ['m:1 REGISTER_BROKER 10.0.0.9:1234 v1 A+B'])
    for (const ms of [1000, 2000]) {
      time.advance(ms)
      await settled()
    }
    namesrv.down.clear()
    time.advance(3999)
    await settled()
    assert.deepEqual(heard(), [])
    time.advance(1)
    await settled()
    assert.deepEqual(heard(), ['n:1 REGISTER_BROKER 10.0.0.9:1234 v1 A+B'])
    assert.deepEqual(logged, ['warn not-registered', 'info registered'])
    namesrv.down.add('n:1')
    await registrar.close()
    assert.deepEqual(heard(), ['m:1 UNREGISTER_BROKER'])
  })
})

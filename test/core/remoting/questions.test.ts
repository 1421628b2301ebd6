import assert from 'node:assert/strict'
import { silentLog } from '../../../src/core/lib/log.ts'
import { CommandFlag, type Command } from '../../../src/core/remoting/frame.ts'
import type { Channel } from '../../../src/core/remoting/handlers.ts'
import { RemotingServer } from '../../../src/core/remoting/server.ts'
import { ManualTime } from '../broker/test-broker.ts'
import { peer, type Peer } from './peer.ts'
import { until } from './sockets.ts'

describe('RemotingServer asks clients', () => {
  let time: ManualTime
  let server: RemotingServer
  let client: Peer
  let channel: Channel | null
  const call = { header: { consumerGroup: 'g', clientId: 'c' }, body: undefined }
  type Outcome = readonly [code: string | null, body: unknown]
  let outcomes: Outcome[]

  beforeEach(async () => {
    outcomes = []
    channel = null
    time = new ManualTime()
    server = new RemotingServer({
      port: 0,
      bind: '127.0.0.1',
      handlers: {
        GET_ALL_TOPIC_LIST_FROM_NAMESERVER: (context, _call, reply) => {
          channel = context.channel
          reply({ body: [] })
        },
      },
      onDisconnect: () => undefined,
      timers: time,
      log: silentLog,
    })
    client = await peer(await server.listen())
  })
  afterEach(async () => {
    client.socket.destroy()
    await server.close()
  })

  function question(): void {
    server.ask(channel!, 'GET_CONSUMER_RUNNING_INFO', call, 5000, (error, reply) =>
      outcomes.push([error?.code ?? null, reply]),
    )
  }

  /** What the client is asked. */
  async function ask(): Promise<Command> {
    client.ask({})
    await until(() => channel !== null)
    question()
    await until(() => client.answers.length === 2)
    return client.answers[1]!
  }

  it('and matches the answer by an opaque of its own', async () => {
    const { code, flag, ext, opaque } = await ask()
    assert.deepEqual([code, flag, ext['clientId']], [307, 0, 'c'])
    const answer = { code: 1, flag: CommandFlag.response, remark: 'no such group' }
    client.ask({ ...answer, opaque: opaque + 1 }) // to nothing that was asked
    client.ask({ ...answer, opaque })
    client.ask({ ...answer, opaque }) // twice
    client.ask({ opaque: 99 })
    await until(() => client.answers.some((each) => each.opaque === 99))
    assert.deepEqual(outcomes, [[null, { code: 1, remark: 'no such group', header: null, body: null }]])
  })

  it('and waits no longer than it said', async () => {
    const { opaque } = await ask()
    time.advance(4999)
    assert.deepEqual(outcomes, [])
    time.advance(1)
    assert.deepEqual(outcomes, [['MQ_CONSUME_MSG_TIMEOUT', null]])
    client.ask({ flag: CommandFlag.response, opaque }) // late: nobody hears it, nobody minds
    client.ask({ opaque: 99 })
    await until(() => client.answers.some((each) => each.opaque === 99))
    assert.equal(outcomes.length, 1)
  })

  it('and hears when they go, and of an answer that is none', async () => {
    const { opaque } = await ask()
    const bad = Buffer.from('{"mqTable":')
    client.ask({ code: 0, flag: CommandFlag.response, opaque, body: bad })
    await until(() => outcomes.length === 1)
    question()
    client.socket.destroy()
    await until(() => outcomes.length === 2)
    question()
    assert.deepEqual(outcomes, [
      ['MQ_FAILED', null],
      ['MQ_FAILED', null],
      ['MQ_FAILED', null],
    ])
    assert.equal(time.waiting, 0)
  })

  it('and reads no answer that others would have to wait for', async () => {
    const { opaque } = await ask()
    const body = Buffer.from(`{"jstack":"${'x'.repeat(5 * 1024 * 1024)}"}`)
    client.ask({ code: 0, flag: CommandFlag.response, opaque, body })
    await until(() => outcomes.length === 1)
    assert.deepEqual(outcomes, [['MQ_FAILED', null]])
  })

  it('and not more of them than it can keep', async () => {
    await ask()
    for (let i = 1; i < 64; i++) question()
    assert.deepEqual(outcomes, [])
    question()
    assert.deepEqual(outcomes, [['MQ_SYSTEM_BUSY', null]])
  })
})

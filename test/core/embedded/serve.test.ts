import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { serve, type Served } from '../../../src/core/embedded/serve.ts'
import { encodeCall } from '../../../src/core/remoting/codec.ts'
import { Connection } from '../../../src/core/remoting/connection.ts'
import { decodeFrame, encodeFrame, type Command } from '../../../src/core/remoting/frame.ts'
import { dial, until } from '../remoting/sockets.ts'

describe('serve', () => {
  let served: Served
  let clients: Connection[]

  beforeEach(async () => {
    clients = []
    served = await serve({ store: null, port: 0 })
  })
  afterEach(async () => {
    for (const client of clients) client.close()
    await served.close()
  })

  async function open(heard: Command[]): Promise<Connection> {
    const client = new Connection(
      await dial(Number(served.address.split(':')[1])),
      (command) => heard.push(command),
      () => undefined,
    )
    clients.push(client)
    return client
  }

  async function joinGroup(): Promise<Command[]> {
    const heard: Command[] = []
    const member = await open(heard)
    const call = encodeCall('HEART_BEAT', {
      header: {},
      body: {
        clientId: `member-${clients.length}`,
        producerGroups: [],
        consumers: [
          {
            groupName: 'g',
            consumeType: 'CONSUME_PASSIVELY',
            messageModel: 'CLUSTERING',
            consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
            subscriptions: [],
            unitMode: false,
          },
        ],
        fingerprint: 0,
        withoutSub: false,
      },
    })
    const heartbeat = { ...call, language: 'JAVA', version: 513, opaque: 1, flag: 0, remark: null }
    member.send(encodeFrame({ ...heartbeat, serializeType: 'json' }))
    await until(() => heard.length === 2)
    return heard
  }

  it('answers a recorded batch with the fields and the transaction id that 5.5.0 answered', async () => {
    const path = join(import.meta.dirname, '../../golden/wire/json.ndjson')
    const line = readFileSync(path, 'utf8')
      .split('\n')
      .find((each) => each.includes('"code":320'))!
    const recorded = JSON.parse(line) as { request: string; response: string }
    const [request, response] = [recorded.request, recorded.response].map((hex) => Buffer.from(hex, 'hex'))
    const heard: Command[] = []
    const producer = await open(heard)
    producer.send(request!)
    await until(() => heard.length === 1)
    const { ext } = decodeFrame(response!, 0, response!.length)
    assert.deepEqual(Object.keys(heard[0]!.ext).sort(), Object.keys(ext).sort())
    assert.equal(heard[0]!.ext['transactionId'], ext['transactionId'])
  })

  it('tells the members of a group at once who comes and goes', async () => {
    const first = await joinGroup()
    const notifications = (): unknown[] =>
      first.filter(({ code }) => code === 40).map(({ flag, ext }) => ({ flag, ...ext }))
    await joinGroup()
    await until(() => notifications().length === 2)
    clients[1]!.close()
    await until(() => notifications().length === 3)
    assert.deepEqual(notifications()[2], { flag: 2, consumerGroup: 'g' })
  })
})

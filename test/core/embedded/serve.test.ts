import assert from 'node:assert/strict'
import { pbkdf2 } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { connect } from '../../../src/core/connect.ts'
import { serve, type Served } from '../../../src/core/embedded/serve.ts'
import type { Subscription } from '../../../src/core/model/client-data.ts'
import { decodeMessages } from '../../../src/core/model/message-codec.ts'
import { encodeCall } from '../../../src/core/remoting/codec.ts'
import { Connection } from '../../../src/core/remoting/connection.ts'
import { decodeFrame, encodeFrame, type Command } from '../../../src/core/remoting/frame.ts'
import { dial, until } from '../remoting/sockets.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const derivedKey = promisify(pbkdf2)

describe('serve', () => {
  const folder = temporaryFolder()
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

  it('with flush=sync, answers what was taken before it ends, as soon as that is on the disk', async () => {
    const syncing = await serve({ store: folder.path, port: 0, flush: 'sync' })
    const admin = await connect({ kind: 'cluster', namesrv: [syncing.address] })
    const queue = { topic: 'T', brokerName: 'broker-a', queueId: 0 }
    try {
      const send = (text: string): Promise<unknown> =>
        admin.messages.producer().send({ topic: 'T', body: Buffer.from(text) }, queue)
      await send('first')
      // syncs wait: the threads that Node has for them have other work
      const work = Array.from({ length: 8 }, () => derivedKey('secret', 'salt', 200_000, 64, 'sha512'))
      const sent = [send('second'), send('third')]
      while ((await admin.messages.maxOffset(queue)) < 3);
      await syncing.close()
      await Promise.all([...sent, ...work])
    } finally {
      await admin.close()
      await syncing.close()
    }
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

  const frameOf = (call: ReturnType<typeof encodeCall>): Buffer =>
    encodeFrame({
      ...call,
      language: 'JAVA',
      version: 513,
      opaque: 1,
      flag: 0,
      remark: null,
      serializeType: 'json',
    })

  const heartbeat = (...subscriptions: Subscription[]): Buffer =>
    frameOf(
      encodeCall('HEART_BEAT', {
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
              subscriptions,
              unitMode: false,
            },
          ],
          fingerprint: 0,
          withoutSub: false,
        },
      }),
    )

  async function joinGroup(): Promise<Command[]> {
    const heard: Command[] = []
    const member = await open(heard)
    member.send(heartbeat())
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

  describe('with a group that filters by SQL92', () => {
    const sql92 = (subString: string, subVersion: number): Subscription => ({
      topic: 'T',
      subString,
      expressionType: 'SQL92',
      tagsSet: [],
      codeSet: [],
      subVersion,
      classFilterMode: false,
    })
    const pull = (subVersion: number): Buffer =>
      frameOf(
        encodeCall('PULL_MESSAGE', {
          header: {
            consumerGroup: 'g',
            topic: 'T',
            queueId: 0,
            queueOffset: 0,
            maxMsgNums: 32,
            sysFlag: 0,
            commitOffset: 0,
            suspendTimeoutMillis: 0,
            subVersion,
          },
          body: undefined,
        }),
      )

    beforeEach(async () => {
      const admin = await connect({ kind: 'cluster', namesrv: [served.address] })
      const producer = admin.messages.producer()
      for (const price of ['5', '15', '25'])
        await producer.send(
          { topic: 'T', body: Buffer.from(price), properties: { price } },
          { brokerName: 'broker-a', queueId: 0 },
        )
      await admin.close()
    })

    /** Answers, one a request; notifications of the group left out. */
    async function ask(requests: readonly Buffer[]): Promise<Command[]> {
      const heard: Command[] = []
      const member = await open(heard)
      const answers = (): Command[] => heard.filter(({ code }) => code !== 40)
      for (const [i, request] of requests.entries()) {
        member.send(request)
        await until(() => answers().length === i + 1)
      }
      return answers()
    }

    it('gives it what passes the expression of its heartbeat', async () => {
      const [, answer] = await ask([heartbeat(sql92('price > 10', 1)), pull(1)])
      assert.deepEqual(
        decodeMessages(answer!.body, 'broker-a').map(({ body }) => body.toString()),
        ['15', '25'],
      )
    })

    it('takes a heartbeat with a wrong one, and tells it with the pull', async () => {
      const [beat, answer] = await ask([heartbeat(sql92('price >', 1)), pull(1)])
      assert.equal(beat!.code, 0)
      assert.equal(answer!.code, 27)
      assert.match(answer!.remark!, /expression may be wrong.*character 8/)
    })

    it('checks an expression before its consumer starts', async () => {
      const check = (subscription: Subscription | null): Buffer =>
        frameOf(
          encodeCall('CHECK_CLIENT_CONFIG', {
            header: {},
            body: { clientId: 'c', group: 'g', subscription },
          }),
        )
      const tag = { ...sql92('a || b', 1), expressionType: 'TAG' }
      const answers = await ask([sql92('a = 1', 1), sql92('a =', 1), tag, null].map(check))
      assert.deepEqual(
        answers.map(({ code }) => code),
        [0, 23, 0, 0],
      )
      assert.match(answers[1]!.remark!, /^SQL92, character 4: /)
    })
  })
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Server, Socket } from 'node:net'
import { MqError } from '../../../src/core/errors.ts'
import { silentLog } from '../../../src/core/lib/log.ts'
import {
  CommandFlag,
  encodeFrame,
  type Command,
  type SerializeType,
} from '../../../src/core/remoting/frame.ts'
import type { CallContext, Handlers } from '../../../src/core/remoting/handlers.ts'
import { RemotingServer } from '../../../src/core/remoting/server.ts'
import { peer, request, type Peer } from './peer.ts'
import { dial, until } from './sockets.ts'

describe('RemotingServer', () => {
  let server: RemotingServer
  let port: number
  let contexts: CallContext[]
  let disconnected: unknown[]
  let later: (() => void)[]
  let peers: Peer[]
  let logged: string[]

  beforeEach(async () => {
    contexts = []
    disconnected = []
    later = []
    peers = []
    logged = []
    const handlers: Handlers = {
      GET_ALL_TOPIC_LIST_FROM_NAMESERVER: (context, _call, reply) => {
        contexts.push(context)
        reply({ body: ['T'] })
      },
      GET_MAX_OFFSET: (_context, { header }, reply) => reply({ header: { offset: header.queueId * 10 } }),
      GET_MIN_OFFSET: (_context, _call, reply) => void later.push(() => reply({ header: { offset: 1 } })),
      GET_BROKER_RUNTIME_INFO: () => {
        throw new MqError('MQ_NO_PERMISSION', 'not you')
      },
      QUERY_CONSUMER_OFFSET: () => {
        throw new TypeError('a bug')
      },
      SEARCH_OFFSET_BY_TIMESTAMP: (_context, _call, reply) => reply({ header: { offset: Number.NaN } }),
    }
    server = new RemotingServer({
      port: 0,
      bind: '127.0.0.1',
      handlers,
      onDisconnect: (channel) => disconnected.push(channel),
      log: (_level, event, message) => logged.push(`${event}: ${message}`),
    })
    port = await server.listen()
  })
  afterEach(async () => {
    for (const each of peers) each.socket.destroy()
    await server.close()
  })

  async function join(): Promise<Peer> {
    const joined = await peer(port)
    peers.push(joined)
    return joined
  }

  it('answers in the serialize type it was asked in, with the opaque it was asked with', async () => {
    const client = await join()
    for (const serializeType of ['json', 'binary'] satisfies SerializeType[]) {
      client.ask({ serializeType, code: 30, opaque: 42, ext: { topic: 'T', queueId: '3' } })
      await until(() => client.answers.length === 1)
      const answer = client.answers.pop()!
      assert.equal(answer.serializeType, serializeType)
      assert.equal(answer.opaque, 42)
      assert.equal(answer.flag, CommandFlag.response)
      assert.equal(answer.code, 0)
      assert.deepEqual({ ...answer.ext }, { offset: '30' })
    }
  })

  it('tells handlers who calls, and what address was dialled', async () => {
    const client = await join()
    client.ask({ language: 'GO', version: 401 })
    await until(() => client.answers.length === 1)
    const [context] = contexts
    assert.equal(context!.localAddress, `127.0.0.1:${port}`)
    assert.equal(context!.channel.remoteAddress, `127.0.0.1:${client.socket.localPort}`)
    assert.equal(context!.language, 'GO')
    assert.equal(context!.version, 401)
  })

  it('answers code 3 for a code that nobody handles', async () => {
    const client = await join()
    for (const code of [9999, 11]) {
      client.ask({ code })
      await until(() => client.answers.length === 1)
      const answer = client.answers.pop()!
      assert.equal(answer.code, 3)
      assert.equal(answer.remark, ` request type ${code} not supported`)
    }
  })

  it('answers what handlers throw: their code, or 1', async () => {
    const client = await join()
    const cases: [Partial<Command>, number, RegExp][] = [
      [{ code: 28 }, 16, /^not you$/],
      [{ code: 14, ext: { topic: 'T', queueId: '0', consumerGroup: 'g' } }, 1, /^a bug$/],
      [{ code: 30, ext: { topic: 'T' } }, 1, /^the custom field <queueId> is null$/],
      [{ code: 30, ext: { topic: 'T', queueId: 'abc' } }, 1, /is no number/],
      [{ code: 34, body: Buffer.from('{') }, 3, /not supported/],
      [{ code: 29, ext: { topic: 'T', queueId: '0', timestamp: '1' } }, 1, /not a safe integer/],
    ]
    for (const [change, code, remark] of cases) {
      client.ask(change)
      await until(() => client.answers.length === 1)
      const answer = client.answers.pop()!
      assert.equal(answer.code, code)
      assert.match(answer.remark!, remark)
    }
  })

  it('never answers one-way requests nor answers', async () => {
    const client = await join()
    client.ask({ opaque: 1, flag: CommandFlag.oneway })
    client.ask({ opaque: 2, flag: CommandFlag.oneway, code: 9999 })
    client.ask({ opaque: 3, flag: CommandFlag.oneway, code: 28 })
    client.ask({ opaque: 4, flag: CommandFlag.response })
    client.ask({ opaque: 5 })
    await until(() => client.answers.length > 0)
    assert.deepEqual(
      client.answers.map((answer) => answer.opaque),
      [5],
    )
    assert.equal(contexts.length, 2)
  })

  it('lets later requests overtake one that waits', async () => {
    const client = await join()
    client.ask({ code: 31, opaque: 1, ext: { topic: 'T', queueId: '0' } })
    client.ask({ opaque: 2 })
    await until(() => client.answers.length === 1)
    later.shift()!()
    await until(() => client.answers.length === 2)
    assert.deepEqual(
      client.answers.map((answer) => answer.opaque),
      [2, 1],
    )
  })

  it('closes a connection that sends garbage, and no other one', async () => {
    const bystander = await join()
    const garbage = [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.from([0, 0, 0, 3]),
      Buffer.from([0xff, 0xff, 0xff, 0xff]),
      Buffer.from([0, 0, 0, 8, 0, 0, 0, 9, 1, 2, 3, 4]),
      Buffer.from([0, 0, 0, 8, 9, 0, 0, 4, 1, 2, 3, 4]),
      Buffer.from([0, 0, 0, 8, 0, 0, 0, 4, 1, 2, 3, 4]),
    ]
    for (const [i, bytes] of garbage.entries()) {
      const socket = await dial(port)
      const closed = once(socket.resume(), 'close')
      socket.write(bytes)
      await closed
      await until(() => disconnected.length === i + 1)
      bystander.ask({ opaque: i })
      await until(() => bystander.answers.length === i + 1)
      assert.equal(bystander.answers[i]!.opaque, i)
    }
  })

  it('closes for lengths it does not take before their bytes come, and keeps no room for announced ones', async () => {
    const frameTooLong = Buffer.from([1, 0, 0, 0])
    const headerTooLong = Buffer.from([0, 0x80, 0, 0, 0, 0x10, 0, 0])
    for (const [i, announced] of [frameTooLong, headerTooLong].entries()) {
      const socket = await dial(port)
      const closed = once(socket.resume(), 'close')
      socket.write(announced)
      await closed
      await until(() => disconnected.length === i + 1)
    }
    const before = process.memoryUsage()
    const largest = Buffer.from([0, 0xff, 0xff, 0xfc, 0, 0, 0, 20, 0x7b])
    for (let i = 0; i < 64; i++) (await join()).socket.write(largest)
    const bystander = await join()
    bystander.ask({})
    await until(() => bystander.answers.length === 1)
    const after = process.memoryUsage()
    // 64 times 16 MiB were announced
    assert.ok(after.external - before.external < 64 * 1024 * 1024, JSON.stringify({ before, after }))
  })

  it('keeps a connection whose waiting request is answered after it has gone', async () => {
    const client = await join()
    client.ask({ code: 31, ext: { topic: 'T', queueId: '0' } })
    await until(() => later.length === 1)
    client.socket.destroy()
    await until(() => disconnected.length === 1)
    later.shift()!()
    assert.equal(disconnected.length, 1)
  })

  it('closes although a peer neither reads nor hangs up', async () => {
    const stuck = await dial(port, { allowHalfOpen: true })
    stuck.pause()
    const frame = encodeFrame(request)
    stuck.write(frame)
    await until(() => contexts.length === 1)
    await server.close()
    stuck.destroy()
    assert.equal(disconnected.length, 1)
  })

  it('closes a connection on which nothing moves, whether it is silent or does not read', async () => {
    const impatient = new RemotingServer({
      port: 0,
      bind: '127.0.0.1',
      handlers: {
        VIEW_MESSAGE_BY_ID: (_context, _call, reply) => reply({ body: Buffer.alloc(4 * 1024 * 1024) }),
      },
      onDisconnect: (channel) => disconnected.push(channel),
      idleMaxMs: 30,
      log: silentLog,
    })
    const at = await impatient.listen()
    const silent = await dial(at)
    await once(silent.resume(), 'close')
    const unread = await dial(at)
    unread.pause()
    const ask = encodeFrame({ ...request, code: 33, ext: { offset: '0' } })
    for (let i = 0; i < 100; i++) unread.write(ask)
    await until(() => disconnected.length === 2)
    unread.destroy()
    await impatient.close()
  })

  it('answers SYSTEM_BUSY for messages while 64 MiB are unread, everything else as ever, and recovers', async () => {
    const busy = new RemotingServer({
      port: 0,
      bind: '127.0.0.1',
      handlers: {
        VIEW_MESSAGE_BY_ID: (_context, _call, reply) => reply({ body: Buffer.alloc(8 * 1024 * 1024) }),
        GET_MAX_OFFSET: (_context, _call, reply) => reply({ header: { offset: 1 } }),
      },
      onDisconnect: () => undefined,
      log: silentLog,
    })
    const at = await busy.listen()
    const view = encodeFrame({ ...request, code: 33, ext: { offset: '0' } })
    const stuck: Socket[] = []
    const client = await peer(at)
    peers.push(client)
    const ask = async (change: Partial<Command>): Promise<Command> => {
      client.ask(change)
      await until(() => client.answers.length === 1)
      return client.answers.pop()!
    }
    const views = (): Promise<Command> => ask({ code: 33, ext: { offset: '0' } })
    for (let i = 0; i < 20; i++) {
      const socket = await dial(at)
      stuck.push(socket.pause())
      for (let n = 0; n < 100; n++) socket.write(view)
    }
    // when the kernel's buffers are full, too
    while ((await views()).code === 0);
    const refused = await views()
    assert.deepEqual(
      [refused.code, refused.remark],
      [2, '[OVERLOAD]system busy, start flow control for a while'],
    )
    assert.equal((await ask({ code: 30, ext: { topic: 'T', queueId: '0' } })).code, 0)
    for (const socket of stuck) socket.destroy()
    while ((await views()).code !== 0);
    client.socket.destroy()
    await busy.close()
  })

  it('sends one-way requests of its own to the channels it is told, while they are there', async () => {
    const client = await join()
    const bystander = await join()
    for (const each of [client, bystander]) each.ask({})
    await until(() => client.answers.length === 1 && bystander.answers.length === 1)
    const channel = contexts.find(
      (context) => context.channel.remoteAddress === `127.0.0.1:${client.socket.localPort}`,
    )!.channel
    const call = { header: { consumerGroup: 'g' }, body: undefined }
    for (let i = 0; i < 2; i++) server.push(channel, 'NOTIFY_CONSUMER_IDS_CHANGED', call)
    await until(() => client.answers.length === 3)
    const pushed = client.answers.slice(1)
    for (const { code, flag, ext } of pushed) {
      assert.deepEqual({ code, flag, ext: { ...ext } }, { code: 40, flag: 2, ext: { consumerGroup: 'g' } })
    }
    assert.notEqual(pushed[0]!.opaque, pushed[1]!.opaque)
    client.socket.destroy()
    await until(() => disconnected.length === 1)
    server.push(channel, 'NOTIFY_CONSUMER_IDS_CHANGED', call)
    bystander.ask({})
    await until(() => bystander.answers.length === 2)
  })

  it('keeps serving when one connection cannot be taken', async () => {
    const client = await join()
    client.ask({})
    await until(() => client.answers.length === 1)
    const accepted = contexts[0]!.channel as unknown as { socket: { server: Server } }
    const listening = accepted.socket.server
    listening.emit('error', new Error('accept EMFILE'))
    assert.deepEqual(logged, ['connection-refused: a connection was not taken: accept EMFILE'])
    client.ask({})
    await until(() => client.answers.length === 2)
  })

  it('says so when it cannot listen', async () => {
    const second = new RemotingServer({
      port,
      bind: '127.0.0.1',
      handlers: {},
      onDisconnect: () => undefined,
      log: silentLog,
    })
    await assert.rejects(second.listen(), {
      code: 'MQ_FAILED',
      message: `cannot listen on 127.0.0.1:${port}: the port is in use`,
    })
  })
})

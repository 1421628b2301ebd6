import assert from 'node:assert/strict'
import { createServer, type Server, type Socket } from 'node:net'
import type { MqError } from '../../../src/core/errors.ts'
import { RemotingClient } from '../../../src/core/remoting/client.ts'
import { Connection } from '../../../src/core/remoting/connection.ts'
import { CommandFlag, encodeFrame, type Command } from '../../../src/core/remoting/frame.ts'
import { listen, until } from './sockets.ts'

const call = { code: 206, ext: {}, body: Buffer.alloc(0) }

describe('RemotingClient', () => {
  let server: Server
  let port: number
  let sockets: Socket[]
  let requests: Command[]
  let connections: Connection[]
  let client: RemotingClient

  beforeEach(async () => {
    sockets = []
    requests = []
    connections = []
    server = createServer((socket) => {
      sockets.push(socket)
      const connection: Connection = new Connection(
        socket,
        ({ serializeType, code, language, version, opaque, flag, remark, ext, body }) =>
          requests.push({ serializeType, code, language, version, opaque, flag, remark, ext, body }),
        () => undefined,
      )
      connections.push(connection)
    })
    port = await listen(server)
    client = new RemotingClient(`127.0.0.1:${port}`, { timeoutMs: 5000 })
  })
  afterEach(() => {
    client.close()
    for (const socket of sockets) socket.destroy()
    server.close()
  })

  function ask(through = client): Promise<Command> {
    return new Promise((resolve, reject) => {
      through.submit(call, (error: MqError | null, command) =>
        error === null ? resolve(command!) : reject(error),
      )
    })
  }

  function answer(request: Command, change: Partial<Command> = {}): void {
    connections[0]!.send(encodeFrame({ ...request, flag: CommandFlag.response, code: 0, ...change }))
  }

  it('matches answers to requests by opaque, in any order, over one connection', async () => {
    const asked = Array.from({ length: 20 }, () => ask())
    await until(() => requests.length === 20)
    assert.equal(new Set(requests.map((request) => request.opaque)).size, 20)
    for (const request of [...requests].reverse()) answer(request, { remark: `to ${request.opaque}` })
    const answers = await Promise.all(asked)
    answers.forEach((each, i) => {
      assert.equal(each.opaque, requests[i]!.opaque)
      assert.equal(each.remark, `to ${each.opaque}`)
    })
    assert.equal(sockets.length, 1)
  })

  it('writes headers as it was told, and JSON for codes beyond 16 bits', async () => {
    const binary = new RemotingClient(`127.0.0.1:${port}`, { timeoutMs: 5000, serializeType: 'binary' })
    binary.submit(call, () => undefined)
    binary.submit({ ...call, code: 200050 }, () => undefined)
    await until(() => requests.length === 2)
    assert.deepEqual(
      requests.map((request) => request.serializeType),
      ['binary', 'json'],
    )
    binary.close()
  })

  it('ignores answers nobody waits for, and requests', async () => {
    const asked = ask()
    await until(() => requests.length === 1)
    const [request] = requests
    answer(request!, { opaque: request!.opaque + 1 })
    answer(request!, { flag: 0 })
    answer(request!, { remark: 'this one' })
    assert.equal((await asked).remark, 'this one')
  })

  it('fails when nothing listens, and tries again next time', async () => {
    const gone = createServer()
    const free = await listen(gone)
    await new Promise((resolve) => gone.close(resolve))
    const refused = new RemotingClient(`127.0.0.1:${free}`, { timeoutMs: 5000 })
    const error = {
      code: 'MQ_BROKER_UNREACHABLE',
      message: `cannot connect to 127.0.0.1:${free}: nothing listens there`,
    }
    await Promise.all([assert.rejects(ask(refused), error), assert.rejects(ask(refused), error)])
    await assert.rejects(ask(refused), error)
    refused.close()
  })

  it('fails for an address that is none', async () => {
    for (const address of ['127.0.0.1', '127.0.0.1:', '127.0.0.1:99999', ':9876', '']) {
      const none = new RemotingClient(address, { timeoutMs: 5000 })
      await assert.rejects(ask(none), { code: 'MQ_BROKER_UNREACHABLE' }, address)
      none.close()
    }
  })

  it('gives a request up that is not answered in time, and takes its late answer for nothing', async () => {
    const hasty = new RemotingClient(`127.0.0.1:${port}`, { timeoutMs: 20 })
    await assert.rejects(ask(hasty), {
      code: 'MQ_TIMEOUT',
      message: `127.0.0.1:${port} did not answer within 20 ms`,
    })
    answer(requests[0]!)
    const again = ask(hasty)
    await until(() => requests.length === 2)
    answer(requests[1]!, { remark: 'in time' })
    assert.equal((await again).remark, 'in time')
    hasty.close()
  })

  it('fails everything in flight when the connection is lost, and dials again for the next', async () => {
    const asked = [ask(), ask(), ask()]
    await until(() => requests.length === 3)
    sockets[0]!.destroy()
    for (const each of asked) {
      await assert.rejects(each, {
        code: 'MQ_BROKER_UNREACHABLE',
        message: new RegExp(`^lost the connection to 127.0.0.1:${port}`),
      })
    }
    const next = ask()
    await until(() => requests.length === 4)
    connections[1]!.send(encodeFrame({ ...requests[3]!, flag: CommandFlag.response, code: 0 }))
    assert.equal((await next).code, 0)
  })

  it('fails everything in flight when the peer answers garbage', async () => {
    const asked = ask()
    await until(() => requests.length === 1)
    sockets[0]!.write('HTTP/1.1 400 Bad Request\r\n\r\n')
    await assert.rejects(asked, { code: 'MQ_BROKER_UNREACHABLE', message: /at most 16777216 are taken/ })
  })

  it('fails what is in flight when it is closed itself', async () => {
    const connected = ask()
    await until(() => requests.length === 1)
    client.close()
    await assert.rejects(connected, { code: 'MQ_FAILED' })
    const connecting = ask()
    client.close()
    await assert.rejects(connecting, { code: 'MQ_FAILED' })
  })

  it('sends again, over a new connection, what was answered GO_AWAY, and waits for what the old one owes', async () => {
    const asked = [ask(), ask()]
    await until(() => requests.length === 2)
    const [first, second] = requests
    answer(first!, { code: 1500 })
    await until(() => requests.length === 3)
    assert.equal(requests[2]!.opaque, first!.opaque)
    const reply = { ...first!, flag: CommandFlag.response, code: 0, remark: 'the new one' }
    connections[1]!.send(encodeFrame(reply))
    assert.equal((await asked[0]!).remark, 'the new one')
    answer(second!, { remark: 'the old one' })
    assert.equal((await asked[1]!).remark, 'the old one')
    await until(() => sockets[0]!.readableEnded)
    const next = ask()
    await until(() => requests.length === 4)
    connections[1]!.send(encodeFrame({ ...requests[3]!, flag: CommandFlag.response }))
    await next
    assert.equal(sockets.length, 2)
  })

  it('takes a second GO_AWAY for the answer', async () => {
    const asked = ask()
    for (const i of [0, 1]) {
      await until(() => requests.length === i + 1)
      connections[i]!.send(encodeFrame({ ...requests[i]!, flag: CommandFlag.response, code: 1500 }))
    }
    assert.equal((await asked).code, 1500)
  })

  it('loses no answer to a callback that throws, nor its connection', async () => {
    const uncaught: unknown[] = []
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', (error) => uncaught.push(error))
    try {
      client.submit(call, () => {
        throw new Error('a bug')
      })
      const beside = ask()
      await until(() => requests.length === 2)
      for (const request of requests) answer(request)
      assert.equal((await beside).code, 0)
      const failing = ask()
      client.submit(call, () => {
        throw new Error('another')
      })
      const last = ask()
      await until(() => requests.length === 5)
      sockets[0]!.destroy()
      await Promise.all(
        [failing, last].map((each) => assert.rejects(each, { code: 'MQ_BROKER_UNREACHABLE' })),
      )
      assert.deepEqual(uncaught.map(String), ['Error: a bug', 'Error: another'])
    } finally {
      process.removeAllListeners('uncaughtException')
      for (const listener of listeners) process.on('uncaughtException', listener)
    }
  })

  it('refuses what does not fit a frame, and goes on', async () => {
    await assert.rejects(
      new Promise((resolve, reject) => {
        client.submit({ ...call, body: Buffer.alloc(17 * 1024 * 1024) }, (error) =>
          error === null ? resolve(0) : reject(error),
        )
      }),
      { code: 'MQ_MESSAGE_ILLEGAL' },
    )
    const next = ask()
    await until(() => requests.length === 1)
    answer(requests[0]!)
    assert.equal((await next).code, 0)
  })
})

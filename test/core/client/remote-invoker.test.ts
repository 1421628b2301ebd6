import assert from 'node:assert/strict'
import { createServer, type Server, type Socket } from 'node:net'
import { RemoteInvoker } from '../../../src/core/client/remote-invoker.ts'
import { Connection } from '../../../src/core/remoting/connection.ts'
import { CommandFlag, encodeFrame, type ExtFields } from '../../../src/core/remoting/frame.ts'
import { listen } from '../remoting/sockets.ts'

describe('RemoteInvoker', () => {
  let server: Server
  let sockets: Socket[]
  let address: string
  let answer: { code?: number; ext?: ExtFields; body?: Buffer; remark?: string }
  let invoker: RemoteInvoker

  beforeEach(async () => {
    sockets = []
    server = createServer((socket) => {
      sockets.push(socket)
      const connection: Connection = new Connection(
        socket,
        ({ serializeType, language, version, opaque, remark }) =>
          connection.send(
            encodeFrame({
              ...{ serializeType, language, version, opaque, remark },
              flag: CommandFlag.response,
              code: 0,
              ext: {},
              body: Buffer.alloc(0),
              ...answer,
            }),
          ),
        () => undefined,
      )
    })
    address = `127.0.0.1:${await listen(server)}`
    invoker = new RemoteInvoker({ timeoutMs: 5000 })
  })
  afterEach(async () => {
    await invoker.close()
    for (const socket of sockets) socket.destroy()
    server.close()
  })

  const maxOffset = (queueId = 0): Promise<unknown> =>
    invoker.invoke(address, 'GET_MAX_OFFSET', { header: { topic: 'T', queueId }, body: undefined })

  it('resolves with answers and with refusals', async () => {
    answer = { ext: { offset: '7' } }
    assert.deepEqual(await maxOffset(), { code: 0, remark: null, header: { offset: 7 }, body: null })
    answer = { code: 17, remark: 'no' }
    assert.deepEqual(await maxOffset(), { code: 17, remark: 'no', header: null, body: null })
  })

  it('fails with an MqError for a success that cannot be read, and goes on', async () => {
    answer = {}
    await assert.rejects(maxOffset(), { code: 'MQ_FAILED', message: /the custom field <offset> is null/ })
    answer = { body: Buffer.from('{"topicList":[{"a":1}]}') }
    const topics = invoker.invoke(address, 'GET_ALL_TOPIC_LIST_FROM_NAMESERVER', {
      header: {},
      body: undefined,
    })
    await assert.rejects(topics, { code: 'MQ_FAILED', message: /what cannot be read/ })
    answer = { ext: { offset: '7' } }
    await maxOffset()
    assert.equal(sockets.length, 1)
  })

  it('fails with an MqError for what cannot be sent', async () => {
    await assert.rejects(maxOffset(2 ** 40), { code: 'MQ_INVALID_PARAMETER' })
    assert.equal(sockets.length, 0)
  })
})

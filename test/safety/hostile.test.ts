import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { Producer } from '../../src/core/index.ts'
import { encodeCall } from '../../src/core/remoting/codec.ts'
import { Connection } from '../../src/core/remoting/connection.ts'
import { encodeFrame, type Command } from '../../src/core/remoting/frame.ts'
import { requestNames, requests } from '../../src/core/remoting/requests/index.ts'
import { scale, ServedProcess } from './served.ts'

const request: Command = {
  serializeType: 'json',
  code: 0,
  language: 'JAVA',
  version: 513,
  opaque: 1,
  flag: 0,
  remark: null,
  ext: {},
  body: Buffer.alloc(0),
}

/** A frame with a JSON header as given, whatever it is. */
function withHeader(header: string, body = Buffer.alloc(0)): Buffer {
  const text = Buffer.from(header)
  const lengths = Buffer.alloc(8)
  lengths.writeInt32BE(4 + text.length + body.length, 0)
  lengths.writeUInt32BE(text.length, 4)
  return Buffer.concat([lengths, text, body])
}

const depth = 100_000
const manyKeys = JSON.stringify(Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, 'v'])))
const heartbeat = (body: string): Buffer =>
  withHeader('{"code":34,"opaque":1,"flag":0,"extFields":{}}', Buffer.from(body))

const bombs: readonly (readonly [string, Buffer])[] = [
  ['a negative length', Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])],
  ['no length', Buffer.from([0, 0, 0, 0, 0, 0, 0, 0])],
  ['a length of 3', Buffer.from([0, 0, 0, 3, 1, 2, 3])],
  ['16 MiB and 1', Buffer.from([1, 0, 0, 1, 0, 0, 0, 0])],
  ['2 GiB', Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0])],
  ['a header longer than its frame', Buffer.from([0, 0, 0, 8, 0, 0, 1, 0, 1, 2, 3, 4])],
  ['an unknown codec', Buffer.from([0, 0, 0, 8, 7, 0, 0, 4, 1, 2, 3, 4])],
  [
    'negative lengths in a binary header',
    Buffer.from([
      0, 0, 0, 24, 1, 0, 0, 20, 0, 34, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0,
    ]),
  ],
  ['a deep header', withHeader(`{"code":34,"extFields":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`)],
  ['a header of many keys', withHeader(`{"code":34,"opaque":1,"extFields":${manyKeys}}`)],
  [
    'a __proto__ header',
    withHeader(
      '{"__proto__":{"polluted":1},"code":34,"opaque":1,"extFields":{"__proto__":{"polluted":"1"},"constructor":"x"}}',
    ),
  ],
  ['the same key twice', withHeader('{"code":34,"code":1,"opaque":1,"extFields":{"a":"1","a":"2"}}')],
  ['a deep body', heartbeat('['.repeat(depth))],
  ['a deep body of objects', heartbeat('{"a":'.repeat(depth))],
  ['a body of many keys', heartbeat(`{"clientID":"c","x":${manyKeys}}`)],
  [
    'a __proto__ body',
    heartbeat('{"clientID":"c","__proto__":{"polluted":1},"consumerDataSet":[{"groupName":"__proto__"}]}'),
  ],
  [
    'a compressed registration of nothing but zeros',
    withHeader(
      '{"code":103,"opaque":1,"extFields":{"brokerName":"b","brokerAddr":"a:1","clusterName":"c","haServerAddr":"","brokerId":"0","compressed":"true"}}',
      gzipSync(Buffer.alloc(200_000_000)),
    ),
  ],
]

describe('hostile input', function () {
  this.timeout(60_000 * scale)
  let served: ServedProcess
  let producer: Producer

  before(async () => {
    served = await ServedProcess.start(['--topic', 't:4'])
    producer = new Producer({ namesrv: served.namesrv })
    await producer.send({ topic: 't', body: 'x' })
  })
  after(async () => {
    await producer.close()
    assert.equal(await served.stop(), 0)
  })

  /** The answer, or null: the connection was closed. */
  async function tell(bytes: Buffer): Promise<Command | null> {
    const socket = await served.dial()
    return new Promise((resolve) => {
      const connection: Connection = new Connection(
        socket,
        (answer) => {
          resolve(answer)
          connection.close()
        },
        () => resolve(null),
      )
      socket.write(bytes)
    })
  }

  for (const [name, bytes] of bombs) {
    it(`${name}: closed or refused at once, and nobody else notices`, async () => {
      const before = served.residentMiB
      const at = Date.now()
      const told = tell(bytes)
      const stall = Date.now()
      await producer.send({ topic: 't', body: 'x' })
      assert.ok(Date.now() - stall < 1000, `stalled for ${Date.now() - stall} ms`)
      await told
      assert.ok(Date.now() - at < 2000, `${Date.now() - at} ms`)
      assert.ok(served.residentMiB - before < 64, `${served.residentMiB - before} MiB more`)
    })
  }

  it('a byte a while: the connection is let be, and costs nothing', async () => {
    const sockets = await Promise.all(Array.from({ length: 50 }, () => served.dial()))
    const frame = withHeader('{"code":34,"opaque":1}')
    for (let at = 0; at < 5; at++) for (const socket of sockets) socket.write(frame.subarray(at, at + 1))
    await producer.send({ topic: 't', body: 'x' })
    for (const socket of sockets) {
      socket.destroy()
      await once(socket, 'close')
    }
  })

  const names = [
    '../../../../tmp/pocketmq-evil', '..', '.', '/etc/passwd', 'a/b', 'a\\b', 'a\0b', '%2e%2e%2f', 'CON',
    'a b', 'a\nb', 'x'.repeat(128), 'x'.repeat(300), 'ｏrders', 'оrders', '\u202eorders', '😀', '', ' ',
    "'; DROP TABLE topic; --", '$(id)', '`id`',
  ] // prettier-ignore
  /** What RocketMQ takes as well: nothing of it is a path. */
  const legal = new Set(['%2e%2e%2f', 'CON'])

  it('names that are paths, commands or too long reach no file, whatever they name', async () => {
    const files = (): string[] => readdirSync(served.store, { recursive: true, encoding: 'utf8' }).sort()
    const before = files()
    for (const name of names) {
      const defaultTopic = 'TBW102'
      const send = {
        producerGroup: name, topic: name, defaultTopic, defaultTopicQueueNums: 4, queueId: 0, sysFlag: 0,
        bornTimestamp: 0, flag: 0, properties: '', reconsumeTimes: 0, unitMode: false, batch: false,
      } // prettier-ignore
      const queues = { readQueueNums: 1, writeQueueNums: 1, perm: 6 }
      const update = { topic: name, defaultTopic, ...queues, topicFilterType: 'SINGLE_TAG', order: false }
      const calls = [
        encodeCall('SEND_MESSAGE_V2', { header: send, body: Buffer.from('x') }),
        encodeCall('UPDATE_AND_CREATE_TOPIC', { header: update, body: undefined }),
      ]
      for (const call of calls) {
        const answer = await tell(encodeFrame({ ...request, ...call }))
        assert.ok(answer !== null, name)
        if (!legal.has(name))
          assert.ok([13, 16, 1, 29].includes(answer.code), `${JSON.stringify(name)}: ${answer.code}`)
      }
      const group = { topic: 't', queueId: 0, consumerGroup: name, commitOffset: 1 }
      const offset = await tell(
        encodeFrame({
          ...request,
          ...encodeCall('UPDATE_CONSUMER_OFFSET', { header: group, body: undefined }),
        }),
      )
      if (!legal.has(name) && name.length !== 128) assert.notEqual(offset?.code, 0, name)
    }
    assert.deepEqual(files(), before)
  })

  it('the configuration that CVE-2023-33246 and CVE-2023-37582 write is not written', async () => {
    const payloads = [
      'filterServerNums=1\nrocketmqHome=-c $@|sh . echo touch pocketmq-evil;',
      'brokerConfigPath=/tmp/pocketmq-evil\nx=1',
      'configStorePath=/tmp/pocketmq-evil\nproductEnvName=*/1 * * * * id',
      'kvConfigPath=/tmp/pocketmq-evil',
    ]
    for (const code of [25, 318])
      for (const payload of payloads) {
        const answer = await tell(encodeFrame({ ...request, code, body: Buffer.from(payload) }))
        assert.ok(answer !== null && answer.code !== 0, `${code} ${payload}`)
      }
    assert.deepEqual(
      readdirSync('/tmp').filter((name) => name === 'pocketmq-evil'),
      [],
    )
  })

  it('every code, without a header, is answered or closed', async () => {
    const ours = requestNames.map((name) => requests[name].code)
    for (const code of [...ours, -1, 0, 99_999, 2 ** 31 - 1]) {
      const answer = await tell(encodeFrame({ ...request, code }))
      assert.ok(answer !== null, `${code}`)
    }
    await producer.send({ topic: 't', body: 'x' })
  })
})

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { Producer } from '../../src/core/index.ts'
import { encodeCall } from '../../src/core/remoting/codec.ts'
import { encodeFrame, type Command } from '../../src/core/remoting/frame.ts'
import { requestNames, requests } from '../../src/core/remoting/requests/index.ts'
import { tell } from './frames.ts'
import { ServedProcess } from './served.ts'

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

describe('hostile names and configuration', function () {
  this.timeout(60_000)
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
        const answer = await tell(served, encodeFrame({ ...request, ...call }))
        assert.ok(answer !== null, name)
        if (!legal.has(name))
          assert.ok([13, 16, 1, 29].includes(answer.code), `${JSON.stringify(name)}: ${answer.code}`)
      }
      const group = { topic: 't', queueId: 0, consumerGroup: name, commitOffset: 1 }
      const offset = await tell(
        served,
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
        const answer = await tell(served, encodeFrame({ ...request, code, body: Buffer.from(payload) }))
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
      const answer = await tell(served, encodeFrame({ ...request, code }))
      assert.ok(answer !== null, `${code}`)
    }
    await producer.send({ topic: 't', body: 'x' })
  })
})

import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { Producer, MqAdmin } from '../../src/core/index.ts'
import { encodeCall } from '../../src/core/remoting/codec.ts'
import { Connection } from '../../src/core/remoting/connection.ts'
import { encodeFrame } from '../../src/core/remoting/frame.ts'
import type { CallOf, RequestName } from '../../src/core/remoting/requests/index.ts'
import { until } from '../core/remoting/sockets.ts'
import { scale, ServedProcess } from './served.ts'

function frame<N extends RequestName>(name: N, call: CallOf<N>, opaque = 1): Buffer {
  const header = { language: 'JAVA', version: 513, opaque, flag: 0, remark: null }
  return encodeFrame({ ...encodeCall(name, call), ...header, serializeType: 'json' })
}

async function sendFor(
  producer: Producer,
  ms: number,
  body: string,
): Promise<{ count: number; p99: number }> {
  const times: number[] = []
  const end = Date.now() + ms
  while (Date.now() < end) {
    const at = performance.now()
    await producer.send({ topic: 't', body })
    times.push(performance.now() - at)
  }
  times.sort((a, b) => a - b)
  return { count: times.length, p99: times[Math.floor(times.length * 0.99)]! }
}

describe('exhaustion', function () {
  this.timeout(60_000 * scale)
  let served: ServedProcess
  let open: { destroy(): void }[]
  let producer: Producer

  async function start(limits = '', nodeArgs: readonly string[] = []): Promise<void> {
    served = await ServedProcess.start(['--topic', 't:4'], limits, nodeArgs)
    producer = new Producer({ namesrv: served.namesrv, timeoutMs: 20_000 })
    open = []
  }
  afterEach(async () => {
    for (const each of open) each.destroy()
    await producer.close()
    assert.equal(await served.stop(), 0)
  })

  it('of descriptors: goes on with the connections there are, takes others when some have gone', async () => {
    await start('ulimit -n 64;')
    await producer.send({ topic: 't', body: 'before' })
    const sockets = await Promise.all(Array.from({ length: 100 }, () => served.dial()))
    open = sockets
    await producer.send({ topic: 't', body: 'during' })
    assert.ok(served.descriptors >= 60, `${served.descriptors} descriptors: not exhausted`)
    for (const socket of sockets) socket.destroy()
    const at = Date.now()
    const other = new Producer({ namesrv: served.namesrv, timeoutMs: 5000 })
    // the server has not heard of their end yet, and turns some away
    for (;;) {
      try {
        await other.send({ topic: 't', body: 'after' })
        break
      } catch (error) {
        assert.ok(Date.now() - at < 1000, (error as Error).message)
      }
    }
    await other.close()
  })

  it('of memory: 4 MiB bodies over 32 connections in 128 MiB of heap, none lost', async () => {
    await start('', ['--max-old-space-size=128'])
    const body = new Uint8Array(4 * 1024 * 1024 - 1024)
    const producers = Array.from(
      { length: 32 },
      () => new Producer({ namesrv: served.namesrv, timeoutMs: 50_000 }),
    )
    let most = 0
    const watch = setInterval(() => (most = Math.max(most, served.residentMiB)), 50)
    for (let round = 0; round < scale; round++)
      await Promise.all(producers.map((each) => each.send({ topic: 't', body })))
    clearInterval(watch)
    for (const each of producers) await each.close()
    const admin = await MqAdmin.connect({ namesrv: served.namesrv })
    const queues = await admin.messages.queues('t')
    const ends = await Promise.all(queues.map((queue) => admin.messages.maxOffset(queue)))
    await admin.close()
    assert.equal(
      ends.reduce((sum, end) => sum + end, 0),
      32 * scale,
    )
    assert.ok(most < 600, `${most} MiB`)
  })

  it('by readers that do not read: others send as ever, memory stays', async () => {
    await start()
    const big = 'x'.repeat(200_000)
    for (let i = 0; i < 8; i++)
      await producer.send({ topic: 't', body: big }, { brokerName: 'broker-a', queueId: 0 })
    const alone = await sendFor(producer, 1000, 'x')
    const before = served.residentMiB
    const pull = frame('PULL_MESSAGE', {
      header: {
        consumerGroup: 'g',
        topic: 't',
        queueId: 0,
        queueOffset: 0,
        maxMsgNums: 32,
        sysFlag: 4,
        commitOffset: 0,
        suspendTimeoutMillis: 0,
        subscription: '*',
        subVersion: 0,
      },
      body: undefined,
    })
    for (let i = 0; i < 200; i++) {
      const socket = await served.dial()
      open.push(socket.pause())
      for (let n = 0; n < 100; n++) socket.write(pull)
    }
    // until the kernel's buffers are full as well
    for (let used = -1; used !== served.cpuTicks;) {
      used = served.cpuTicks
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    const beside = await sendFor(producer, 1000, 'x')
    const grown = served.residentMiB - before
    assert.ok(grown < 200, `${grown} MiB more`)
    const rates = `${alone.count} → ${beside.count} sends/s, p99 ${alone.p99.toFixed(1)} → ${beside.p99.toFixed(1)} ms`
    console.log(`      200 readers that do not read: ${grown.toFixed(0)} MiB more, ${rates}`)
    // rates are those of a machine that may be busy with something else
    assert.ok(beside.p99 < 1000, rates)
  })

  it('by connections: a thousand a scale, each with a heartbeat, all forgotten when they go', async () => {
    await start()
    const count = 1000 * scale
    await producer.send({ topic: 't', body: 'x' })
    const before = served.residentMiB
    const few = await sendFor(producer, 500, 'x')
    let answered = 0
    const sockets: Socket[] = []
    open = sockets
    const at = Date.now()
    for (let i = 0; i < count; i++) {
      const socket = await served.dial()
      sockets.push(socket)
      const connection = new Connection(
        socket,
        () => answered++,
        () => undefined,
      )
      const group = { consumeType: 'CONSUME_PASSIVELY', messageModel: 'BROADCASTING', unitMode: false }
      const subscriptions = { consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET', subscriptions: [] }
      const consumer = { groupName: 'g', ...group, ...subscriptions }
      const body = {
        clientId: `c${i}`,
        producerGroups: [],
        consumers: [consumer],
        fingerprint: 0,
        withoutSub: false,
      }
      connection.send(frame('HEART_BEAT', { header: {}, body }))
    }
    await until(() => answered === count)
    const seconds = (Date.now() - at) / 1000
    const perConnection = ((served.residentMiB - before) * 1024) / count
    const many = await sendFor(producer, 500, 'x')
    const admin = await MqAdmin.connect({ namesrv: served.namesrv })
    const members = async (): Promise<number> => {
      const asker = await served.dial()
      const counted = new Promise<number>((resolve) => {
        const connection: Connection = new Connection(
          asker,
          ({ body, code }) => {
            resolve(
              code === 0
                ? (JSON.parse(body.toString()) as { consumerIdList: string[] }).consumerIdList.length
                : 0,
            )
            connection.close()
          },
          () => undefined,
        )
        connection.send(
          frame('GET_CONSUMER_LIST_BY_GROUP', { header: { consumerGroup: 'g' }, body: undefined }),
        )
      })
      return counted
    }
    assert.equal(await members(), count)
    for (const socket of sockets) socket.destroy()
    const gone = Date.now()
    while ((await members()) > 0) assert.ok(Date.now() - gone < 5000 * scale)
    await admin.close()
    console.log(
      `      ${count} connections in ${seconds.toFixed(1)} s, ${perConnection.toFixed(0)} KiB each, ` +
        `p99 of a send ${few.p99.toFixed(1)} → ${many.p99.toFixed(1)} ms, forgotten in ${Date.now() - gone} ms`,
    )
    assert.ok(seconds < 20 * scale, `${seconds} s`)
    assert.ok(perConnection < 100, `${perConnection} KiB each`)
  })
})

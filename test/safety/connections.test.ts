import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { MqAdmin, Producer } from '../../src/core/index.ts'
import { Connection } from '../../src/core/remoting/connection.ts'
import { until } from '../core/remoting/sockets.ts'
import { count } from '../fault/tier.ts'
import { frame } from './frames.ts'
import { compared, sendRate } from './rates.ts'
import { ServedProcess } from './served.ts'

const connections = count('CONNECTIONS', 1000, 10_000)
const groups = Array.from({ length: connections / 10 }, (_, i) => `g${i}`)

function heartbeat(clientId: string, groupNames: readonly string[]): Buffer {
  const consumers = groupNames.map((groupName) => ({
    groupName,
    consumeType: 'CONSUME_PASSIVELY',
    messageModel: 'CLUSTERING',
    consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
    unitMode: false,
    subscriptions: [],
  }))
  const body = { clientId, producerGroups: ['p'], consumers, fingerprint: 0, withoutSub: false }
  return frame('HEART_BEAT', { header: {}, body })
}

describe(`${connections} connections, each of a consumer and producer`, function () {
  this.timeout(120_000)
  let served: ServedProcess
  let producer: Producer
  let admin: MqAdmin
  let sockets: Socket[]

  before(async () => {
    served = await ServedProcess.start(['--topic', 't:4'])
    producer = new Producer({ namesrv: served.namesrv, timeoutMs: 20_000 })
    admin = await MqAdmin.connect({ namesrv: served.namesrv })
    sockets = []
  })
  after(async () => {
    for (const socket of sockets) socket.destroy()
    await admin.close()
    await producer.close()
    assert.equal(await served.stop(), 0)
  })

  /** A member of all groups. @returns counts how often it was told that one has changed */
  async function watch(): Promise<() => number> {
    let told = 0
    let answered = false
    const connection = new Connection(
      await served.dial(),
      ({ code }) => (code === 40 ? told++ : (answered = true)),
      () => undefined,
    )
    connection.send(heartbeat('watcher', groups))
    await until(() => answered && told >= groups.length)
    sockets.push(connection.socket)
    return () => told
  }

  /** @returns resolves with how many were answered */
  async function join(count: number): Promise<void> {
    let answered = 0
    for (let i = 0; i < count; i++) {
      const socket = await served.dial()
      sockets.push(socket)
      const connection = new Connection(
        socket,
        ({ code }) => {
          if (code !== 40) answered++
        },
        () => undefined,
      )
      connection.send(heartbeat(`c${i}`, [groups[i % groups.length]!]))
    }
    await until(() => answered === count)
  }

  it('come fast, cost little, and go without a trace', async () => {
    await sendRate(producer, 't', 500)
    const few = await sendRate(producer, 't', 500)
    const told = await watch()
    const before = [served.residentMiB, await served.heldMiB(), served.sockets, told()] as const
    const at = performance.now()
    await join(connections)
    const seconds = (performance.now() - at) / 1000
    await until(() => told() === before[3] + connections)
    const resident = ((served.residentMiB - before[0]) * 1024) / connections
    const many = await sendRate(producer, 't', 500)
    const held = (((await served.heldMiB()) - before[1]) * 1024) / connections
    const joined = told()
    const gone = performance.now()
    for (const socket of sockets.splice(1)) socket.destroy()
    await until(() => told() === joined + connections && served.sockets <= before[2])
    let left = Infinity
    for (; left > 4; left = (await served.heldMiB()) - before[1])
      await producer.send({ topic: 't', body: 'x' })
    const forgotten = performance.now() - gone
    console.log(
      `      ${connections} in ${seconds.toFixed(1)} s, ${resident.toFixed(0)} KiB resident and ` +
        `${held.toFixed(0)} held each; sends ${compared(few, many)}; forgotten in ${forgotten.toFixed(0)} ms, ` +
        `${left.toFixed(1)} MiB held more`,
    )
    assert.equal(told(), joined + connections)
    assert.ok(seconds < 40, `${seconds} s`)
    assert.ok(resident < 64, `${resident} KiB each`)
    // 5 s on a machine that does nothing else
    assert.ok(forgotten < 15_000, `${forgotten} ms`)
  })
})

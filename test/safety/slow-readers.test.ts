import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { MqAdmin, Producer } from '../../src/core/index.ts'
import { until } from '../core/remoting/sockets.ts'
import { count } from '../fault/tier.ts'
import { frame } from './frames.ts'
import { compared, rateOf, sendRate } from './rates.ts'
import { ServedProcess } from './served.ts'

const stuck = 200
/** Longer than a server keeps a connection on which nothing moves; 0: it is not waited for. */
const idleSeconds = count('IDLE_SECONDS', 0, 135)

describe('readers that do not read', function () {
  this.timeout(60_000 + idleSeconds * 1000)
  let served: ServedProcess
  let producer: Producer
  let admin: MqAdmin
  let sips: NodeJS.Timeout
  const sockets: Socket[] = []

  before(async () => {
    served = await ServedProcess.start(['--topic', 'big:1', '--topic', 't:4', '--topic', 'small:1'])
    producer = new Producer({ namesrv: served.namesrv, timeoutMs: 20_000 })
    admin = await MqAdmin.connect({ namesrv: served.namesrv })
    for (let i = 0; i < 8; i++) await producer.send({ topic: 'big', body: 'x'.repeat(200_000) })
    for (let i = 0; i < 32; i++) await producer.send({ topic: 'small', body: 'x' })
  })
  after(async () => {
    clearInterval(sips)
    for (const socket of sockets) socket.destroy()
    await admin.close()
    await producer.close()
    assert.equal(await served.stop(), 0)
  })

  const pull = frame('PULL_MESSAGE', {
    header: {
      consumerGroup: 'g',
      topic: 'big',
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

  it('others send and consume as ever, memory stays, and they are hung up on', async () => {
    const queue = { topic: 'small', brokerName: 'broker-a', queueId: 0 }
    const consume = (): Promise<unknown> => admin.messages.pull(queue, 0, { maxMsgNums: 32 })
    await rateOf(500, consume)
    await sendRate(producer, 't', 500)
    const alone = [await sendRate(producer, 't', 700), await rateOf(700, consume)] as const
    const before = [served.residentMiB, await served.heldMiB()] as const
    for (let i = 0; i < stuck; i++) {
      const socket = await served.dial()
      sockets.push(socket.pause())
      for (let n = 0; n < 100; n++) socket.write(pull)
    }
    // one reads a little now and then
    const slow = sockets[0]!
    sips = setInterval(() => void slow.read(1000), 100)
    // until the kernel's buffers are full as well
    for (let used = -1; used !== served.cpuTicks;) {
      used = served.cpuTicks
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    // while what is unread is too much, messages are refused; who has not read at all meanwhile is hung up on
    const full = performance.now()
    while (!(await consume().then(() => true, isBusy)));
    const busyMs = performance.now() - full
    const beside = [await sendRate(producer, 't', 700), await rateOf(700, consume)] as const
    const grown = served.residentMiB - before[0]
    const held = (await served.heldMiB()) - before[1]
    console.log(
      `      ${stuck} that do not read: ${grown.toFixed(0)} MiB more, ${held.toFixed(0)} of them held; ` +
        `busy for ${busyMs.toFixed(0)} ms; sends ${compared(alone[0], beside[0])}; pulls ${compared(alone[1], beside[1])}`,
    )
    // rates are those of a machine that may be busy with something else
    assert.ok(beside[0].p99 < 1000 && beside[1].p99 < 1000)
    assert.ok(busyMs < 15_000, `${busyMs} ms`)
    assert.ok(held < 80, `${held} MiB held`)
    assert.ok(grown < 160, `${grown} MiB more`)
    if (idleSeconds === 0) return
    const open = served.sockets
    await until(() => served.sockets <= open - stuck)
  })
})

/** False: it is SYSTEM_BUSY. */
function isBusy(error: unknown): false {
  assert.match((error as Error).message, /OVERLOAD/)
  return false
}

import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { connect } from '../../src/core/connect.ts'
import type { MqAdmin } from '../../src/core/client/admin.ts'
import { Connection } from '../../src/core/remoting/connection.ts'
import { CommandFlag, type Command } from '../../src/core/remoting/frame.ts'
import { until } from '../core/remoting/sockets.ts'
import { count } from '../fault/tier.ts'
import { sendFrame } from '../safety/frames.ts'
import { ServedProcess } from '../safety/served.ts'
import { recordedRequests, requestCorpus } from './corpus.ts'
import { hostileSession } from './hostile-session.ts'
import { Random } from './random.ts'

const topic = 'control'
const frames = count('FRAMES', 20_000, 1_000_000)
/** Bytes of a recorded frame between two places where it is cut; 1 is every place. */
const splitStep = count('SPLIT_STEP', 7, 1)
const sessions = 8

describe('hostile frames over TCP (SEED= replays)', function () {
  this.timeout(60_000 + frames)
  const corpus = requestCorpus()
  let random: Random
  let served: ServedProcess
  let admin: MqAdmin
  let controlled = 0

  before(async () => {
    served = await ServedProcess.start(['--topic', `${topic}:2`])
    admin = await connect({ kind: 'cluster', namesrv: [served.namesrv] })
  })
  beforeEach(() => (random = new Random()))
  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.error(`SEED=${random.seed} ${served.said}`)
  })
  after(async () => {
    const ends = (await admin.messages.queues(topic)).map((queue) => admin.messages.maxOffset(queue))
    assert.equal(
      (await Promise.all(ends)).reduce((sum, end) => sum + end, 0),
      controlled,
    )
    await admin.close()
    assert.equal(await served.stop(), 0, served.said)
    assert.equal(served.said, '')
  })

  /** A client whose messages are all right. @returns how long the slowest took, ms */
  async function control(random: Random, goesOn: () => boolean): Promise<number> {
    const producer = admin.messages.producer()
    let slowest = 0
    do {
      const at = performance.now()
      const body = random.bytes(1 + random.below(2000))
      const sent = await producer.send({ topic, body, tag: 'T', keys: [`k${controlled++}`] })
      const found = await admin.messages.byId(topic, sent.offsetMsgId)
      assert.ok(found.body.equals(body))
      assert.equal(found.msgId, sent.msgId)
      slowest = Math.max(slowest, performance.now() - at)
    } while (goesOn())
    return slowest
  }

  /** A stream of its own for each that runs beside others: who is first does not change what others get. */
  const branch = (): Random => new Random(random.below(2 ** 31))

  async function storm(total: number): Promise<number> {
    let running = sessions
    const each = Array.from({ length: sessions }, async () => {
      await hostileSession(served.port, corpus, Math.ceil(total / sessions), branch())
      running--
    })
    const slowest = control(branch(), () => running > 0)
    await Promise.all(each)
    return slowest
  }

  it(`${frames}: nothing is thrown, nothing stops, memory stays, and the others get what is theirs`, async () => {
    await storm(4000)
    const before = [served.residentMiB, await served.heldMiB()] as const
    const at = performance.now()
    const slowest = await storm(frames)
    const seconds = (performance.now() - at) / 1000
    const { stallMs } = await served.look()
    const grown = served.residentMiB - before[0]
    const held = (await served.heldMiB()) - before[1]
    console.log(
      `      ${frames} frames in ${seconds.toFixed(1)} s: ${grown.toFixed(0)} MiB more, ${held.toFixed(0)} of them held, ` +
        `longest stall ${stallMs.toFixed(0)} ms, slowest send and read of the others ${slowest.toFixed(0)} ms`,
    )
    assert.ok(stallMs < 1000, `${stallMs} ms`)
    // what is resident depends on when garbage is collected
    assert.ok(held < 64 && grown < 192, `${grown} MiB, ${held} of them held`)
  })

  it('of real clients are understood wherever they are cut, beside a thousand others that are', async () => {
    const recorded = [...recordedRequests('json'), ...recordedRequests('binary')]
    const asking = recorded.filter((frame) => !isParked(frame) && !(flagOf(frame) & CommandFlag.oneway))
    const cuts = asking.flatMap((frame) =>
      Array.from({ length: Math.ceil(frame.length / splitStep) }, (_, i) => ({ frame, at: i * splitStep })),
    )
    for (let from = 0; from < cuts.length; from += 1000) {
      const some = cuts
        .slice(from, from + 1000)
        .map(({ frame, at }) => ({ at, frame: withOpaque(frame, from + at) }))
      const sockets = await Promise.all(some.map(() => served.dial()))
      const answers = sockets.map((socket) => firstAnswer(socket))
      for (const [i, { frame, at }] of some.entries()) if (at > 0) sockets[i]!.write(frame.subarray(0, at))
      // the first parts have been read by then
      await control(random, () => false)
      for (const [i, { frame, at }] of some.entries()) sockets[i]!.write(frame.subarray(at))
      for (const [i, answer] of (await Promise.all(answers)).entries()) {
        const { at, frame } = some[i]!
        assert.equal(answer?.opaque, opaqueOf(frame), `cut at ${at}: ${frame.toString('hex')}`)
      }
      for (const socket of sockets) socket.destroy()
    }
  })

  it('of two connections that take turns in pieces are not mixed up: apache/rocketmq #10911', async () => {
    const messages = 200
    const topics = ['left', 'right']
    const streams = topics.map((name, side) =>
      Buffer.concat(
        Array.from({ length: messages }, (_, i) =>
          sendFrame({ topic: name, queueId: 0 }, bodyFor(side, i), i),
        ),
      ),
    )
    const heard: Command[][] = [[], []]
    const sockets = await Promise.all(topics.map(() => served.dial()))
    for (const [side, socket] of sockets.entries())
      new Connection(
        socket,
        (answer) => heard[side]!.push(answer),
        () => undefined,
      )
    const at = [0, 0]
    while (at.some((place, side) => place < streams[side]!.length)) {
      for (const [side, socket] of sockets.entries()) {
        const size = 1 + random.below(random.below(8) === 0 ? 100_000 : 900)
        socket.write(streams[side]!.subarray(at[side], (at[side]! += size)))
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    await until(() => heard.every((answers) => answers.length === messages))
    for (const socket of sockets) socket.destroy()
    for (const [side, name] of topics.entries()) {
      assert.ok(heard[side]!.every(({ code, opaque }, i) => code === 0 && opaque === i))
      const queue = { topic: name, brokerName: 'broker-a', queueId: 0 }
      for (let offset = 0; offset < messages;) {
        const pulled = await admin.messages.pull(queue, offset, { maxMsgNums: 32 })
        for (const { body, queueOffset } of pulled.messages)
          assert.ok(body.equals(bodyFor(side, queueOffset)), `${name} ${queueOffset}`)
        offset = pulled.nextBeginOffset
      }
    }
  })
})

/** One that differs from all others in every byte of a word. */
function bodyFor(side: number, i: number): Buffer {
  return Buffer.alloc(1 + ((i * 97) % 5000), `${side === 0 ? 'L' : 'R'}${i}.`)
}

const flagOf = (frame: Buffer): number => {
  const text = frame.toString('latin1')
  return frame[4] === 1 ? frame.readInt32BE(8 + 9) : Number(/"flag":(\d+)/.exec(text)![1])
}

const opaqueOf = (frame: Buffer): number =>
  frame[4] === 1 ? frame.readInt32BE(8 + 5) : Number(/"opaque":(\d+)/.exec(frame.toString('latin1'))![1])

/** The same frame, asked under another number of as many digits. */
function withOpaque(original: Buffer, opaque: number): Buffer {
  const frame = Buffer.from(original)
  if (frame[4] === 1) frame.writeInt32BE(opaque, 8 + 5)
  else {
    const [, before, digits] = /^([^]*?"opaque":)(\d+)/.exec(frame.toString('latin1'))!
    const own = String(opaque % 10 ** digits!.length)
      .padStart(digits!.length, '9')
      .slice(-digits!.length)
    frame.write(own, before!.length, 'latin1')
  }
  return frame
}

/** A pull that may wait is not answered in a while. */
function isParked(frame: Buffer): boolean {
  return frame[4] === 1 ? frame.readInt16BE(8) === 11 : frame.toString('latin1').includes('"code":11,')
}

function firstAnswer(socket: Socket): Promise<Command | null> {
  return new Promise((resolve) => {
    new Connection(
      socket,
      // a heartbeat also makes the server tell the group's members
      (command) => {
        if (command.flag & CommandFlag.response) resolve(command)
      },
      () => resolve(null),
    )
  })
}

import assert from 'node:assert/strict'
import { connect as dial } from 'node:net'
import type { MqAdmin } from '../../src/core/client/admin.ts'
import { connect } from '../../src/core/connect.ts'
import { serve, type Served } from '../../src/core/embedded/serve.ts'
import { decodeCall } from '../../src/core/remoting/codec.ts'
import { decodeFrame, FrameError, frameSize } from '../../src/core/remoting/frame.ts'
import { requestNameOf } from '../../src/core/remoting/requests/index.ts'
import { requestCorpus } from './corpus.ts'
import { mutate } from './mutate.ts'
import { Random } from './random.ts'

/** What a decoder may throw; codec.ts. */
const refusals = new Set(['FrameError', 'HeaderError', 'SyntaxError', 'TypeError', 'RangeError'])
/** `FUZZ_SCALE=260` makes the million frames of a release. */
const scale = Number(process.env['FUZZ_SCALE'] ?? 1)
const decodedFrames = 20_000 * scale
const rounds = 12 * scale
const connectionsPerRound = 8
const framesPerConnection = 40
const messagesPerControl = 5

describe('hostile frames (SEED= replays)', () => {
  const corpus = requestCorpus()
  const prototype = Reflect.ownKeys(Object.prototype)
  let random: Random
  beforeEach(() => {
    random = new Random()
  })
  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.error(`SEED=${random.seed}`)
    assert.deepEqual(Reflect.ownKeys(Object.prototype), prototype)
  })

  it('are decoded or refused, never anything else', () => {
    let decoded = 0
    for (let i = 0; i < decodedFrames; i++) {
      const frame = mutate(random.pick(corpus), random)
      try {
        const size = frameSize(frame, 0, frame.length)
        if (size === 0 || size > frame.length) continue
        const command = decodeFrame(frame, 0, size)
        decoded++
        const name = requestNameOf(command.code)
        if (name !== null) decodeCall(name, command)
      } catch (error) {
        const name = error instanceof Error ? error.name : String(error)
        assert.ok(refusals.has(name), `${name} for ${frame.toString('hex')}`)
      }
    }
    assert.ok(decoded > decodedFrames / 10, `${decoded} frames were worth the work`)
  }).timeout(60_000 * scale)

  it('are refused at every length that lies, header and frame', () => {
    for (const original of corpus) {
      const headerSize = original.readUIntBE(5, 3)
      for (const lie of [0, 1, headerSize - 1, headerSize + 1, original.length, 0xffffff]) {
        const frame = Buffer.from(original)
        frame.writeUIntBE(Math.max(0, lie), 5, 3)
        if (lie === headerSize) continue
        try {
          const command = decodeFrame(frame, 0, frame.length)
          // one byte more or less can still be a header: then its body differs, and nothing else
          assert.equal(command.code, decodeFrame(original, 0, original.length).code)
        } catch (error) {
          assert.ok(error instanceof FrameError, String(error))
        }
      }
    }
  })

  describe('against a server', () => {
    let served: Served
    let admin: MqAdmin
    const topic = 'control'

    before(async () => {
      served = await serve({ store: null, port: 0, topics: [{ name: topic, queues: 2 }] })
      admin = await connect({ kind: 'cluster', namesrv: [served.address] })
    })
    after(async () => {
      await admin.close()
      await served.close()
    })

    /** One frame in eight is mutated: what a connection said before decides what a broken frame can reach. */
    async function session(random: Random): Promise<void> {
      const frames = Array.from({ length: framesPerConnection }, () => {
        const frame = random.pick(corpus)
        return random.below(8) === 0 ? mutate(frame, random) : frame
      })
      const bytes = Buffer.concat(frames)
      const socket = dial(Number(served.address.split(':')[1]), '127.0.0.1')
      socket.on('error', () => undefined)
      socket.resume()
      const closed = new Promise((resolve) => socket.once('close', resolve))
      for (let at = 0; at < bytes.length;) {
        const size = 1 + random.below(3000)
        socket.write(bytes.subarray(at, at + size))
        at += size
        if (random.below(4) === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      socket.end()
      await closed
    }

    async function control(random: Random): Promise<void> {
      const producer = admin.messages.producer()
      for (let i = 0; i < messagesPerControl; i++) {
        const body = random.bytes(1 + random.below(2000))
        const sent = await producer.send({ topic, body, tag: 'T', keys: [`k${i}`] })
        const found = await admin.messages.byId(topic, sent.offsetMsgId)
        assert.ok(found.body.equals(body))
        assert.equal(found.msgId, sent.msgId)
      }
    }

    /**
     * A stream of its own for each that runs beside others: whoever is first does not change what the next
     * one gets.
     */
    const branch = (): Random => new Random(random.below(2 ** 31))

    it('harm no other connection', async () => {
      for (let round = 0; round < rounds; round++) {
        const sessions = Array.from({ length: connectionsPerRound }, () => session(branch()))
        await control(branch())
        await Promise.all(sessions)
        await control(branch())
      }
      const ends = (await admin.messages.queues(topic)).map((queue) => admin.messages.maxOffset(queue))
      const stored = (await Promise.all(ends)).reduce((sum, end) => sum + end, 0)
      assert.equal(stored, rounds * 2 * messagesPerControl)
    }).timeout(60_000 * scale)
  })
})

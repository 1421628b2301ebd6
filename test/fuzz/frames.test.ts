import assert from 'node:assert/strict'
import { decodeCall } from '../../src/core/remoting/codec.ts'
import { decodeFrame, FrameError, frameSize } from '../../src/core/remoting/frame.ts'
import { requestNameOf } from '../../src/core/remoting/requests/index.ts'
import { count } from '../fault/tier.ts'
import { requestCorpus } from './corpus.ts'
import { mutate } from './mutate.ts'
import { Random } from './random.ts'

/** What a decoder may throw; codec.ts. */
const refusals = new Set(['FrameError', 'HeaderError', 'SyntaxError', 'TypeError', 'RangeError'])
const decodedFrames = count('DECODED_FRAMES', 20_000, 1_000_000)

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
  }).timeout(60_000 + decodedFrames)

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
})

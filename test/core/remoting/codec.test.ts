import assert from 'node:assert/strict'
import fc from 'fast-check'
import { decodeCall, encodeCall, writeAnswer } from '../../../src/core/remoting/codec.ts'
import { CommandFlag, decodeFrame, emptyBody, encodeFrame, Frame } from '../../../src/core/remoting/frame.ts'
import { FrameWriter } from '../../../src/core/remoting/frame-writer.ts'
import { HeaderPlan } from '../../../src/core/remoting/header-plan.ts'
import { ourLanguage } from '../../../src/core/remoting/languages.ts'
import { requestNameOf, requestNames, requestSpec } from '../../../src/core/remoting/requests/index.ts'
import type { CallOf } from '../../../src/core/remoting/requests/index.ts'
import { ourVersion } from '../../../src/core/model/versions.ts'
import { requestCorpus } from '../../fuzz/corpus.ts'
import { mutate } from '../../fuzz/mutate.ts'
import { Random } from '../../fuzz/random.ts'
import { anyHeader } from './any-header.ts'

const head = { language: ourLanguage, version: ourVersion, opaque: -7, remark: null }
const serializeTypes = ['json', 'binary'] as const

/** What one way of decoding makes of a frame, or of what kind its refusal is. */
function outcome(decode: () => unknown): unknown {
  try {
    return decode()
  } catch (error) {
    return (error as Error).message
  }
}

describe('the codec, straight between bytes and values', () => {
  it('reads every header of every row as through a table of texts', () => {
    for (const name of requestNames) {
      const { header, code } = requestSpec(name)
      for (const serializeType of serializeTypes) {
        if (serializeType === 'binary' && code > 0x7fff) continue
        fc.assert(
          fc.property(anyHeader(header), (values) => {
            const ext = new HeaderPlan(header).toExt(values)
            const bytes = encodeFrame({ ...head, code, ext, serializeType, flag: 0, body: emptyBody })
            const plan = new HeaderPlan(header)
            const expected = plan.fromExt(decodeFrame(bytes, 0, bytes.length).ext)
            // twice: the second time the order and the texts are known
            for (let i = 0; i < 2; i++)
              assert.deepEqual(new Frame(bytes, 0, bytes.length).header(plan), expected)
          }),
          { numRuns: 20 },
        )
      }
    }
  })

  it('reads and refuses what was recorded, sound and broken, as through a table of texts', () => {
    const random = new Random()
    const corpus = requestCorpus()
    const frames = [...corpus, ...Array.from({ length: 20_000 }, () => mutate(random.pick(corpus), random))]
    let compared = 0
    for (const bytes of frames) {
      let frame: Frame
      try {
        frame = new Frame(bytes, 0, bytes.length)
      } catch (error) {
        assert.throws(() => decodeFrame(bytes, 0, bytes.length), error as Error)
        continue
      }
      const name = requestNameOf(frame.code)
      if (name === null) continue
      const texts = decodeFrame(bytes, 0, bytes.length)
      const where = `SEED=${random.seed} ${bytes.toString('hex')}`
      assert.deepEqual(
        outcome(() => decodeCall(name, frame)),
        outcome(() => decodeCall(name, texts)),
        where,
      )
      compared++
    }
    assert.ok(compared > corpus.length / 2)
  }).timeout(60_000)

  it('writes every answer of every row as through a table of texts, byte for byte', () => {
    for (const name of requestNames) {
      const { reply } = requestSpec(name)
      for (const serializeType of serializeTypes) {
        const text = fc.string({ unit: 'binary', maxLength: 80 })
        const parts = fc.tuple(anyHeader(reply.header ?? {}), fc.option(text), fc.nat(0x7fff), fc.nat(20))
        fc.assert(
          fc.property(parts, ([values, remark, code, before]) => {
            const plan = new HeaderPlan(reply.header ?? {})
            const answered = { ...head, code, remark, flag: CommandFlag.response, body: emptyBody }
            const expected = encodeFrame({ ...answered, serializeType, ext: plan.toExt(values) })
            const out = new FrameWriter(Buffer.alloc(7))
            out.put(Buffer.alloc(before, 1))
            const answer = { code, ...(remark !== null && { remark }), header: values }
            writeAnswer(out, { opaque: head.opaque, serializeType }, name, answer as never)
            assert.equal(out.bytes.toString('latin1', before, out.at), expected.toString('latin1'))
          }),
          { numRuns: 20 },
        )
      }
    }
  })

  it('leaves nothing behind of an answer that breaks its row', () => {
    const out = new FrameWriter(Buffer.alloc(64))
    out.put(Buffer.from('whole'))
    const broken = [{ msgId: 'm', queueId: 2 ** 40, queueOffset: 0 }, { msgId: 'm' }]
    for (const header of broken) {
      const to = { opaque: 1, serializeType: 'binary' as const }
      assert.throws(() => writeAnswer(out, to, 'SEND_MESSAGE_V2', { header } as never))
      assert.equal(out.at, 5)
    }
  })

  it('takes numbers and booleans of a JSON header as text, and nothing that every object has', () => {
    const decoded = (ext: string): unknown => {
      const header = Buffer.from(
        `{"code":${requestSpec('GET_MAX_OFFSET').code},"opaque":1,"extFields":${ext}}`,
      )
      const bytes = Buffer.concat([Buffer.alloc(8), header])
      bytes.writeInt32BE(bytes.length - 4, 0)
      bytes.writeInt32BE(header.length, 4)
      return decodeCall('GET_MAX_OFFSET', new Frame(bytes, 0, bytes.length)).header
    }
    assert.deepEqual(decoded('{"topic":"t","queueId":3,"lo":true,"__proto__":{"topic":"u"}}'), {
      topic: 't',
      queueId: 3,
      lo: true,
    })
    assert.throws(() => decoded('{"__proto__":{"topic":"u","queueId":"1"}}'), /<topic> is null/)
    assert.throws(() => decoded('[]'), /<topic> is null/)
    assert.throws(() => decoded('{"topic":null,"queueId":[]}'), /<topic> is null/)
  })

  it('keeps the texts of one field apart, whatever came before', () => {
    const names = ['a', 'b', 'a', 'ab', '', 'a', 'é', '\u0000', 'a'.repeat(200), 'a'.repeat(200), 'a']
    const call = (consumerGroup: string): Buffer => {
      const asked = encodeCall('GET_CONSUMER_LIST_BY_GROUP', { header: { consumerGroup }, body: undefined })
      return encodeFrame({ ...head, ...asked, serializeType: 'binary', flag: 0 })
    }
    const name = 'GET_CONSUMER_LIST_BY_GROUP'
    for (let round = 0; round < 5; round++) {
      for (const consumerGroup of names) {
        const bytes = call(consumerGroup)
        const { header }: CallOf<typeof name> = decodeCall(name, new Frame(bytes, 0, bytes.length))
        assert.deepEqual(header, { consumerGroup })
      }
    }
  })
})

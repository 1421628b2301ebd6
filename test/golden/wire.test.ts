import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeMessages } from '../../src/core/model/message-codec.ts'
import { decodeCall, decodeReply, encodeCall, writeAnswer } from '../../src/core/remoting/codec.ts'
import {
  CommandFlag,
  decodeFrame,
  encodeFrame,
  frameSize,
  type Command,
  type ExtFields,
} from '../../src/core/remoting/frame.ts'
import { FrameWriter } from '../../src/core/remoting/frame-writer.ts'
import {
  requestNameOf,
  requestNames,
  requestSpec,
  type AnswerOf,
  type RequestName,
} from '../../src/core/remoting/requests/index.ts'

interface Exchange {
  readonly step: string
  readonly code: number
  readonly responseCode: number | null
  /** Hex of the whole frame. */
  readonly request: string
  readonly response: string | null
}

function exchanges(name: 'json' | 'binary'): Exchange[] {
  const lines = readFileSync(join(import.meta.dirname, 'wire', `${name}.ndjson`), 'utf8').trimEnd()
  return lines.split('\n').map((line) => JSON.parse(line) as Exchange)
}

function frameOf(hex: string): { bytes: Buffer; command: Command } {
  const bytes = Buffer.from(hex, 'hex')
  assert.equal(frameSize(bytes, 0, bytes.length), bytes.length)
  return { bytes, command: decodeFrame(bytes, 0, bytes.length) }
}

/** Requests in the recording that this project neither sends nor answers. */
const notInTable: Readonly<Record<number, string>> = {}

/** Extra fields of Java's that no row has, in which our encoding differs from what was recorded. */
const fieldsNotInTable: Readonly<Record<string, string>> = {
  ReqT: 'RpcRequestHeader of the RPC hook: a type of request that only proxies look at',
}

/** Values that come back as others: longs are numbers here, clamped (DESIGN). */
const clampedValues: Readonly<Record<string, string>> = {
  '9223372036854775807': String(Number.MAX_SAFE_INTEGER),
}

/** Ext fields without the declared differences, sorted. */
function normal(ext: ExtFields): Record<string, string> {
  const fields = Object.entries(ext)
    .filter(([name]) => !(name in fieldsNotInTable))
    .map(([name, value]) => [name, clampedValues[value] ?? value] as const)
  return Object.fromEntries(fields.sort())
}

/** Bodies that are JSON are compared as what they say: the order of members is not Java's in all of them. */
const jsonBody: ReadonlySet<number> = new Set(
  requestNames.flatMap((name) => {
    const { code, body, reply } = requestSpec(name)
    const isJson = [body, reply.body].some((each) => each !== undefined && /^[A-Z]\w+$/.test(each.about))
    return isJson ? [code] : []
  }),
)

/** JSON with its members sorted, objects used as keys and keys without quotes included. */
function canonical(body: Buffer): unknown {
  const text = body.toString('utf8')
  const quoted = text
    .replace(/([{,])(-?\d+):/g, '$1"$2":')
    .replace(
      /([{,])(\{"brokerName":"[^"]*","queueId":\d+,"topic":"[^"]*"\}):/g,
      (_all, before: string, key: string) => before + JSON.stringify(key) + ':',
    )
  return JSON.parse(quoted) as unknown
}

function assertSameBody(code: number, ours: Buffer, theirs: Buffer): void {
  if (ours.equals(theirs)) return
  assert.ok(jsonBody.has(code), `body of ${code}`)
  assert.deepEqual(canonical(ours), canonical(theirs))
}

for (const type of ['json', 'binary'] as const) {
  describe(`frames of real 5.5.0 clients and servers, ${type} headers`, () => {
    const recorded = exchanges(type)

    it('are what their line says', () => {
      assert.ok(recorded.length >= 30)
      for (const { code, responseCode, request, response } of recorded) {
        const asked = frameOf(request).command
        assert.equal(asked.code, code)
        assert.equal(asked.serializeType, type)
        assert.equal(asked.language, 'JAVA')
        assert.equal(asked.version, 513)
        assert.equal(asked.flag & CommandFlag.response, 0)
        if (response === null) continue
        const answered = frameOf(response).command
        assert.equal(answered.code, responseCode)
        assert.equal(answered.opaque, asked.opaque)
        assert.equal(answered.flag, CommandFlag.response)
      }
    })

    it('come out of our frame encoder the same, with binary headers byte for byte', () => {
      for (const { request, response, step } of recorded) {
        for (const hex of [request, response]) {
          if (hex === null) continue
          const { bytes, command } = frameOf(hex)
          const ours = encodeFrame(command)
          assert.deepEqual(decodeFrame(ours, 0, ours.length), command)
          // binary headers have one form; in JSON Java orders extFields by its hash maps
          if (type === 'binary') assert.ok(ours.equals(bytes), `${step}: ${bytes.toString('latin1')}`)
        }
      }
    })

    for (const { step, code, responseCode, request, response } of recorded) {
      const name = requestNameOf(code)
      if (name === null) {
        it(`${code} is declared as not in the table`, () => assert.ok(code in notInTable, `${step}: ${code}`))
        continue
      }
      it(`${name}: ${step} → ${responseCode ?? 'no answer'}`, () => {
        const asked = frameOf(request).command
        const call = decodeCall(name, asked)
        const again = encodeCall(name, call)
        assert.equal(again.code, code)
        assert.deepEqual(normal(again.ext), normal(asked.ext))
        assertSameBody(code, again.body, asked.body)
        if (response !== null) checkAnswer(name, frameOf(response).command)
      })
    }
  })
}

/** Decoded as a client does, encoded as a server does, it says the same. */
function checkAnswer(name: RequestName, answered: Command): void {
  const reply = decodeReply(name, answered)
  const { code, remark, header, body } = reply
  assert.equal(code, answered.code)
  assert.equal(remark, answered.remark)
  const answer = {
    code,
    ...(remark === null ? {} : { remark }),
    ...(header === null ? {} : { header }),
    ...(body === null ? {} : { body }),
  } as AnswerOf<typeof name>
  const out = new FrameWriter(Buffer.alloc(0))
  writeAnswer(out, answered, name, answer)
  const encoded = decodeFrame(out.bytes, 0, out.at)
  assert.equal(encoded.code, answered.code)
  assert.equal(encoded.remark, answered.remark)
  // declared: a refusal that lacks the row's fields has no header here, whatever else stands in it
  if (header !== null || code === 0) assert.deepEqual(normal(encoded.ext), normal(answered.ext))
  assertSameBody(requestSpec(name).code, encoded.body, answered.body)
}

describe('recorded bodies', () => {
  it('hold messages that decode', () => {
    let messages = 0
    for (const { code, responseCode, response } of exchanges('json')) {
      if (responseCode !== 0 || response === null || ![11, 12, 33, 361].includes(code)) continue
      for (const message of decodeMessages(frameOf(response).command.body, 'broker-a')) {
        assert.ok(['WireT', 'AutoT'].includes(message.topic), message.topic)
        messages++
      }
    }
    assert.ok(messages > 5)
  })
})

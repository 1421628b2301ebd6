import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  decodeFrame,
  emptyBody,
  encodeFrame,
  FrameError,
  frameSize,
  headerSizeMax,
  type Command,
} from '../../../src/core/remoting/frame.ts'
import { languages } from '../../../src/core/remoting/languages.ts'
import { limits } from '../../../src/core/model/limits.ts'

/** Text that UTF-8 carries: JSON and Java's String.getBytes have no lone surrogates. */
const text = fc.string({ unit: 'binary', maxLength: 12 })
const int32 = fc.integer({ min: -0x80000000, max: 0x7fffffff })
const int16 = fc.integer({ min: -0x8000, max: 0x7fff })
const names = fc.oneof(fc.constantFrom('__proto__', 'constructor', '', 'topic'), text)

const anyCommand: fc.Arbitrary<Command> = fc.record({
  serializeType: fc.constantFrom('json' as const, 'binary' as const),
  code: int16,
  language: fc.constantFrom(...languages),
  version: int16,
  opaque: int32,
  flag: int32,
  remark: fc.option(text.filter((remark) => remark !== '')),
  ext: fc.array(fc.tuple(names, text), { maxLength: 6 }).map((entries) => {
    const ext = Object.create(null) as Record<string, string>
    for (const [name, value] of entries) ext[name] = value
    return ext
  }),
  body: fc.uint8Array({ maxLength: 30 }).map((body) => (body.length === 0 ? emptyBody : Buffer.from(body))),
})

function frame(type: number, header: Buffer | string, body = ''): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(8), Buffer.from(header), Buffer.from(body)])
  bytes.writeInt32BE(bytes.length - 4, 0)
  bytes.writeUInt32BE(Buffer.byteLength(header), 4)
  bytes.writeUInt8(type, 4)
  return bytes
}

const decoded = (bytes: Buffer): Command => decodeFrame(bytes, 0, bytes.length)

describe('frames', () => {
  it('come back, JSON and binary, whatever they carry and wherever they stand', () => {
    fc.assert(
      fc.property(anyCommand, fc.nat(9), (command, at) => {
        const bytes = encodeFrame(command)
        const source = Buffer.concat([Buffer.alloc(at, 0xee), bytes, Buffer.alloc(3, 0xee)])
        assert.equal(frameSize(source, at, source.length), bytes.length)
        assert.deepEqual({ ...decodeFrame(source, at, bytes.length) }, { ...command })
      }),
      { numRuns: 500 },
    )
  })

  it('have a size as soon as both lengths are there', () => {
    const bytes = frame(0, '{}')
    for (let end = 0; end < bytes.length; end++) {
      assert.equal(frameSize(bytes, 0, end), end < 8 ? 0 : bytes.length)
    }
  })

  it('are refused for lengths that no peer may send', () => {
    for (const length of [-1, -0x80000000, 0, 3, limits.frameSizeMax - 3, 0x7fffffff]) {
      const bytes = Buffer.alloc(4)
      bytes.writeInt32BE(length, 0)
      assert.throws(() => frameSize(bytes, 0, 4), FrameError, `${length}`)
    }
    const largest = Buffer.alloc(8)
    largest.writeInt32BE(limits.frameSizeMax - 4, 0)
    assert.equal(frameSize(largest, 0, 8), limits.frameSizeMax)
  })

  it('are refused for a header longer than themselves, or than any header', () => {
    const bytes = frame(0, '{"code":1,"opaque":1}')
    bytes.writeUInt32BE(bytes.length - 7, 4)
    assert.throws(() => decoded(bytes), /bad header length/)
    assert.throws(() => frameSize(bytes, 0, 8), /bad header length/)
    const tooLong = frame(0, ' '.repeat(headerSizeMax + 1))
    assert.throws(() => decoded(tooLong), /at most/)
    assert.throws(() => frameSize(tooLong, 0, 8), /at most/)
  })

  it('are refused for unknown serialize types and headers that are none', () => {
    for (const bytes of [
      frame(2, '{"code":1,"opaque":1}'),
      frame(0xff, '{"code":1,"opaque":1}'),
      frame(0, ''),
      frame(0, '{'),
      frame(0, 'null'),
      frame(0, '[]'),
      frame(0, '{"code":"1","opaque":1}'),
      frame(0, '{"code":1}'),
      frame(0, '{"code":1.5,"opaque":1}'),
      frame(0, '{"code":1,"opaque":2147483648}'),
      frame(0, '{"code":1e300,"opaque":1}'),
      frame(0, '{"code":1,"opaque":1,"flag":4294967297}'),
      frame(1, ''),
      frame(1, Buffer.alloc(20)),
    ]) {
      assert.throws(() => decoded(bytes), FrameError, bytes.toString('latin1'))
    }
  })

  it('are refused for inner lengths of a binary header that lie', () => {
    const bytes = encodeFrame({
      ...decoded(frame(0, '{"code":1,"opaque":1}')),
      serializeType: 'binary',
      ext: { a: 'b' },
    })
    // remark length, ext length, key length, value length
    for (const [at, size] of [
      [8 + 13, 4],
      [8 + 17, 4],
      [8 + 21, 2],
      [8 + 24, 4],
    ] as const) {
      for (const lie of [-1, 2, 100, size === 2 ? 0x7fff : 0x7fffffff, size === 2 ? -0x8000 : -0x80000000]) {
        const broken = Buffer.from(bytes)
        broken.writeIntBE(lie, at, size)
        assert.throws(() => decoded(broken), FrameError, `${lie} at ${at}`)
      }
    }
  })

  it('need code and opaque only, and take numbers and booleans as values', () => {
    const command = decoded(
      frame(0, '{"opaque":7,"code":11,"extFields":{"a":1,"b":true,"c":null,"d":"x"},"more":[1]}', 'body'),
    )
    assert.deepEqual(
      { ...command, ext: { ...command.ext } },
      {
        serializeType: 'json',
        code: 11,
        language: 'OTHER',
        version: 0,
        opaque: 7,
        flag: 0,
        remark: null,
        ext: { a: '1', b: 'true', d: 'x' },
        body: Buffer.from('body'),
      },
    )
  })

  it('leave Object.prototype alone', () => {
    const json = decoded(
      frame(0, '{"code":1,"opaque":1,"__proto__":{"x":1},"extFields":{"__proto__":"x","constructor":"y"}}'),
    )
    assert.deepEqual(Object.entries(json.ext), [
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ])
    assert.equal(({} as Record<string, unknown>)['x'], undefined)
  })

  it('are refused on the way out, too, when they do not fit', () => {
    const command = decoded(frame(0, '{"code":1,"opaque":1}'))
    assert.throws(() => encodeFrame({ ...command, body: Buffer.alloc(limits.frameSizeMax) }), FrameError)
    // POP_MESSAGE
    assert.throws(() => encodeFrame({ ...command, serializeType: 'binary', code: 200050 }), RangeError)
    assert.throws(
      () => encodeFrame({ ...command, serializeType: 'binary', ext: { ['n'.repeat(40_000)]: '' } }),
      RangeError,
    )
  })

  it('hold every header that a message may have', () => {
    // the worst properties there are: 32,767 bytes of separators, each six bytes in JSON
    const command = decoded(frame(0, '{"code":310,"opaque":1}'))
    const properties = 'a\u0001b\u0002'.repeat(8191)
    for (const i of [properties, '\u0001'.repeat(limits.propertiesSizeMax)]) {
      const ext = Object.assign(Object.create(null) as Record<string, string>, { i })
      assert.deepEqual(decoded(encodeFrame({ ...command, ext })).ext, ext)
    }
  })
})

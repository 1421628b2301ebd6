import assert from 'node:assert/strict'
import fc from 'fast-check'
import { formatFastjson, parseFastjson } from '../../../../src/core/remoting/bodies/fastjson.ts'

/** As parsed values compare: with one prototype, and numbers clamped. */
function plain(value: unknown): unknown {
  const clamp = (number: number): number =>
    Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, number))
  return JSON.parse(JSON.stringify(value), (_name, member: unknown) =>
    typeof member === 'number' ? clamp(member) : member,
  ) as unknown
}

describe('parseFastjson', () => {
  it('reads standard JSON as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        const standard = JSON.parse(text) as unknown
        assert.deepEqual(plain(parseFastjson(text)), plain(standard))
        assert.deepEqual(plain(parseFastjson(JSON.stringify(standard, null, 2))), plain(standard))
      }),
    )
  })

  it('reads integer keys without quotes and objects as keys', () => {
    assert.deepEqual(plain(parseFastjson('{0:"a",-1:"b", 12 : "c"}')), { '0': 'a', '-1': 'b', '12': 'c' })
    // ConsumeStats of a 5.5.0 broker, remoting.md
    const stats =
      '{"consumeTps":0.0,"offsetTable":{{"brokerName":"b","queueId":0,"topic":"T"}:{"brokerOffset":8},{"brokerName":"b","queueId":1,"topic":"T"}:{"brokerOffset":9}}}'
    assert.deepEqual(plain(parseFastjson(stats)), {
      consumeTps: 0,
      offsetTable: {
        '{"brokerName":"b","queueId":0,"topic":"T"}': { brokerOffset: 8 },
        '{"brokerName":"b","queueId":1,"topic":"T"}': { brokerOffset: 9 },
      },
    })
  })

  it('clamps numbers that are only ever infinite', () => {
    assert.deepEqual(parseFastjson('[9223372036854775807,-9223372036854775808,1e999]'), [
      Number.MAX_SAFE_INTEGER,
      Number.MIN_SAFE_INTEGER,
      Number.MAX_SAFE_INTEGER,
    ])
  })

  it('has a fault to tell for everything else', () => {
    for (const text of [
      '',
      ' ',
      '{',
      '{"a"',
      '{"a":',
      '{"a":1,}',
      '[1,]',
      '[',
      '"a',
      '"\\',
      '"\\x"',
      '01',
      '+1',
      'NaN',
      'nul',
      '{a:1}',
      '{{}}',
      '{0.5:1}',
      '1 2',
      '\u0000',
      '{"a":1}}',
      '"\n"',
      "{'a':1}",
    ]) {
      assert.throws(() => parseFastjson(text), SyntaxError, JSON.stringify(text))
    }
  })

  it('throws nothing but SyntaxError, whatever it is given', () => {
    const token = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '0',
      '-',
      'e9',
      '.',
      'true',
      'null',
      '"a"',
      ' ',
    )
    fc.assert(
      fc.property(
        fc.array(fc.oneof(token, fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 30 }),
        (tokens) => {
          try {
            parseFastjson(tokens.join(''))
          } catch (error) {
            assert.ok(error instanceof SyntaxError, String(error))
          }
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('does not follow hostile nesting', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
      ['{', ':1}'],
    ] as const) {
      const deep = open.repeat(1_000_000) + '1' + close.repeat(1_000_000)
      assert.throws(() => parseFastjson(deep), SyntaxError)
    }
    assert.doesNotThrow(() => parseFastjson('['.repeat(60) + ']'.repeat(60)))
  })

  it('does not let keys within keys double their escapes at each level', () => {
    const nested = (depth: number): string => '{'.repeat(depth) + '{"a":1}' + ':1}'.repeat(depth)
    assert.doesNotThrow(() => parseFastjson(nested(1)))
    assert.throws(() => parseFastjson(nested(40)), SyntaxError)
  })

  it('leaves Object.prototype alone', () => {
    const parsed = parseFastjson('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')
    assert.deepEqual(Object.keys(parsed as object), ['__proto__', 'constructor'])
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
  })

  it('keeps the last of members with one name, as Java does', () => {
    assert.deepEqual(plain(parseFastjson('{"a":1,"a":2}')), { a: 2 })
  })
})

describe('formatFastjson', () => {
  it('writes what the reader reads', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const read = plain(parseFastjson(formatFastjson(value)))
        assert.deepEqual(read, withoutNulls(plain(value)))
      }),
    )
  })

  it('sorts keys, leaves out null and undefined members, and keeps null items', () => {
    assert.equal(
      formatFastjson({ b: 1, a: undefined, c: null, A: [null, undefined, 'x'] }),
      '{"A":[null,null,"x"],"b":1}',
    )
  })

  it('writes maps with bare integer and object keys', () => {
    assert.equal(formatFastjson({ addrs: new Map([[0, 'x']]) }), '{"addrs":{0:"x"}}')
    const queue = { topic: 'T', brokerName: 'b', queueId: 0 }
    assert.equal(
      formatFastjson(new Map([[queue, { n: 1 }]])),
      '{{"brokerName":"b","queueId":0,"topic":"T"}:{"n":1}}',
    )
    assert.equal(formatFastjson(new Map([['k', 1]])), '{"k":1}')
  })
})

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([name, member]) => [name, withoutNulls(member)]),
  )
}

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parseJavaDouble, parseJavaInt, parseJavaLong } from '../../../../src/core/model/sql92/java-number.ts'

describe('numbers as Java reads them', () => {
  it('Integer.valueOf', () => {
    for (const [text, value] of [
      ['5', 5],
      ['+5', 5],
      ['-5', -5],
      ['-0', 0],
      ['0000000000000000005', 5],
      ['2147483647', 2147483647],
      ['-2147483648', -2147483648],
      ['٣۴９', 349],
      ['-᪉', -9],
    ] as const) {
      assert.equal(parseJavaInt(text), value, text)
    }
    for (const text of [
      '',
      ' 5',
      '5 ',
      '+',
      '-',
      '--5',
      '5.0',
      '5L',
      '0x5',
      '2147483648',
      '-2147483649',
      'NaN',
      '𝟓',
      '½',
    ])
      assert.equal(parseJavaInt(text), undefined, text)
  })

  it('Long.valueOf', () => {
    assert.equal(parseJavaLong('9223372036854775807'), 9223372036854775807n)
    assert.equal(parseJavaLong('-9223372036854775808'), -9223372036854775808n)
    assert.equal(parseJavaLong(`+${'0'.repeat(1000)}1`), 1n)
    for (const text of ['9223372036854775808', '-9223372036854775809', '9'.repeat(30_000), '1L', ''])
      assert.equal(parseJavaLong(text), undefined, text.slice(0, 30))
  })

  it('Double.valueOf', () => {
    for (const [text, value] of [
      ['1', 1],
      [' \t1.5\n', 1.5],
      ['1.', 1],
      ['.5', 0.5],
      ['-.5e+1', -5],
      ['1d', 1],
      ['1F', 1],
      ['1e400', Infinity],
      ['-Infinity', -Infinity],
      ['NaN', NaN],
      ['0x1p3', 8],
      ['-0x.8P-1', -0.25],
      ['0x1.fffffffffffffp1023d', Number.MAX_VALUE],
      ['0x1p1024', Infinity],
      ['0x1p-1074', Number.MIN_VALUE],
      ['0x1p-1075', 0],
      ['0x1.8p-1075', Number.MIN_VALUE],
      ['0x1p-99999999999', 0],
      ['0x20000000000001p0', 2 ** 53],
      ['0x20000000000003p0', 2 ** 53 + 4],
    ] as const) {
      assert.ok(Object.is(parseJavaDouble(text), value), `${text}: ${parseJavaDouble(text)}`)
    }
    for (const text of [
      '',
      '.',
      '1e',
      'e5',
      '1_0',
      '0x1',
      '0xp1',
      '0x1.8',
      'NaNd',
      'nan',
      'infinity',
      '1dd',
      '\u00a01',
      '٤',
    ])
      assert.equal(parseJavaDouble(text), undefined, text)
  })

  it('takes no time over long digits', () => {
    for (const parse of [parseJavaInt, parseJavaLong, parseJavaDouble])
      assert.equal(parse(`${'1'.repeat(32_000)}x`), undefined)
  })

  it('reads back what JavaScript writes', () => {
    fc.assert(fc.property(fc.double({ noNaN: true }), (value) => parseJavaDouble(String(value)) === value))
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (value) => parseJavaLong(String(value)) === value),
    )
  })
})

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Sql92SyntaxError } from '../../../../src/core/model/sql92/lexer.ts'
import { parseSql92, parseWrittenSql92 } from '../../../../src/core/model/sql92/parser.ts'

function failure(text: string, parse: (text: string) => unknown = parseSql92): Sql92SyntaxError {
  try {
    parse(text)
  } catch (error) {
    assert.ok(error instanceof Sql92SyntaxError, String(error))
    return error
  }
  return assert.fail(`${text} was accepted`)
}

describe('the parser of SQL92 filters', () => {
  const faults: readonly (readonly [string, number, RegExp])[] = [
    ['', 0, /wanted here, the expression ends/],
    ['price >', 7, /wanted here, the expression ends/],
    ['price == 1', 7, /found =/],
    ["price > '10'", 8, /orders numbers, not texts/],
    ['price > TRUE', 8, /orders numbers, not conditions/],
    ['price > NULL', 8, /orders numbers, not conditions/],
    ['a > 1 > 2', 0, /orders numbers, not conditions/],
    ['a = NULL', 4, /nothing is equal to NULL/],
    ['TRUE = 1', 0, /cannot be compared/],
    ['price BETWEEN 5 AND 1', 14, /first bound is above the second/],
    ["price BETWEEN 1 AND '5'", 20, /orders numbers, not texts/],
    ['price BETWEEN 5', 15, /AND is wanted/],
    ['price IN (1)', 10, /a text in quotes/],
    ["price IN ('1'", 13, /, or \) is wanted/],
    ["1 IN ('1')", 0, /name of a property/],
    ['price IS 5', 9, /NULL is wanted/],
    ['price NOT 5', 10, /BETWEEN, IN, CONTAINS/],
    ['price CONTAINS 5', 15, /a text in quotes/],
    ["region = 'EU", 9, /has no end/],
    ['region = "EU"', 9, /means nothing here/],
    ['price != 3', 6, /means nothing here/],
    ['price > 0.0', 8, /refuses 0.0/],
    ['price > 1e400', 8, /larger than a double/],
    ['price > 9223372036854775808', 8, /larger than 9223372036854775807/],
    ['5', 0, /a condition is wanted/],
    ['a = 1 AND 5', 10, /a condition is wanted/],
    ['NOT 5', 4, /a condition is wanted/],
    ['(a = 1', 6, /\) is wanted/],
    ['a = 1 /* open', 6, /means nothing/],
    [`a = ${'('.repeat(501)}1`, 505, /nested deeper than 500/],
    [`a = 1${' = 1'.repeat(102)}`, 406, /more than 100 comparisons/],
    [`a = '${'x'.repeat(65_536)}'`, 65_536, /longer than 65536/],
  ]
  for (const [text, at, what] of faults) {
    it(`refuses ${text.slice(0, 40)}`, () => {
      const error = failure(text)
      assert.equal(error.at, at)
      assert.match(error.message, what)
      assert.ok(error.message.startsWith(`character ${at + 1}: `))
    })
  }

  it('takes words in any case, comments and any number of ANDs', () => {
    const long = Array.from({ length: 5000 }, (_, i) => `a<>${i}`).join(' AnD ')
    for (const text of ["a in('x')", 'a Is nOt null', '/* c */ a = 1 -- rest\n and b = 2', long])
      assert.equal(parseSql92(text).unreadAt, null, text.slice(0, 40))
  })

  it('leaves what follows unread, as RocketMQ’s grammar has no end', () => {
    for (const [text, at] of [
      ['a = 1 b = 2', 6],
      ['a = 007', 5],
      ['a = 0L', 5],
      ['a = 1 -- no line ends here', 6],
      ["a LIKE 'x'", 2],
      ['a = 1)', 5],
    ] as const) {
      assert.equal(parseSql92(text).unreadAt, at, text)
      assert.equal(failure(text, parseWrittenSql92).at, at, text)
    }
    // the next token is looked at, no further
    assert.equal(parseSql92('a = 1 b #').unreadAt, 6)
    assert.equal(failure('a = 1 #').at, 6)
  })

  it('tells a person of a NOT that reaches too short', () => {
    for (const text of ["NOT a = 'x'", 'NOT a IS NULL', "b = 1 AND NOT a CONTAINS 'x'"]) {
      assert.doesNotThrow(() => parseSql92(text))
      assert.match(failure(text, parseWrittenSql92).message, /this NOT reaches/)
    }
    for (const text of ["NOT (a = 'x')", 'NOT a AND b = 1', '(NOT a) IS NULL'])
      assert.doesNotThrow(() => parseWrittenSql92(text))
  })

  it('throws nothing but its own errors, whatever it is given', () => {
    const piece = fc.constantFrom(
      ...[
        "'",
        "''",
        '"',
        '(',
        ')',
        ',',
        '=',
        '<>',
        '<=',
        '-',
        '--',
        '/*',
        '*/',
        '\n',
        ' ',
        '.',
        '0',
        '1e',
        '9'.repeat(20),
      ],
      ...[
        'AND',
        'OR',
        'NOT',
        'IN',
        'IS',
        'NULL',
        'TRUE',
        'BETWEEN',
        'CONTAINS',
        'a',
        'b1',
        '$',
        'é',
        '\ud800',
        '\0',
      ],
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        try {
          parseSql92(pieces.join(' '))
        } catch (error) {
          assert.ok(error instanceof Sql92SyntaxError)
          assert.ok(error.at >= 0 && error.at <= pieces.join(' ').length)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

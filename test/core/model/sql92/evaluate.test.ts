import assert from 'node:assert/strict'
import fc from 'fast-check'
import { evaluate, matchesSql92 } from '../../../../src/core/model/sql92/evaluate.ts'
import { parseSql92 } from '../../../../src/core/model/sql92/parser.ts'

const properties: Readonly<Record<string, string>> = {
  price: '12',
  region: 'EU',
  yes: 'True',
  no: 'nope',
  long: '3000000000',
  real: '1.5',
  blank: ' 7 ',
  hex: '0x1p3',
  nan: 'NaN',
  arabic: '٤٢',
  quote: "it's",
}

function valueOf(text: string): unknown {
  return evaluate(parseSql92(text).expression, (name) => properties[name] ?? null)
}

/** null: unknown; undefined: RocketMQ throws. */
const table: readonly (readonly [string, boolean | null | undefined])[] = [
  ['price > 10', true],
  ['price >= 12 AND price <= 12', true],
  ['price < 12', false],
  ["region = 'EU'", true],
  ["region <> 'EU'", false],
  ["region = 'eu'", false],
  ["'EU' = region", true],
  // a number is read by the type of the literal, and what cannot be read ends the evaluation
  ['region > 1', undefined],
  ['region = 1', undefined],
  ['price = 12.0', true],
  ['real = 1', undefined],
  ['real = 1.5', true],
  ['long > 5', undefined],
  ['long > 3000000001', false],
  ['long > 2999999999', true],
  ['blank = 7', undefined],
  ['blank = 7.0', true],
  ['hex = 8.', true],
  ['hex = 8', undefined],
  ['arabic = 42', true],
  ['arabic = 42.0', undefined],
  ['nan > 1e308', true],
  ['1 = 1L', true],
  ['9223372036854775807 > 9.3e18', false],
  ['9223372036854775807 > 9223372036854775806', true],
  ['price > -1', true],
  ['-price < 1', null],
  ['--1 = 1', true],
  ['+price = 12', true],
  // two properties are ordered as doubles, and equal as texts
  ['price > real', true],
  ['price > region', undefined],
  ['price = real', false],
  ['region > absent', null],
  // unknown
  ['absent > 1', null],
  ['absent = 1', null],
  ['1 = absent', false],
  ['absent = gone', true],
  ['region = absent', false],
  ['absent <> 1', null],
  ['absent IS NULL', true],
  ['region IS NULL', false],
  ['absent IS NOT NULL', false],
  ['region IS NOT NULL', true],
  ['(absent > 1) IS NULL', true],
  ['NULL', null],
  ['NOT NULL', null],
  ['NULL IS NULL', true],
  // three-valued logic
  ['TRUE AND absent = 1', null],
  ['FALSE AND region > 1', false],
  ['region > 1 AND FALSE', undefined],
  ['TRUE OR region > 1', true],
  ['region > 1 OR TRUE', undefined],
  ['absent = 1 AND FALSE', false],
  ['absent = 1 OR TRUE', true],
  ['absent = 1 OR FALSE', null],
  ['NOT (absent = 1)', null],
  ['NOT (region > 1)', undefined],
  // a property as a condition
  ['region', false],
  ['NOT region', true],
  ['absent', null],
  ['yes = TRUE', true],
  ['no = TRUE', false],
  ['no = FALSE', true],
  ['TRUE = yes', undefined],
  ['1 = TRUE', false],
  ["NOT region = 'EU'", undefined],
  ['NOT region = 1', false],
  ['(price > 1) = TRUE', true],
  ['(price > 1) = (price < 1)', false],
  ['(price > 1) = price', undefined],
  ['price BETWEEN 10 AND 12', true],
  ['price BETWEEN 13 AND 20', false],
  ['price NOT BETWEEN 13 AND 20', true],
  ['absent BETWEEN 1 AND 2', null],
  ['region NOT BETWEEN 1 AND 2', undefined],
  ['11 BETWEEN real AND price', undefined],
  ['11.0 BETWEEN real AND price', true],
  ["region IN ('US', 'EU')", true],
  ["region NOT IN ('US', 'EU')", false],
  ["absent IN ('US')", null],
  ["absent NOT IN ('US')", null],
  ["price IN ('12')", true],
  ["region CONTAINS 'E'", true],
  ["region NOT CONTAINS 'E'", false],
  ["region STARTSWITH 'EU'", true],
  ["region NOT STARTSWITH 'U'", true],
  ["region ENDSWITH 'E'", false],
  ["region NOT ENDSWITH 'E'", true],
  ["region CONTAINS ''", false],
  ["region NOT CONTAINS ''", false],
  ["(region > 1) CONTAINS ''", false],
  ["(region > 1) CONTAINS 'x'", undefined],
  ["absent CONTAINS 'E'", false],
  ["absent NOT CONTAINS 'E'", false],
  ["12 CONTAINS '1'", false],
  ["12 NOT CONTAINS '1'", false],
  ["'abc' CONTAINS 'b'", true],
  ["quote = 'it''s'", true],
  ["Region = 'EU'", null],
]

describe('SQL92 filters', () => {
  for (const [text, value] of table) {
    it(`${text} is ${value === undefined ? 'given up' : value === null ? 'unknown' : value}`, () => {
      assert.equal(valueOf(text), value)
    })
  }

  it('let a message pass only when they are true', () => {
    for (const [text, value] of table) {
      const { expression } = parseSql92(text)
      assert.equal(
        matchesSql92(expression, (name) => properties[name] ?? null),
        value === true,
        text,
      )
    }
  })

  it('compare whole numbers as numbers', () => {
    const whole = fc.integer()
    fc.assert(
      fc.property(whole, whole, (a, b) => {
        const holds = (operator: string): boolean =>
          matchesSql92(parseSql92(`n ${operator} ${b}`).expression, () => String(a))
        assert.deepEqual(['<', '<=', '=', '>=', '>', '<>'].map(holds), [
          a < b,
          a <= b,
          a === b,
          a >= b,
          a > b,
          a !== b,
        ])
      }),
    )
  })

  it('order doubles as doubles, long ones and tiny ones too', () => {
    const double = fc.double({ min: Number.MIN_VALUE, max: Number.MAX_VALUE, noNaN: true })
    const literal = (value: number): string =>
      String(value).includes('.') || String(value).includes('e') ? String(value) : `${value}.0`
    fc.assert(
      fc.property(double, double, (a, b) => {
        const { expression } = parseSql92(`n < ${literal(b)}`)
        assert.equal(
          matchesSql92(expression, () => String(a)),
          a < b,
        )
      }),
    )
  })

  it('find any text where it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (text, search) => {
        const quoted = `'${search.replaceAll("'", "''")}'`
        const holds = (operator: string): boolean =>
          matchesSql92(parseSql92(`t ${operator} ${quoted}`).expression, () => text)
        const found = search !== ''
        assert.equal(holds('CONTAINS'), found && text.includes(search))
        assert.equal(holds('NOT STARTSWITH'), found && !text.startsWith(search))
        assert.equal(holds('='), text === search)
      }),
    )
  })
})

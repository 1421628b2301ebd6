import assert from 'node:assert/strict'
import { matchesSql92 } from '../../src/core/model/sql92/evaluate.ts'
import { Sql92SyntaxError } from '../../src/core/model/sql92/lexer.ts'
import { parseSql92 } from '../../src/core/model/sql92/parser.ts'
import { count } from '../fault/tier.ts'
import { Random } from './random.ts'
import { Sql92Generator } from './sql92-generator.ts'

const generated = count('EXPRESSIONS', 20_000, 100_000)
const size = 65_536
const repeated = (piece: string): string => piece.repeat(Math.floor(size / piece.length))

/** What would hurt a parser with backtracking, recursion or quadratic text handling. */
const hostile: readonly string[] = [
  ...['(', ')', "'", "''", '-', '--', '--\n', '/*', '/* ', '/**/', '*', '9', '9.', '.9', '1e', 'a', ' '].map(
    repeated,
  ),
  ...[
    'NOT ',
    '- ',
    '+ ',
    'a=',
    'a=a=',
    'a IS NULL ',
    'a IS NULL AND ',
    'a<>1 OR ',
    '(a=',
    'NOT(',
    'a IN(',
  ].map(repeated),
  `a = '${"''".repeat(30_000)}'`,
  `a IN ('${Array.from({ length: 8000 }, (_, i) => i).join("','")}')`,
  Array.from({ length: 6000 }, () => 'a<>1').join(' AND '),
  `/*${' *'.repeat(30_000)}`,
  `a > ${'9'.repeat(60_000)}`,
  `a > 0.${'0'.repeat(60_000)}1`,
  "'; DROP TABLE topic; --",
  "a = '1' UNION SELECT * FROM topic",
]
const values = [
  '1',
  `${'1'.repeat(32_000)}x`,
  ' '.repeat(32_000),
  `0x${'f'.repeat(32_000)}p1`,
  '٤'.repeat(10_000),
]

function passes(text: string, value: string): boolean | null {
  try {
    return matchesSql92(parseSql92(text).expression, () => value)
  } catch (error) {
    assert.ok(error instanceof Sql92SyntaxError, String(error))
    assert.ok(error.message.length < 200, error.message)
    return null
  }
}

describe('hostile SQL92', () => {
  it('is parsed and evaluated, or refused, in no time', () => {
    for (const text of hostile) {
      for (const value of values) {
        const started = process.cpuUsage()
        passes(text, value)
        const { user, system } = process.cpuUsage(started)
        assert.ok(
          user + system < 500_000,
          `${user + system} µs for ${text.slice(0, 40)} on ${value.slice(0, 40)}`,
        )
      }
    }
  })

  it('compares numbers of any length in no time', () => {
    for (const value of values) {
      const started = process.cpuUsage()
      for (const text of ['a > 1', 'a > 3000000000', 'a > 1.5', 'a > b', "a CONTAINS '11x'"])
        passes(text, value)
      const { user, system } = process.cpuUsage(started)
      assert.ok(user + system < 200_000, `${user + system} µs on ${value.slice(0, 40)}`)
    }
  })

  it('of random bytes and tokens throws nothing but its own errors', () => {
    const random = new Random()
    const tokens = [
      'a',
      'b',
      '1',
      "'x'",
      '(',
      ')',
      'AND',
      'OR',
      'NOT',
      '=',
      '<>',
      '>',
      'IN',
      ',',
      'IS',
      'NULL',
      'BETWEEN',
      '-',
      '\0',
    ]
    let sound = 0
    for (let i = 0; i < 50_000; i++) {
      const length = random.below(12)
      const text =
        i % 2 === 0
          ? random.bytes(length).toString('latin1')
          : Array.from({ length }, () => random.pick(tokens)).join(' ')
      if (passes(text, '1') !== null) sound++
    }
    assert.ok(sound > 1000, `only ${sound} were sound; SEED=${random.seed}`)
  })

  it(`generated, ${generated} of them: each message is judged within a millisecond`, () => {
    const random = new Random()
    const generator = new Sql92Generator(random)
    const messages = Array.from({ length: 20 }, () => generator.properties())
    const times: number[] = []
    let refused = 0
    for (let i = 0; i < generated; i++) {
      const text = generator.expression()
      try {
        const { expression } = parseSql92(text)
        for (const properties of messages) {
          const at = performance.now()
          matchesSql92(expression, (name) => properties[name] ?? null)
          times.push(performance.now() - at)
        }
      } catch (error) {
        assert.ok(error instanceof Sql92SyntaxError, `${String(error)} of ${text}; SEED=${random.seed}`)
        refused++
      }
    }
    times.sort((a, b) => a - b)
    const p999 = times[Math.floor(times.length * 0.999)]!
    console.log(`      ${refused} refused; ${times.length} judged, p99.9 ${(p999 * 1000).toFixed(1)} µs`)
    assert.ok(
      refused > generated / 50 && refused < generated * 0.7,
      `${refused} refused; SEED=${random.seed}`,
    )
    assert.ok(p999 < 1, `${p999} ms; SEED=${random.seed}`)
  })

  it('is limited: longer, deeper or more chained than any real one is an error', () => {
    const tooMuch = [
      Array.from({ length: 10_000 }, () => 'a = 1').join(' AND '),
      `${'('.repeat(1000)}a${')'.repeat(1000)}`,
      `${'NOT '.repeat(1000)}a`,
      `a${' = a'.repeat(1000)}`,
      `a = '${'x'.repeat(70_000)}'`,
    ]
    for (const text of tooMuch) assert.equal(passes(text, '1'), null, text.slice(0, 40))
    assert.equal(passes(Array.from({ length: 5000 }, () => 'a = 1').join(' AND '), '1'), true)
  })
})

import type { Random } from './random.ts'

/** Of a message. */
export type Properties = Readonly<Record<string, string>>

const names = ['a', 'b', 'price', '$_1', 'TAGS', 'Nothing'] as const
const wholes = [
  '0',
  '1',
  '2',
  '10',
  '42',
  '2147483647',
  '2147483648',
  '9223372036854775807',
  '5L',
  '10l',
] as const
const oddWholes = ['007', '0L', '9223372036854775808', '1.5.3', '1e', '5.L'] as const
const reals = [
  '1.5',
  '.5',
  '10.',
  '4.2e1',
  '5E-1',
  '1e308',
  '2147483648.0',
  '9.223372036854775807e18',
] as const
const oddReals = ['0.0', '1e400', '1e-400', '4.9E-324', '00.5'] as const
const texts = ['EU', '', "it's", '10', '42.0', 'true', 'é', '日本', '𝟓', 'a b', '--', '/*', '\n'] as const
const values = [
  ...[
    '0',
    '1',
    '2',
    '10',
    '42',
    '-1',
    '+2',
    '007',
    '2147483647',
    '2147483648',
    '-2147483649',
    '9223372036854775807',
  ],
  ...[
    '9223372036854775808',
    '1.5',
    '.5',
    '10.',
    '-0',
    '0.0',
    '-0.0',
    '4.2e1',
    '1e308',
    '1e400',
    '42d',
    '42F',
    '1L',
  ],
  ...[' 42', '42 ', '\t10\n', 'NaN', '-Infinity', '0x1p3', '0x1.8p1', '0x1p-1075', '٤٢', '４２', '1_0', ''],
  ...[
    'true',
    'TRUE',
    'false',
    'nonsense',
    'EU',
    'E',
    "it's",
    'é',
    '日本',
    '𝟓',
    'a b',
    '--',
    '/*',
    '\n',
    '\u00a010',
  ],
] as const

/** Makes expressions that compare names, numbers and texts at their edges, and messages for them. */
export class Sql92Generator {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  #chance(percent: number): boolean {
    return this.#random.below(100) < percent
  }

  properties(): Properties {
    const has = names.slice(0, 5).filter(() => this.#chance(75))
    return Object.fromEntries(has.map((name) => [name, this.#random.pick(values)]))
  }

  /** Mostly sound; one in eight has been tampered with. */
  expression(): string {
    const sound = this.#condition(this.#random.below(4))
    if (!this.#chance(12)) return sound
    const words = sound.split(' ')
    const at = this.#random.below(words.length)
    const junk = [
      '(',
      ')',
      'AND',
      'NOT',
      'IS',
      '',
      '=',
      ',',
      "'",
      '#',
      '-- x',
      '/* c */',
      '-- c\n',
      '!',
      'x',
      '1',
      '+',
      '-',
    ]
    words.splice(at, this.#random.below(2), this.#random.pick(junk))
    return words.join(' ')
  }

  #condition(depth: number): string {
    if (depth > 0 && this.#chance(60)) {
      const joint = this.#random.pick(['AND', 'OR', 'and', 'Or'])
      const parts = Array.from({ length: 2 + this.#random.below(2) }, () => this.#grouped(depth - 1))
      return parts.join(` ${joint} `)
    }
    return this.#chance(15) ? `NOT ( ${this.#condition(0)} )` : this.#comparison()
  }

  #grouped(depth: number): string {
    const inner = this.#condition(depth)
    return this.#chance(40) ? `( ${inner} )` : inner
  }

  #comparison(): string {
    const not = this.#chance(30) ? 'NOT ' : ''
    const left = this.#operand()
    switch (this.#random.below(10)) {
      case 0:
        return `${left} IS ${not}NULL`
      case 1:
        return `${left} ${not}BETWEEN ${this.#operand()} AND ${this.#operand()}`
      case 2:
        return `${left} ${not}IN ( ${Array.from({ length: 1 + this.#random.below(6) }, () => this.#text()).join(' , ')} )`
      case 3:
      case 4:
        return `${left} ${not}${this.#random.pick(['CONTAINS', 'STARTSWITH', 'ENDSWITH', 'contains'])} ${this.#text()}`
      case 5:
        return not + left
      default:
        return `${left} ${this.#random.pick(['=', '=', '<>', '<', '<=', '>', '>='])} ${this.#operand()}`
    }
  }

  #operand(): string {
    const kind = this.#random.below(100)
    if (kind < 40) return this.#random.pick(names)
    if (kind < 62) return this.#random.pick(this.#chance(4) ? oddWholes : wholes)
    if (kind < 74) return this.#random.pick(this.#chance(6) ? oddReals : reals)
    if (kind < 82) return this.#text()
    if (kind < 90) return `${this.#random.pick(['-', '+', '- -', '-'])} ${this.#operand()}`
    if (kind < 94) return this.#random.pick(['TRUE', 'false', 'NULL'])
    return kind < 97 ? `( ${this.#comparison()} )` : `NOT ${this.#operand()}`
  }

  #text(): string {
    return `'${this.#random.pick(texts).replaceAll("'", "''")}'`
  }
}

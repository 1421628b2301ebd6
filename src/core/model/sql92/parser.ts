import {
  isCondition,
  type Expression,
  type OrderOperator,
  type TextOperator,
  type Value,
} from './expression.ts'
import { compareNumbers, parseJavaLong } from './java-number.ts'
import { Sql92SyntaxError, tokenAt, type Token, type TokenKind } from './lexer.ts'

export interface ParsedSql92 {
  readonly expression: Expression
  /**
   * Where the text behind the expression begins, which RocketMQ's grammar leaves unread: `a = 1 b = 2` means
   * `a = 1`. Null: there is none.
   */
  readonly unreadAt: number | null
  /**
   * A NOT that reaches less far than it looks, if there is one: `NOT a = 1` means `(NOT a) = 1`, which is
   * never true.
   */
  readonly shortNotAt: number | null
}

/** RocketMQ's parser ends with the stack of its thread. */
const nestingMax = 500
/** `a = b = c`: each more makes the tree deeper. */
const chainedMax = 100
const sizeMax = 65_536

/**
 * Reads an expression by SelectorParser.jj's grammar, RocketMQ's peculiarities included.
 * @throws Sql92SyntaxError for what RocketMQ refuses, and for what is deeper or longer than we allow
 */
export function parseSql92(source: string): ParsedSql92 {
  if (source.length > sizeMax) throw new Sql92SyntaxError(sizeMax, `longer than ${sizeMax} characters`)
  return new Parser(source).parse()
}

/**
 * The same for what a person wrote: what RocketMQ accepts and means otherwise is a mistake as well.
 * @throws Sql92SyntaxError
 */
export function parseWrittenSql92(source: string): Expression {
  const { expression, unreadAt, shortNotAt } = parseSql92(source)
  if (unreadAt !== null) throw unread(source, unreadAt)
  if (shortNotAt !== null) {
    throw new Sql92SyntaxError(shortNotAt, 'this NOT reaches to the next name or ( only', 'write NOT (a = 1)')
  }
  return expression
}

class Parser {
  readonly #source: string
  #token: Token
  #nesting = 0
  #chained = 0
  #shortNotAt: number | null = null

  constructor(source: string) {
    this.#source = source
    this.#token = tokenAt(source, 0)
  }

  parse(): ParsedSql92 {
    const expression = condition(this.#or(), 0)
    const { kind, at } = this.#token
    return { expression, unreadAt: kind === 'end' ? null : at, shortNotAt: this.#shortNotAt }
  }

  #next(): Token {
    const token = this.#token
    this.#token = this.#peek()
    return token
  }

  #peek(): Token {
    return tokenAt(this.#source, this.#token.at + this.#token.image.length)
  }

  #accept(kind: TokenKind): boolean {
    if (this.#token.kind !== kind) return false
    this.#next()
    return true
  }

  #expect(kind: TokenKind, what: string, hint: string | null = null): Token {
    if (this.#token.kind !== kind) throw this.#unexpected(what, hint)
    return this.#next()
  }

  #unexpected(what: string, hint: string | null = null): Sql92SyntaxError {
    const { kind, image, at } = this.#token
    const found = kind === 'end' ? 'the expression ends' : `found ${shown(image)}`
    return new Sql92SyntaxError(at, `${what} is wanted here, ${found}`, hint)
  }

  #or(): Expression {
    return this.#joined('OR', 'or', () => this.#joined('AND', 'and', () => this.#equality()))
  }

  /** Lists, not pairs: a long row of ANDs makes the tree wide, not deep, and means the same. */
  #joined(word: 'AND' | 'OR', kind: 'and' | 'or', operand: () => Expression): Expression {
    const at = this.#token.at
    const first = operand()
    if (this.#token.kind !== word) return first
    const operands = [condition(first, at)]
    while (this.#accept(word)) {
      const nextAt = this.#token.at
      operands.push(condition(operand(), nextAt))
    }
    return { kind, operands }
  }

  #equality(): Expression {
    const { at, kind: first } = this.#token
    let left = this.#comparison()
    for (let links = 0; ; links++) {
      const { kind } = this.#token
      if (kind !== '=' && kind !== '<>' && kind !== 'IS') return left
      this.#link(links, first, at)
      this.#next()
      if (kind === 'IS') {
        const not = this.#accept('NOT')
        this.#expect('NULL', 'NULL', 'only IS NULL and IS NOT NULL: compare with = otherwise')
        left = negatedIf(not, { kind: 'equal', left, right: { kind: 'constant', value: null } })
      } else {
        const rightAt = this.#token.at
        const right = this.#comparison()
        checkEqual(left, at, right, rightAt)
        left = negatedIf(kind === '<>', { kind: 'equal', left, right })
      }
    }
  }

  #comparison(): Expression {
    const { at, kind: first } = this.#token
    let left = this.#unary()
    for (let links = 0; ; links++) {
      const operator = this.#comparisonOperator()
      if (operator === null) return left
      this.#link(links, first, at)
      left = this.#compared(left, at, operator.kind, operator.not)
    }
  }

  /** With its NOT, which must be followed by one of them. */
  #comparisonOperator(): { readonly kind: TokenKind; readonly not: boolean } | null {
    if (this.#token.kind !== 'NOT')
      return isComparison(this.#token.kind) ? { kind: this.#next().kind, not: false } : null
    this.#next()
    if (!isNegatable(this.#token.kind))
      throw this.#unexpected(
        'BETWEEN, IN, CONTAINS, STARTSWITH or ENDSWITH',
        'to deny a condition write NOT (a = 1)',
      )
    return { kind: this.#next().kind, not: true }
  }

  #compared(left: Expression, at: number, operator: TokenKind, not: boolean): Expression {
    switch (operator) {
      case 'BETWEEN':
        return this.#between(left, at, not)
      case 'IN':
        if (left.kind !== 'property')
          throw new Sql92SyntaxError(at, 'IN wants the name of a property before it')
        return { kind: 'in', property: left.name, values: this.#list(), not }
      case 'CONTAINS':
      case 'STARTSWITH':
      case 'ENDSWITH':
        return {
          kind: 'text',
          operator: operator satisfies TextOperator,
          operand: left,
          search: this.#text(),
          not,
        }
      default: {
        const rightAt = this.#token.at
        return order(left, at, operator as OrderOperator, this.#unary(), rightAt)
      }
    }
  }

  #between(value: Expression, at: number, not: boolean): Expression {
    const lowAt = this.#token.at
    const low = this.#unary()
    this.#expect('AND', 'AND', 'write price BETWEEN 1 AND 10')
    const highAt = this.#token.at
    const high = this.#unary()
    if (not) {
      return {
        kind: 'or',
        operands: [order(value, at, '<', low, lowAt), order(value, at, '>', high, highAt)],
      }
    }
    const operands = [order(value, at, '>=', low, lowAt), order(value, at, '<=', high, highAt)]
    if (low.kind === 'constant' && high.kind === 'constant' && isReversed(low.value, high.value))
      throw new Sql92SyntaxError(lowAt, 'the first bound is above the second', 'exchange them')
    return { kind: 'and', operands }
  }

  #list(): ReadonlySet<string> {
    this.#expect('(', '(', "write region IN ('EU', 'US')")
    const values = new Set<string>()
    do values.add(this.#text())
    while (this.#accept(','))
    this.#expect(')', ', or )')
    return values
  }

  #text(): string {
    const { image } = this.#expect(
      'text',
      "a text in quotes, like 'EU',",
      "numbers are texts here: IN ('1', '2')",
    )
    return image.slice(1, -1).replaceAll("''", "'")
  }

  #unary(): Expression {
    if (this.#accept('+')) return this.#nested(() => this.#unary())
    if (this.#accept('-')) return { kind: 'negate', operand: this.#nested(() => this.#unary()) }
    if (!this.#accept('NOT')) return this.#primary()
    const at = this.#token.at
    return {
      kind: 'not',
      operand: condition(
        this.#nested(() => this.#unary()),
        at,
      ),
    }
  }

  #primary(): Expression {
    const { kind, image, at } = this.#token
    switch (kind) {
      case '(': {
        this.#next()
        const inner = this.#nested(() => this.#or())
        this.#expect(')', ')')
        return inner
      }
      case 'name':
        this.#next()
        return { kind: 'property', name: image }
      case 'text':
        return { kind: 'constant', value: this.#text() }
      case 'whole':
      case 'floating':
        this.#next()
        return { kind: 'constant', value: kind === 'whole' ? wholeOf(image, at) : floatingOf(image, at) }
      case 'TRUE':
      case 'FALSE':
      case 'NULL':
        this.#next()
        return { kind: 'constant', value: kind === 'NULL' ? null : kind === 'TRUE' }
      default:
        throw this.#unexpected("a property, a number, a 'text' or (", kind === '=' ? 'equal is one =' : null)
    }
  }

  #nested(inner: () => Expression): Expression {
    if (++this.#nesting > nestingMax)
      throw new Sql92SyntaxError(this.#token.at, `nested deeper than ${nestingMax}`)
    const expression = inner()
    this.#nesting--
    return expression
  }

  /** An operator follows what began with `first`. */
  #link(links: number, first: TokenKind, at: number): void {
    if (links === 0 && first === 'NOT') this.#shortNotAt ??= at
    if (links > 0 && ++this.#chained > chainedMax)
      throw new Sql92SyntaxError(this.#token.at, `more than ${chainedMax} comparisons of comparisons`)
  }
}

function isComparison(kind: TokenKind): boolean {
  return kind === '<' || kind === '<=' || kind === '>' || kind === '>=' || isNegatable(kind)
}

function isNegatable(kind: TokenKind): boolean {
  return (
    kind === 'BETWEEN' || kind === 'IN' || kind === 'CONTAINS' || kind === 'STARTSWITH' || kind === 'ENDSWITH'
  )
}

function negatedIf(not: boolean, operand: Expression): Expression {
  return not ? { kind: 'not', operand } : operand
}

/** SelectorParser.asBooleanExpression */
function condition(expression: Expression, at: number): Expression {
  if (isCondition(expression)) return expression
  if (expression.kind === 'property') return { kind: 'cast', operand: expression }
  throw new Sql92SyntaxError(
    at,
    'a condition is wanted here, this is a value',
    'compare it with something: a = 1',
  )
}

/** ComparisonExpression.checkLessThanOperand, on both sides. */
function order(
  left: Expression,
  at: number,
  operator: OrderOperator,
  right: Expression,
  rightAt: number,
): Expression {
  for (const [side, sideAt] of [
    [left, at],
    [right, rightAt],
  ] as const) {
    if (side.kind === 'constant' && typeof side.value === 'string')
      throw new Sql92SyntaxError(
        sideAt,
        `${operator} orders numbers, not texts`,
        'write the number without quotes',
      )
    if (isCondition(side)) {
      throw new Sql92SyntaxError(
        sideAt,
        `${operator} orders numbers, not conditions`,
        'NOT belongs around: NOT (a > 1)',
      )
    }
  }
  return { kind: 'order', operator, left, right }
}

/** ComparisonExpression.checkEqualOperand and checkEqualOperandCompatability. */
function checkEqual(left: Expression, at: number, right: Expression, rightAt: number): void {
  for (const [side, sideAt] of [
    [left, at],
    [right, rightAt],
  ] as const) {
    if (side.kind === 'constant' && side.value === null)
      throw new Sql92SyntaxError(sideAt, 'nothing is equal to NULL', 'write IS NULL or IS NOT NULL')
  }
  if (left.kind === 'constant' && right.kind === 'constant' && isCondition(left) && !isCondition(right))
    throw new Sql92SyntaxError(at, 'TRUE and FALSE cannot be compared with that')
}

/** Of two bounds that `order` let through, and so numbers. */
function isReversed(low: Value, high: Value): boolean {
  if (typeof low !== 'object' || low === null || typeof high !== 'object' || high === null) return false
  return compareNumbers(high, low) < 0
}

/** ConstantExpression.createFromDecimal: an Integer where it fits, else a Long. */
function wholeOf(image: string, at: number): Value {
  const value = parseJavaLong(image.replace(/l$/i, ''))
  if (value === undefined)
    throw new Sql92SyntaxError(
      at,
      `${shown(image)} is larger than 9223372036854775807`,
      'write it with a point: 1e19',
    )
  return value <= 0x7fff_ffffn ? { kind: 'int', value: Number(value) } : { kind: 'long', value }
}

/** ConstantExpression.createFloat: no zero among its numbers. */
function floatingOf(image: string, at: number): Value {
  const value = Number(image)
  if (value === Infinity) throw new Sql92SyntaxError(at, `${shown(image)} is larger than a double can be`)
  if (value === 0)
    throw new Sql92SyntaxError(at, `RocketMQ refuses ${shown(image)}`, 'write 0 without a point')
  return { kind: 'double', value }
}

function unread(source: string, at: number): Sql92SyntaxError {
  const token = tokenAt(source, at)
  const hints: Readonly<Record<string, string>> = {
    LIKE: 'there is no LIKE: use CONTAINS, STARTSWITH or ENDSWITH',
    '+': 'there is no arithmetic: give the message a property with the result',
    '-': 'there is no arithmetic: give the message a property with the result',
    ')': 'a ( is missing before',
  }
  const hint = hints[token.image.toUpperCase()] ?? 'join conditions with AND or OR'
  return new Sql92SyntaxError(at, `the expression is complete before ${shown(token.image)}`, hint)
}

const shownSize = 40

function shown(image: string): string {
  return image.length > shownSize ? `${image.slice(0, shownSize)}…` : image
}

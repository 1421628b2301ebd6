import type { Expression, OrderOperator, TextOperator, Value } from './expression.ts'
import { asNumberLike, compareNumbers, compareTextsAsDoubles, negated } from './java-number.ts'

/** A property's value; null: the message does not have it. */
export type PropertyLookup = (name: string) => string | null

/**
 * Whether a message passes: only when the expression is true. False, unknown and an evaluation that RocketMQ
 * gives up (a property that is no number, compared with one) all keep it out.
 */
export function matchesSql92(expression: Expression, property: PropertyLookup): boolean {
  return evaluate(expression, property) === true
}

/**
 * The value of an expression; null: unknown; undefined: RocketMQ throws here, which ends the whole
 * evaluation. The filter module's expression classes, by their kinds.
 */
export function evaluate(expression: Expression, property: PropertyLookup): Value | undefined {
  switch (expression.kind) {
    case 'constant':
      return expression.value
    case 'property':
      return property(expression.name)
    case 'and':
      return every(expression.operands, property, false)
    case 'or':
      return every(expression.operands, property, true)
    case 'equal': {
      const left = evaluate(expression.left, property)
      if (left === undefined) return undefined
      const right = evaluate(expression.right, property)
      return right === undefined ? undefined : areEqual(left, right)
    }
    case 'order': {
      const left = evaluate(expression.left, property)
      if (left === undefined || left === null) return left
      const right = evaluate(expression.right, property)
      if (right === undefined || right === null) return right
      return inOrder(expression.operator, left, right)
    }
    case 'not': {
      const operand = evaluate(expression.operand, property)
      return typeof operand === 'boolean' ? !operand : operand
    }
    case 'cast': {
      const operand = evaluate(expression.operand, property)
      return operand === undefined || operand === null ? operand : operand === true
    }
    case 'negate': {
      const operand = evaluate(expression.operand, property)
      if (operand === undefined) return undefined
      return typeof operand === 'object' && operand !== null ? negated(operand) : null
    }
    case 'in': {
      const value = property(expression.property)
      return value === null ? null : expression.values.has(value) !== expression.not
    }
    case 'text': {
      // nothing looked for, or looked for in no text: false, with NOT as well
      if (expression.search === '') return false
      const operand = evaluate(expression.operand, property)
      if (typeof operand !== 'string') return operand === undefined ? undefined : false
      return holdsText(operand, expression.operator, expression.search) !== expression.not
    }
  }
}

/** AND stops at the first false, OR at the first true; what they stop before cannot fail any more. */
function every(
  operands: readonly Expression[],
  property: PropertyLookup,
  decisive: boolean,
): boolean | null | undefined {
  let unknown = false
  for (const operand of operands) {
    const value = evaluate(operand, property)
    if (value === decisive || value === undefined) return value
    if (value === null) unknown = true
  }
  return unknown ? null : !decisive
}

/** Not symmetric: an unknown left side is unknown, an unknown right side is false; both are equal. */
function areEqual(left: Value, right: Value): boolean | null | undefined {
  if (left === null) return right === null ? true : null
  if (right === null) return false
  const order = compare(left, right)
  return order === undefined ? undefined : order === 0
}

function inOrder(
  operator: OrderOperator,
  left: Exclude<Value, null>,
  right: Exclude<Value, null>,
): boolean | undefined {
  const bothText = typeof left === 'string' && typeof right === 'string'
  const order = bothText ? compareTextsAsDoubles(left, right) : compare(left, right)
  if (order === undefined) return undefined
  switch (operator) {
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
  }
}

/** ComparisonExpression.__compare: −1 for what cannot be compared, undefined where it throws. */
function compare(left: Exclude<Value, null>, right: Exclude<Value, null>): number | undefined {
  if (typeof left === 'string') {
    if (typeof right === 'string') return left === right ? 0 : left < right ? -1 : 1
    if (typeof right === 'boolean') return Number(left.toLowerCase() === 'true') - Number(right)
    const number = asNumberLike(left, right)
    return number === undefined ? undefined : compareNumbers(number, right)
  }
  if (typeof left === 'boolean') {
    // a text on the right: it casts the wrong side, and ends with ClassCastException
    if (typeof right === 'string') return undefined
    return typeof right === 'boolean' ? Number(left) - Number(right) : -1
  }
  if (typeof right === 'boolean') return -1
  if (typeof right !== 'string') return compareNumbers(left, right)
  const number = asNumberLike(right, left)
  return number === undefined ? undefined : compareNumbers(left, number)
}

function holdsText(text: string, operator: TextOperator, search: string): boolean {
  switch (operator) {
    case 'CONTAINS':
      return text.includes(search)
    case 'STARTSWITH':
      return text.startsWith(search)
    case 'ENDSWITH':
      return text.endsWith(search)
  }
}

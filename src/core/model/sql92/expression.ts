import type { JavaNumber } from './java-number.ts'

/** A filter expression as RocketMQ understands it; what `parseSql92` makes and `evaluate` walks. */
export type Expression =
  | { readonly kind: 'constant'; readonly value: Value }
  | { readonly kind: 'property'; readonly name: string }
  | { readonly kind: 'negate'; readonly operand: Expression }
  | { readonly kind: 'not'; readonly operand: Expression }
  /** A property in the place of a condition. */
  | { readonly kind: 'cast'; readonly operand: Expression }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Expression[] }
  /** IS NULL is equality with the constant NULL. */
  | { readonly kind: 'equal'; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: 'order'
      readonly operator: OrderOperator
      readonly left: Expression
      readonly right: Expression
    }
  | {
      readonly kind: 'in'
      readonly property: string
      readonly values: ReadonlySet<string>
      readonly not: boolean
    }
  | {
      readonly kind: 'text'
      readonly operator: TextOperator
      readonly operand: Expression
      readonly search: string
      readonly not: boolean
    }

export type OrderOperator = '<' | '<=' | '>' | '>='
export type TextOperator = 'CONTAINS' | 'STARTSWITH' | 'ENDSWITH'

/** Null is unknown: the third truth value, and a property that is not there. */
export type Value = string | boolean | null | JavaNumber

/** RocketMQ's BooleanExpression: what may stand where a condition is wanted. A property is cast to one. */
export function isCondition(expression: Expression): boolean {
  switch (expression.kind) {
    case 'constant':
      return expression.value === null || typeof expression.value === 'boolean'
    case 'property':
    case 'negate':
      return false
    default:
      return true
  }
}

/** Names of the properties it looks at, each once. */
export function propertyNames(expression: Expression, names = new Set<string>()): ReadonlySet<string> {
  switch (expression.kind) {
    case 'constant':
      break
    case 'property':
      names.add(expression.name)
      break
    case 'in':
      names.add(expression.property)
      break
    case 'and':
    case 'or':
      for (const operand of expression.operands) propertyNames(operand, names)
      break
    case 'equal':
    case 'order':
      propertyNames(expression.left, names)
      propertyNames(expression.right, names)
      break
    default:
      propertyNames(expression.operand, names)
  }
  return names
}

/** An expression that cannot be understood: where, why, and what to write instead. */
export class Sql92SyntaxError extends Error {
  /** Index into the expression, in UTF-16 units. */
  readonly at: number
  /** What to do; null: the message says it. */
  readonly hint: string | null

  constructor(at: number, what: string, hint: string | null = null) {
    super(`character ${at + 1}: ${what}`)
    this.name = 'Sql92SyntaxError'
    this.at = at
    this.hint = hint
  }
}

const keywords = [
  ...(['NOT', 'AND', 'OR', 'BETWEEN', 'IN', 'TRUE', 'FALSE', 'NULL', 'IS'] as const),
  ...(['CONTAINS', 'STARTSWITH', 'ENDSWITH'] as const),
] as const

type Punctuation = '=' | '<>' | '>' | '>=' | '<' | '<=' | '(' | ')' | ',' | '+' | '-'

export type TokenKind =
  (typeof keywords)[number] | Punctuation | 'name' | 'whole' | 'floating' | 'text' | 'end'

export interface Token {
  readonly kind: TokenKind
  /** As written. */
  readonly image: string
  readonly at: number
}

const keywordOf = new Map<string, TokenKind>(keywords.map((word) => [word, word]))

// SelectorParser.jj's tokens: the longest wins. A line comment ends with its line: without one it is none.
const skipped = /(?:[ \t\n\r\f]|--[^\n\r]*(?:\r\n|\n|\r)|\/\*[^*]*\*(?:\*|[^*/][^*]*\*)*\/)*/y
const patterns: readonly (readonly [TokenKind, RegExp])[] = [
  ['name', /[a-zA-Z_$][a-zA-Z0-9_$]*/y],
  ['floating', /(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+/y],
  ['whole', /0|[1-9]\d*[lL]?/y],
  ['text', /'(?:''|[^'])*'/y],
]
const sign = /<>|>=|<=|[=<>(),+-]/y

/**
 * The token at or behind a place; `end` behind the last. Read one by one: RocketMQ's parser stops at what
 * does not belong to the expression, and never looks at what follows that.
 * @throws Sql92SyntaxError
 */
export function tokenAt(source: string, from: number): Token {
  skipped.lastIndex = from
  skipped.exec(source)
  const at = skipped.lastIndex
  if (at >= source.length) return { kind: 'end', image: '', at: source.length }
  for (const [kind, pattern] of patterns) {
    const image = imageAt(pattern, source, at)
    if (image === null) continue
    const keyword = kind === 'name' ? keywordOf.get(image.toUpperCase()) : undefined
    return { kind: keyword ?? kind, image, at }
  }
  const image = imageAt(sign, source, at)
  if (image !== null) return { kind: image as TokenKind, image, at }
  throw unknownCharacter(source, at)
}

function imageAt(pattern: RegExp, source: string, at: number): string | null {
  pattern.lastIndex = at
  return pattern.exec(source)?.[0] ?? null
}

const instead: Readonly<Record<string, string>> = {
  '"': "text stands in single quotes: 'EU'",
  '!': 'not equal is <>, and no is NOT',
  '&': 'write AND',
  '|': 'write OR',
  '%': 'there is no LIKE: use CONTAINS, STARTSWITH or ENDSWITH',
  '*': 'there is no arithmetic: give the message a property with the result',
  '/': 'a comment ends with */; there is no arithmetic',
  '.': "names have letters, digits, _ and $ only; a message's body has no names here",
}

function unknownCharacter(source: string, at: number): Sql92SyntaxError {
  const character = String.fromCodePoint(source.codePointAt(at)!)
  if (character === "'")
    return new Sql92SyntaxError(at, 'the text that begins here has no end', "a ' in a text is written ''")
  const hint = instead[character] ?? 'names have letters, digits, _ and $ only'
  return new Sql92SyntaxError(at, `${character} means nothing here`, hint)
}

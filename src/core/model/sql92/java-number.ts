/** How Java reads numbers from text and orders them: what decides whether a filter compares or fails. */

/** As java.lang.Integer, Long and Double: a number is compared by the rules of its type. */
export type JavaNumber =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'long'; readonly value: bigint }
  | { readonly kind: 'double'; readonly value: number }

const [intMin, intMax] = [-(2 ** 31), 2 ** 31 - 1]
const [longMin, longMax] = [-(2n ** 63n), 2n ** 63n - 1n]

/** Integer.valueOf; undefined where it throws NumberFormatException. */
export function parseJavaInt(text: string): number | undefined {
  const value = Number(wholeNumber(text))
  return value >= intMin && value <= intMax ? value : undefined
}

/** Long.valueOf */
export function parseJavaLong(text: string): bigint | undefined {
  const digits = wholeNumber(text)
  // BigInt takes its time with thousands of digits
  if (digits === undefined || digits.replace(/^-?0*/, '').length > 19) return undefined
  const value = BigInt(digits)
  return value >= longMin && value <= longMax ? value : undefined
}

/** Digits of any script, no blanks, a sign of either kind; what Number and BigInt read. */
function wholeNumber(text: string): string | undefined {
  // among Java's whole numbers there is no -0
  if (/^-?\d+$/.test(text)) return text.startsWith('-0') && /^-0+$/.test(text) ? '0' : text
  const match = /^([+-]?)(\p{Nd}+)$/u.exec(text)
  // Character.digit looks at single UTF-16 units
  if (match === null || /[\ud800-\udfff]/.test(text)) return undefined
  const digits = match[2]!.replace(/[^0-9]/g, decimalDigit)
  return match[1] === '-' && !/^0+$/.test(digits) ? `-${digits}` : digits
}

/** In Unicode's basic plane the ten digits of a script begin at …0 or at …6. */
function decimalDigit(character: string): string {
  const code = character.charCodeAt(0)
  const row = code & ~15
  return String(/\p{Nd}/u.test(String.fromCharCode(row)) ? code - row : code - row - 6)
}

const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/
const hexadecimal = /^([+-]?)0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?[pP]([+-]?\d+)$/

/** Double.valueOf: blanks around it, a suffix d or f, NaN, Infinity and C99's hexadecimal form. */
export function parseJavaDouble(input: string): number | undefined {
  const text = trimmed(input)
  const last = text.charCodeAt(text.length - 1) | 32
  const number = last === 100 || last === 102 ? text.slice(0, -1) : text
  if (decimal.test(number)) return Number(number)
  const word = /^([+-]?)(NaN|Infinity)$/.exec(text)
  if (word !== null) return word[2] === 'NaN' ? NaN : word[1] === '-' ? -Infinity : Infinity
  // of a hexadecimal number, d and f are digits as well: only the exponent may be followed by a suffix
  const [, sign, whole, fraction = '', exponent] = hexadecimal.exec(number) ?? []
  if (whole === undefined || whole + fraction === '') return undefined
  const magnitude = scaled(BigInt(`0x${whole}${fraction}`), Number(exponent) - 4 * fraction.length)
  return sign === '-' ? -magnitude : magnitude
}

/** String.trim: everything up to the blank, nothing else of Unicode. */
function trimmed(text: string): string {
  let [from, to] = [0, text.length]
  while (from < to && text.charCodeAt(from) <= 32) from++
  while (to > from && text.charCodeAt(to - 1) <= 32) to--
  return text.slice(from, to)
}

/** The double next to mantissa × 2^exponent, ties to even; subnormals lose no second rounding. */
function scaled(mantissa: bigint, exponent: number): number {
  if (mantissa === 0n) return 0
  const bits = mantissa.toString(2).length
  const top = bits + exponent
  if (top > 1024) return Infinity
  if (top < -1074) return 0
  const precision = Math.min(53, top + 1074)
  const dropped = bits - precision
  if (dropped <= 0) return Number(mantissa) * 2 ** exponent
  const shift = BigInt(dropped)
  const rest = mantissa & ((1n << shift) - 1n)
  const half = 1n << (shift - 1n)
  let kept = mantissa >> shift
  if (rest > half || (rest === half && (kept & 1n) === 1n)) kept++
  return Number(kept) * 2 ** (exponent + dropped)
}

/** Double.compare: NaN is the greatest and equal to itself, −0 less than 0. */
function compareDoubles(a: number, b: number): number {
  if (a < b) return -1
  if (a > b) return 1
  if (a === b && a !== 0) return 0
  const rank = (value: number): number => (Number.isNaN(value) ? 2 : Object.is(value, -0) ? 0 : 1)
  return rank(a) - rank(b)
}

/** Below 0, 0 or above; Comparable.compareTo after both were widened to the wider type. */
export function compareNumbers(a: JavaNumber, b: JavaNumber): number {
  if (a.kind === 'double' || b.kind === 'double') return compareDoubles(Number(a.value), Number(b.value))
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0
}

/** Text as a number of the other side's type; undefined where Java throws. */
export function asNumberLike(text: string, other: JavaNumber): JavaNumber | undefined {
  switch (other.kind) {
    case 'int': {
      const value = parseJavaInt(text)
      return value === undefined ? undefined : { kind: 'int', value }
    }
    case 'long': {
      const value = parseJavaLong(text)
      return value === undefined ? undefined : { kind: 'long', value }
    }
    case 'double': {
      const value = parseJavaDouble(text)
      return value === undefined ? undefined : { kind: 'double', value }
    }
  }
}

/** Two texts in an ordering comparison are compared as doubles; undefined where Java throws. */
export function compareTextsAsDoubles(a: string, b: string): number | undefined {
  const [left, right] = [parseJavaDouble(a), parseJavaDouble(b)]
  return left === undefined || right === undefined ? undefined : compareDoubles(left, right)
}

export function negated(number: JavaNumber): JavaNumber {
  // Java's whole numbers have no −0
  if (number.kind === 'int') return { kind: 'int', value: number.value === 0 ? 0 : -number.value }
  if (number.kind === 'long') return { kind: 'long', value: -number.value }
  return { kind: 'double', value: -number.value }
}

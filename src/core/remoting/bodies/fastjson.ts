/**
 * JSON as fastjson writes it: integer keys without quotes (`{0:"a"}`) and whole objects as keys
 * (`{{"brokerName":…}:{…}}`, RocketMQ's Map<MessageQueue,…>). See apache/rocketmq #3389 and #1506.
 */

/** Nesting beyond this is an attack: the deepest body of RocketMQ has seven levels. */
const depthMax = 64

/** How much there may be in a text: what is of no size as bytes may be slow to make, and large. */
export interface ParseLimits {
  readonly values: number
  /** Objects and lists, which are values, too. */
  readonly containers: number
  /** Of one object. */
  readonly members: number
}

const unlimited: ParseLimits = { values: Infinity, containers: Infinity, members: Infinity }

/**
 * Reads both dialects. An object used as a key becomes its own JSON text. @throws SyntaxError, RangeError
 * beyond the limits
 */
export function parseFastjson(text: string, limits = unlimited): unknown {
  const scanner = new Scanner(text, limits)
  scanner.skipBlanks()
  const value = scanner.value(0)
  scanner.skipBlanks()
  if (scanner.at !== text.length) throw scanner.fault('text behind the value')
  return value
}

/**
 * Names come from the network: nothing is inherited, not even a setter. Object.create(null) is six times as
 * slow.
 */
const Members = function () {
  // nothing of its own
} as unknown as new () => Record<string, unknown>
Object.defineProperty(Members, 'prototype', { value: Object.create(null) })

class Scanner {
  readonly #text: string
  readonly #limits: ParseLimits
  #values = 0
  #containers = 0
  #inKey = false
  at = 0

  constructor(text: string, limits: ParseLimits) {
    this.#text = text
    this.#limits = limits
  }

  fault(why: string): SyntaxError {
    return new SyntaxError(`not JSON at ${this.at}: ${why}`)
  }

  skipBlanks(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.at)
      if (code !== 32 && code !== 9 && code !== 10 && code !== 13) return
      this.at++
    }
  }

  value(depth: number): unknown {
    if (depth > depthMax) throw this.fault('nested too deep')
    if (++this.#values > this.#limits.values) this.#exceeds('values')
    const char = this.#text[this.at]
    if (char === '{') return this.#object(depth)
    if (char === '[') return this.#array(depth)
    if (char === '"') return this.#string()
    return this.#literal()
  }

  #exceeds(limit: keyof ParseLimits): never {
    throw new RangeError(`more than ${this.#limits[limit]} ${limit}`)
  }

  #object(depth: number): Record<string, unknown> {
    if (++this.#containers > this.#limits.containers) this.#exceeds('containers')
    const members = new Members()
    let left = this.#limits.members
    this.at++
    this.skipBlanks()
    if (this.#take('}')) return members
    for (;;) {
      if (--left < 0) this.#exceeds('members')
      this.skipBlanks()
      const key = this.#key(depth)
      this.skipBlanks()
      if (!this.#take(':')) throw this.fault('expected ":"')
      this.skipBlanks()
      members[key] = this.value(depth + 1)
      this.skipBlanks()
      if (this.#take('}')) return members
      if (!this.#take(',')) throw this.fault('expected "," or "}"')
    }
  }

  #key(depth: number): string {
    const char = this.#text[this.at]
    if (char === '"') return this.#string()
    if (char === '{') return this.#objectKey(depth)
    const number = this.#match(/-?\d+/y)
    if (number === null) throw this.fault('expected a key')
    return number
  }

  /** A MessageQueue. Not within another one: each level would double the escapes of those in it. */
  #objectKey(depth: number): string {
    if (this.#inKey) throw this.fault('an object as a key of a key')
    this.#inKey = true
    const key = JSON.stringify(this.value(depth + 1))
    this.#inKey = false
    return key
  }

  #array(depth: number): unknown[] {
    if (++this.#containers > this.#limits.containers) this.#exceeds('containers')
    const items: unknown[] = []
    this.at++
    this.skipBlanks()
    if (this.#take(']')) return items
    for (;;) {
      this.skipBlanks()
      items.push(this.value(depth + 1))
      this.skipBlanks()
      if (this.#take(']')) return items
      if (!this.#take(',')) throw this.fault('expected "," or "]"')
    }
  }

  #string(): string {
    const start = this.at
    let plain = true
    for (let i = start + 1; ; i++) {
      const code = this.#text.charCodeAt(i)
      if (Number.isNaN(code)) throw this.fault('a string without end')
      if (code === 0x22) {
        this.at = i + 1
        if (plain) return this.#text.slice(start + 1, i)
        return JSON.parse(this.#text.slice(start, this.at)) as string
      }
      // escapes, and what JSON does not allow
      if (code === 0x5c) i++
      if (code === 0x5c || code < 0x20) plain = false
    }
  }

  #literal(): unknown {
    const digit = this.#loneDigit()
    if (digit !== null) return digit
    const word = this.#match(/true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y)
    if (word === null) throw this.fault('expected a value')
    const value = JSON.parse(word) as unknown
    if (typeof value !== 'number') return value
    return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value))
  }

  /** Most numbers are ids of queues, zeros and ones. */
  #loneDigit(): number | null {
    const digit = this.#text.charCodeAt(this.at) - 0x30
    if (!(digit >= 0 && digit <= 9)) return null
    const next = this.#text.charCodeAt(this.at + 1)
    if (next !== 0x2c && next !== 0x7d && next !== 0x5d) return null
    this.at++
    return digit
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.#text)
    if (found === null) return null
    this.at += found[0].length
    return found[0]
  }

  #take(char: string): boolean {
    if (this.#text[this.at] !== char) return false
    this.at++
    return true
  }
}

/**
 * Writes as fastjson: keys in alphabetical order, null and undefined members left out. A Map with number keys
 * is written without quotes around them, one with object keys with the bare objects.
 */
export function formatFastjson(value: unknown): string {
  if (value instanceof Map) return formatMap(value)
  if (Array.isArray(value)) return `[${value.map(formatFastjson).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const members = value as Record<string, unknown>
    const present = Object.keys(members).filter((key) => members[key] !== undefined && members[key] !== null)
    present.sort()
    return `{${present.map((key) => `${JSON.stringify(key)}:${formatFastjson(members[key])}`).join(',')}}`
  }
  return value === undefined ? 'null' : JSON.stringify(value)
}

function formatMap(map: ReadonlyMap<unknown, unknown>): string {
  const members: string[] = []
  for (const [key, value] of map) {
    const name = typeof key === 'string' ? JSON.stringify(key) : formatFastjson(key)
    members.push(`${name}:${formatFastjson(value)}`)
  }
  return `{${members.join(',')}}`
}

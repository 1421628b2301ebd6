/** What a byte is within a string of JSON. */
const Kind = { text: 0, special: 1, beyondAscii: 2, blank: 4 } as const

const kinds = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return Kind.beyondAscii
  if (byte < 0x20 || byte === 0x22 || byte === 0x5c) return Kind.special
  return byte === 0x20 || byte === 0x7f ? Kind.blank : Kind.text
})

const [quote, comma, colon, blank] = [0x22, 0x2c, 0x3a, 0x20]
const [braceOpen, braceClose, bracketOpen, bracketClose] = [0x7b, 0x7d, 0x5b, 0x5d]
const [body, keys, tag] = ['"body"', '"keys"', '"tag"'].map((name) => Buffer.from(name)) as [
  Buffer,
  Buffer,
  Buffer,
]

/**
 * Reads the JSON objects that most lines of NDJSON are, in the bytes they came in: body, keys and tag at
 * most, each once, strings without escapes. JSON.parse, and bytes made of its string again, cost three times
 * as much. Of everything else it says no, whether it is JSON or not.
 */
export class PlainObject {
  /** Where the body lies. */
  bodyAt = 0
  bodyEnd = 0
  /** Null: there are none. Each is ASCII, without blanks and control characters, and not empty. */
  keys: string[] | null = null
  /** Null: there is none. */
  tag: string | null = null
  #source: Buffer = Buffer.alloc(0)
  /** Where the reading has come to. */
  #at = 0
  #end = 0
  /** Where the string begins that was read last, and the kinds of its bytes. */
  #stringAt = 0
  #stringKinds = 0

  /** @param source UTF-8 @returns false: it is something else */
  read(source: Buffer, at: number, end: number): boolean {
    this.#source = source
    this.#at = at
    this.#end = end
    this.bodyAt = -1
    this.keys = this.tag = null
    if (!this.#takes(braceOpen)) return false
    do if (!this.#field()) return false
    while (this.#takes(comma))
    return this.#takes(braceClose) && this.#at === end && this.bodyAt !== -1
  }

  #field(): boolean {
    if (this.#takesName(body)) {
      if (this.bodyAt !== -1 || !this.#string()) return false
      this.bodyAt = this.#stringAt
      this.bodyEnd = this.#at - 1
      return true
    }
    if (this.#takesName(keys)) return this.keys === null && this.#keys()
    if (!this.#takesName(tag) || this.tag !== null || !this.#string()) return false
    this.tag = this.#source.toString('utf8', this.#stringAt, this.#at - 1)
    return true
  }

  #keys(): boolean {
    const read: string[] = (this.keys = [])
    if (!this.#takes(bracketOpen)) return false
    if (this.#takes(bracketClose)) return true
    do {
      if (!this.#string() || this.#stringKinds !== Kind.text || this.#stringAt === this.#at - 1) return false
      read.push(this.#source.toString('latin1', this.#stringAt, this.#at - 1))
    } while (this.#takes(comma))
    return this.#takes(bracketClose)
  }

  #string(): boolean {
    if (!this.#takes(quote)) return false
    const source = this.#source
    const end = this.#end
    let seen = 0
    let i = (this.#stringAt = this.#at)
    for (; i < end; i++) {
      const kind = kinds[source[i]!]!
      if (kind === Kind.special) break
      seen |= kind
    }
    this.#stringKinds = seen
    this.#at = i + 1
    return i < end && source[i] === quote
  }

  /** A field's name, with what follows it. */
  #takesName(name: Buffer): boolean {
    this.#skipBlanks()
    const nameAt = this.#at
    if (nameAt + name.length > this.#end) return false
    for (let i = 0; i < name.length; i++) if (this.#source[nameAt + i] !== name[i]) return false
    this.#at += name.length
    if (this.#takes(colon)) return true
    this.#at = nameAt
    return false
  }

  #takes(byte: number): boolean {
    this.#skipBlanks()
    if (this.#at >= this.#end || this.#source[this.#at] !== byte) return false
    this.#at++
    return true
  }

  #skipBlanks(): void {
    while (this.#at < this.#end && this.#source[this.#at] === blank) this.#at++
  }
}

import { isUtf8 } from 'node:buffer'

/** What JSON does with a byte of a string's UTF-8. */
const Kind = { plain: 0, escaped: 1, beyondAscii: 2 } as const

const kinds = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return Kind.beyondAscii
  return byte < 0x20 || byte === 0x22 || byte === 0x5c ? Kind.escaped : Kind.plain
})
const escapes = Array.from({ length: 0x80 }, (_, code) =>
  Buffer.from(JSON.stringify(String.fromCharCode(code)).slice(1, -1)),
)
const hexDigits = Buffer.from('0123456789ABCDEF')

const [quote, zero, minus, dot] = [0x22, 0x30, 0x2d, 0x2e]
const billion = 1_000_000_000
/** Bytes of JSON that a byte of text becomes at most: a control character is \\u00XX. */
export const jsonGrowth = 6

/** From so many plain bytes on a look at them and one copy cost less than byte by byte. */
const copiedFrom = 48

function isPlain(source: Buffer, from: number, end: number): boolean {
  let seen = 0
  let i = from
  for (; i + 4 <= end; i += 4)
    seen |= kinds[source[i]!]! | kinds[source[i + 1]!]! | kinds[source[i + 2]!]! | kinds[source[i + 3]!]!
  for (; i < end; i++) seen |= kinds[source[i]!]!
  return seen === Kind.plain
}

/** JSON as bytes: no string is made of what is bytes already. The caller makes room. */
export class JsonBytes {
  readonly bytes: Buffer
  at = 0

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size)
  }

  /** What was written, until something else is. */
  taken(): Buffer {
    const { at } = this
    this.at = 0
    return this.bytes.subarray(0, at)
  }

  piece(piece: Uint8Array): void {
    const { bytes } = this
    let { at } = this
    for (let i = 0; i < piece.length; i++) bytes[at++] = piece[i]!
    this.at = at
  }

  /** ASCII only. */
  ascii(text: string): void {
    this.at += this.bytes.write(text, this.at, 'latin1')
  }

  /** A string of these UTF-8 bytes. @returns false: they are no UTF-8, and nothing was written */
  string(source: Buffer, from: number, end: number): boolean {
    const { bytes, at: begin } = this
    let at = begin
    bytes[at++] = quote
    if (end - from >= copiedFrom && isPlain(source, from, end)) {
      at += source.copy(bytes, at, from, end)
      bytes[at++] = quote
      this.at = at
      return true
    }
    let seenUtf8 = false
    for (let i = from; i < end; i++) {
      const byte = source[i]!
      const kind = kinds[byte]!
      if (kind === Kind.escaped) {
        const escape = escapes[byte]!
        for (let j = 0; j < escape.length; j++) bytes[at++] = escape[j]!
        continue
      }
      if (kind === Kind.beyondAscii && !seenUtf8) {
        if (!isUtf8(source.subarray(from, end))) return false
        seenUtf8 = true
      }
      bytes[at++] = byte
    }
    bytes[at++] = quote
    this.at = at
    return true
  }

  /** A safe integer. */
  integer(value: number): void {
    let rest = value
    if (rest < 0) {
      this.bytes[this.at++] = minus
      rest = -rest
    }
    if (rest < billion) return this.#digits(rest, 1)
    const high = Math.floor(rest / billion)
    this.#digits(high, 1)
    this.#digits(rest - high * billion, 9)
  }

  /** @param value below 2^31 */
  #digits(value: number, atLeast: number): void {
    let count = 1
    for (let bound = 10; bound <= value; bound *= 10) count++
    count = Math.max(count, atLeast)
    const { bytes, at } = this
    let rest = value | 0
    for (let i = at + count - 1; i >= at; i--) {
      const next = (rest / 10) | 0
      bytes[i] = zero + rest - next * 10
      rest = next
    }
    this.at = at + count
  }

  /** Upper-case hex, without quotes. */
  hex(source: Uint8Array, from: number, end: number): void {
    const { bytes } = this
    let { at } = this
    for (let i = from; i < end; i++) {
      const byte = source[i]!
      bytes[at++] = hexDigits[byte >> 4]!
      bytes[at++] = hexDigits[byte & 15]!
    }
    this.at = at
  }

  /** `"1.2.3.4:5"` */
  hostV4(source: Buffer, at: number): void {
    this.bytes[this.at++] = quote
    for (let i = 0; i < 4; i++) {
      if (i > 0) this.bytes[this.at++] = dot
      this.#digits(source[at + i]!, 1)
    }
    this.bytes[this.at++] = 0x3a
    this.integer(source.readInt32BE(at + 4))
    this.bytes[this.at++] = quote
  }
}

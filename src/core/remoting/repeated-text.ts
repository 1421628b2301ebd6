/** Longer texts are rarely the same twice. */
const sizeMax = 127
/** One of so many that differ from the one before is kept: a field that always differs costs no copies. */
const keptOf = 8

/**
 * Text of a field that mostly says what it said before: topics, groups. The same bytes give the very same
 * string, which maps find sooner as well.
 */
export class RepeatedText {
  readonly #bytes = Buffer.alloc(sizeMax)
  #size = -1
  #text = ''
  #others = 0

  of(source: Buffer, at: number, end: number): string {
    if (this.#holds(source, at, end)) return this.#text
    const text = source.toString('utf8', at, end)
    if (end - at <= sizeMax && this.#others++ % keptOf === 0) {
      source.copy(this.#bytes, 0, at, end)
      this.#size = end - at
      this.#text = text
    }
    return text
  }

  #holds(source: Buffer, at: number, end: number): boolean {
    const size = end - at
    if (size !== this.#size) return false
    for (let i = 0; i < size; i++) if (this.#bytes[i] !== source[at + i]) return false
    return true
  }
}

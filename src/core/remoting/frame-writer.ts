const digitZero = 48
const quote = 34
const backslash = 92
/** Longer text is written by Node: below, the call costs more than a loop. */
const loopMax = 64

/**
 * Frames on their way out, one behind the other in one buffer: what a turn answers goes out with one write.
 * Makes room as it goes; who wrote half a frame sets `at` back.
 */
export class FrameWriter {
  bytes: Buffer
  /** Behind what is written. */
  at = 0
  /** A body that is sent behind `bytes` from where it lies; nothing can be put behind it. */
  apart: Buffer | null = null
  readonly #apartMin: number

  /** @param apartMin bodies of so many bytes stay where they are; nobody may change them then */
  constructor(bytes: Buffer, apartMin = Infinity) {
    this.bytes = bytes
    this.#apartMin = apartMin
  }

  /** The end of a frame. */
  putBody(body: Buffer): void {
    if (body.length < this.#apartMin) this.put(body)
    else this.apart = body
  }

  /** Room for so many bytes at `at`. */
  reserve(length: number): void {
    const wanted = this.at + length
    if (wanted <= this.bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(wanted, this.bytes.length * 2))
    this.bytes.copy(grown, 0, 0, this.at)
    this.bytes = grown
  }

  put(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  putI8(value: number): void {
    this.reserve(1)
    this.bytes[this.at++] = value
  }

  putI32(value: number): void {
    this.reserve(4)
    this.setI32(this.at, value)
    this.at += 4
  }

  /** Writes over what is there: lengths are known afterwards. */
  setI32(at: number, value: number): void {
    const { bytes } = this
    bytes[at] = value >>> 24
    bytes[at + 1] = value >>> 16
    bytes[at + 2] = value >>> 8
    bytes[at + 3] = value
  }

  /** Text as UTF-8. */
  putText(text: string): void {
    const { length } = text
    this.reserve(length * 3)
    const { bytes, at } = this
    let i = 0
    if (length <= loopMax) {
      for (; i < length; i++) {
        const code = text.charCodeAt(i)
        if (code > 0x7f) break
        bytes[at + i] = code
      }
    }
    this.at = at + (i === length ? length : bytes.write(text, at, 'utf8'))
  }

  /** What stands between the quotes of a JSON string. */
  putJsonText(text: string): void {
    let isPlain = true
    for (let i = 0; isPlain && i < text.length; i++) {
      const code = text.charCodeAt(i)
      isPlain = code >= 0x20 && code !== quote && code !== backslash && (code < 0xd800 || code > 0xdfff)
    }
    this.putText(isPlain ? text : JSON.stringify(text).slice(1, -1))
  }

  /** A safe integer in decimal digits. */
  putInteger(value: number): void {
    if (value < 0) return this.putText(String(value))
    let size = 1
    for (let power = 10; power <= value; power *= 10) size++
    this.reserve(size)
    const { bytes, at } = this
    let rest = value
    let i = size - 1
    for (; rest > 0x7fffffff; i--) {
      const shorter = Math.floor(rest / 10)
      bytes[at + i] = digitZero + (rest - shorter * 10)
      rest = shorter
    }
    for (; i >= 0; i--) {
      const shorter = (rest / 10) | 0
      bytes[at + i] = digitZero + (rest - shorter * 10)
      rest = shorter
    }
    this.at = at + size
  }
}

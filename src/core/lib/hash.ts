/** Java's String.hashCode, 32 bits signed: tag hashes in consume queues are made with it. */
export function javaHash(text: string): number {
  return javaHashIn(text, 0, text.length)
}

/** The same of a part of a text. */
export function javaHashIn(text: string, at: number, end: number): number {
  let hash = 0
  for (let i = at; i < end; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return hash
}

/**
 * Bits of `keyHash`: with 16 for a place in a run they fill a double exactly, so that one native sort orders
 * both.
 */
export const keyHashBits = 37

/**
 * Hashes of texts that begin alike: what they begin with is taken in once. With 20 million keys in a store,
 * one look-up in 7,000 reads a record that has another key.
 */
export class KeyHash {
  readonly prefix: string
  readonly #high: number
  readonly #low: number

  constructor(prefix: string) {
    this.prefix = prefix
    let [high, low] = [0x9e3779b1, 0x85ebca6b]
    for (let i = 0; i < prefix.length; i++) {
      const code = prefix.charCodeAt(i)
      high = Math.imul(high ^ code, 0x9e3779b1)
      low = Math.imul(low ^ code, 0x5f356495)
    }
    this.#high = high
    this.#low = low
  }

  /** Of the prefix and a part of a text. */
  of(text: string, at = 0, end = text.length): number {
    let high = this.#high
    let low = this.#low
    for (let i = at; i < end; i++) {
      const code = text.charCodeAt(i)
      high = Math.imul(high ^ code, 0x9e3779b1)
      low = Math.imul(low ^ code, 0x5f356495)
    }
    high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35)
    low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35)
    return (high >>> (64 - keyHashBits)) * 0x1_0000_0000 + (low >>> 0)
  }
}

/** Java's String.hashCode, 32 bits signed: tag hashes in consume queues are made with it. */
export function javaHash(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return hash
}

/**
 * Bits of `keyHash`: with 16 for a place in a run they fill a double exactly, so that one native sort orders
 * both.
 */
export const keyHashBits = 37

/** With 20 million keys in a store, one look-up in 7,000 reads a record that has another key. */
export function keyHash(text: string): number {
  let high = 0x9e3779b1
  let low = 0x85ebca6b
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    high = Math.imul(high ^ code, 0x9e3779b1)
    low = Math.imul(low ^ code, 0x5f356495)
  }
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35)
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35)
  return (high >>> (64 - keyHashBits)) * 0x1_0000_0000 + (low >>> 0)
}

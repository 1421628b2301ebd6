import { keyHashBits } from './hash.ts'

/** Below so many the native sort is faster: the counts of a pass cost as much as hundreds of hashes. */
const countedFrom = 4096
/** Shift and mask of each pass over the lower 32 bits; the last one takes what is above. */
const passes = [
  [0, 0x7ff],
  [11, 0x7ff],
  [22, 0x3ff],
] as const

/**
 * The places of `keyHash`es in ascending order, equal ones as they came: up to 65,536. Counted digit by digit
 * it costs a third of the native sort of numbers.
 */
export function orderOf(hashes: ArrayLike<number>): Uint16Array {
  return hashes.length < countedFrom ? compared(hashes) : counted(hashes)
}

function compared(hashes: ArrayLike<number>): Uint16Array {
  // hash and place in one double: sorted without a comparator
  const sorted = new Float64Array(hashes.length)
  for (let i = 0; i < sorted.length; i++) sorted[i] = hashes[i]! * 0x1_0000 + i
  sorted.sort()
  const order = new Uint16Array(hashes.length)
  for (let i = 0; i < order.length; i++) order[i] = sorted[i]! >>> 0
  return order
}

function counted(hashes: ArrayLike<number>): Uint16Array {
  const count = hashes.length
  const low = new Uint32Array(count)
  const high = new Uint32Array(count)
  let from = new Uint16Array(count)
  let to = new Uint16Array(count)
  for (let i = 0; i < count; i++) {
    const hash = hashes[i]!
    low[i] = hash >>> 0
    high[i] = hash / 0x1_0000_0000
    from[i] = i
  }
  const ends = new Uint32Array(0x800)
  const pass = (keys: Uint32Array, shift: number, mask: number): void => {
    ends.fill(0, 0, mask + 1)
    for (let i = 0; i < count; i++) ends[(keys[i]! >>> shift) & mask]!++
    for (let digit = 0, end = 0; digit <= mask; digit++) {
      const begin = end
      end += ends[digit]!
      ends[digit] = begin
    }
    for (let i = 0; i < count; i++) {
      const place = from[i]!
      to[ends[(keys[place]! >>> shift) & mask]!++] = place
    }
    ;[from, to] = [to, from]
  }
  for (const [shift, mask] of passes) pass(low, shift, mask)
  pass(high, 0, 2 ** (keyHashBits - 32) - 1)
  return from
}

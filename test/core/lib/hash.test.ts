import assert from 'node:assert/strict'
import fc from 'fast-check'
import { javaHash, javaHashIn, KeyHash, keyHashBits } from '../../../src/core/lib/hash.ts'

describe('javaHash', () => {
  it('is String.hashCode', () => {
    // printed by Java
    const known: Record<string, number> = {
      '': 0,
      TagA: 2598919,
      TagB: 2598920,
      größe: 98762257,
      名: 21517,
      '😀': 1772899,
      polygenelubricants: -2147483648,
    }
    for (const [text, hash] of Object.entries(known)) {
      assert.equal(javaHash(text), hash, text)
      assert.equal(javaHashIn(`x${text}yy`, 1, 1 + text.length), hash, text)
    }
  })
})

describe('KeyHash', () => {
  const keyHash = (text: string): number => new KeyHash('').of(text)

  it('has its bits, and collides over similar keys no more than chance would', () => {
    const seen = new Set<number>()
    let count = 0
    for (let i = 0; i < 100_000; i++) {
      for (const key of [`${i}`, `order-${i}`]) {
        const hash = keyHash(key)
        assert.ok(Number.isInteger(hash) && hash >= 0 && hash < 2 ** keyHashBits)
        seen.add(hash)
        count++
      }
    }
    // 2 * 10^10 pairs over 2^37 values: 0.15 expected
    assert.ok(count - seen.size <= 2, `${count - seen.size} collisions`)
  })

  it('spreads similar keys evenly: by its high bits, runs are sorted by them, and by its low bits', () => {
    const buckets = 256
    const keys = 256 * 400
    const high = new Array<number>(buckets).fill(0)
    const low = new Array<number>(buckets).fill(0)
    for (let i = 0; i < keys; i++) {
      const hash = keyHash(`key${i}`)
      high[Math.floor(hash / 2 ** (keyHashBits - 8))]!++
      low[hash % buckets]!++
    }
    for (const counts of [high, low]) {
      const chiSquared = counts.reduce((sum, count) => sum + (count - 400) ** 2 / 400, 0)
      // 255 degrees of freedom: mean 255, standard deviation 22.6
      assert.ok(chiSquared < 255 + 6 * 22.6, `chi squared ${chiSquared}`)
    }
  })

  it('is the same wherever a text is parted', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (head, text, tail) => {
        assert.equal(new KeyHash(head).of(`${tail}${text}`, tail.length), keyHash(head + text))
        assert.equal(
          new KeyHash('').of(head + text + tail, 0, head.length + text.length),
          keyHash(head + text),
        )
      }),
    )
  })

  it('tells names and keys apart that share characters', () => {
    assert.notEqual(keyHash('ab'), keyHash('ba'))
    assert.notEqual(keyHash(''), keyHash('\u0000'))
    assert.notEqual(keyHash('a#b#c'), keyHash('a#bc#'))
  })
})

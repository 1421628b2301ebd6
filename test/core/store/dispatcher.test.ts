import assert from 'node:assert/strict'
import fc from 'fast-check'
import { javaHash } from '../../../src/core/lib/hash.ts'
import { dedupIndexKey } from '../../../src/core/model/dedup.ts'
import { deliverTime, scheduleTopic } from '../../../src/core/model/delay-level.ts'
import { parseProperties } from '../../../src/core/model/properties.ts'
import { indexedProperties, topicKeyHash } from '../../../src/core/store/dispatcher.ts'

/** The same, by way of all properties. */
function expected(topic: string, section: string): { keys: string[]; tagsCode: number } {
  const { UNIQ_KEY, KEYS, TAGS, DEDUP_KEY, DELAY } = parseProperties(section)
  const keys = [UNIQ_KEY, DEDUP_KEY === undefined ? undefined : dedupIndexKey(DEDUP_KEY)]
  const words = (KEYS ?? '').split(' ').filter((word) => word !== '')
  const level = Number(DELAY ?? 0)
  const isDelayed = topic === scheduleTopic && Number.isInteger(level) && level > 0
  return {
    keys: [...keys.filter((key) => key !== undefined), ...words],
    tagsCode: isDelayed ? deliverTime(level, 1000) : TAGS === undefined ? 0 : javaHash(TAGS),
  }
}

describe('indexedProperties', () => {
  it('finds in any section what reading all of it would', () => {
    const name = fc.constantFrom('UNIQ_KEY', 'KEYS', 'TAGS', 'DEDUP_KEY', 'DELAY', 'XKEYS', 'KEYSX', 'a', '')
    const value = fc.oneof(fc.string(), fc.constantFrom('', 'a b', ' a  b ', '3', 'KEYS', '\u0001', 'ключ'))
    const separator = fc.constantFrom('\u0001', '\u0001', '\u0001', '', '\u0001\u0001')
    const end = fc.constantFrom('\u0002', '\u0002', '\u0002', '\u0002\u0002', '')
    const section = fc
      .array(fc.tuple(name, separator, value, end).map((parts) => parts.join('')))
      .map((pairs) => pairs.join(''))
    fc.assert(
      fc.property(fc.constantFrom('t', 'other', scheduleTopic), section, (topic, properties) => {
        const hashes: number[] = []
        const tagsCode = indexedProperties(topic, properties, 1000, (hash) => hashes.push(hash))
        const wanted = expected(topic, properties)
        assert.deepEqual(
          hashes,
          wanted.keys.map((key) => topicKeyHash(topic, key)),
        )
        assert.equal(tagsCode, wanted.tagsCode)
      }),
      { numRuns: 1000 },
    )
  })

  it('gives the same key of two topics two hashes', () => {
    assert.notEqual(topicKeyHash('a', 'key'), topicKeyHash('b', 'key'))
    assert.notEqual(topicKeyHash('a#b', 'c'), topicKeyHash('a', 'bc'))
  })
})

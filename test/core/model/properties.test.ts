import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  breaksProperties,
  formatProperties,
  parseProperties,
  propertyReader,
} from '../../../src/core/model/properties.ts'

const storable = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 8 })
  .filter((text) => !breaksProperties(text))
/** Few names that contain one another, so that wrong look-ups meet. */
const name = fc.oneof(fc.constantFrom('KEYS', 'XKEYS', 'KEY', 'S', '__proto__', 'constructor'), storable)

describe('properties', () => {
  it('come back as they were formatted', () => {
    fc.assert(
      fc.property(fc.dictionary(name, storable, { noNullPrototype: false }), (properties) => {
        assert.deepEqual({ ...parseProperties(formatProperties(properties)) }, { ...properties })
      }),
    )
  })

  it('keep names that JavaScript objects know', () => {
    const properties = parseProperties('__proto__\u0001a\u0002constructor\u0001b\u0002')
    assert.deepEqual(Object.entries(properties), [
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ])
    assert.equal(({} as Record<string, unknown>)['a'], undefined)
  })

  it('are read one by one as all at once, whatever the section', () => {
    const piece = fc.oneof(
      fc.constantFrom('\u0001', '\u0002', 'KEYS', 'XKEYS', 'K', 'v', ''),
      fc.tuple(name, storable).map(([key, value]) => `${key}\u0001${value}\u0002`),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const section = pieces.join('')
        const all = parseProperties(section)
        for (const each of [...Object.keys(all), 'KEYS', 'XKEYS', 'K', 'S', 'v']) {
          assert.equal(propertyReader(each)(section), all[each] ?? null, JSON.stringify(section))
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('drop pieces without name or value and take a section that lacks its last separator', () => {
    assert.deepEqual(
      { ...parseProperties('a\u00011\u0002\u0001x\u0002b\u0001\u0002c\u0002d\u00012') },
      { a: '1', d: '2' },
    )
    assert.equal(propertyReader('d')('a\u00011\u0002d\u00012'), '2')
    assert.deepEqual({ ...parseProperties('') }, {})
  })

  it('say which texts cannot be stored', () => {
    assert.ok(breaksProperties('a\u0001'))
    assert.ok(breaksProperties('\u0002a'))
    assert.ok(!breaksProperties('a\u0003\n"'))
  })
})

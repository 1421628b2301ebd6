import assert from 'node:assert/strict'
import { parseProperties } from '../../../src/core/lib/java-properties.ts'

describe('parseProperties', () => {
  it('reads what java.util.Properties reads', () => {
    const text =
      '# a comment\nname=value\r\n! another\n\nspaced : out\nuni\\u0063ode=\\u00e4\nlong=a \\\n  b\nname=last\n'
    assert.deepEqual({ ...parseProperties(text) }, { name: 'last', spaced: 'out', unicode: 'ä', long: 'a b' })
  })

  it('takes the names that objects know for names like any other', () => {
    const properties = parseProperties('__proto__=1\nconstructor=2\ntoString=3')
    assert.deepEqual(Object.entries(properties), [
      ['__proto__', '1'],
      ['constructor', '2'],
      ['toString', '3'],
    ])
    assert.equal(({} as Record<string, unknown>)['1'], undefined)
  })
})

import assert from 'node:assert/strict'
import { parseTags } from '../../../src/core/model/tag-expression.ts'

describe('parseTags', () => {
  it('has null for all tags, else the tags', () => {
    for (const all of ['*', ' * ', '', '  ']) assert.equal(parseTags(all), null)
    assert.deepEqual(parseTags('a'), ['a'])
    assert.deepEqual(parseTags(' a || b ||c d'), ['a', 'b', 'c d'])
    assert.deepEqual(parseTags('||a||'), ['a'])
    assert.deepEqual(parseTags('a|b'), ['a|b'])
  })

  it('has no tags for an expression without one', () => {
    for (const none of ['||', ' || || ']) assert.deepEqual(parseTags(none), [])
  })
})

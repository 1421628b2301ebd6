import assert from 'node:assert/strict'
import { JsonObject } from '../../../../src/core/remoting/bodies/codecs.ts'

describe('JsonObject', () => {
  it('reads numbers and booleans as text, and text as numbers, as fastjson does', () => {
    const from = new JsonObject({ text: 5, number: '7', texts: ['a', 1, true], numbers: [1, '2'] })
    assert.equal(from.text('text'), '5')
    assert.equal(from.number('number'), 7)
    assert.deepEqual(from.texts('texts'), ['a', '1', 'true'])
    assert.deepEqual(from.numbers('numbers'), [1, 2])
    assert.deepEqual(from.texts('absent'), [])
  })

  it('refuses what is none, in lists too', () => {
    for (const item of [null, {}, [], [1]]) {
      const from = new JsonObject({ list: ['1', item], one: item })
      assert.throws(() => from.texts('list'), TypeError)
      assert.throws(() => from.numbers('list'), TypeError)
      if (item === null) continue
      assert.throws(() => from.text('one'), TypeError)
      assert.throws(() => from.number('one'), TypeError)
    }
    for (const item of ['', ' ', 'x', true]) {
      const from = new JsonObject({ list: [item], one: item })
      assert.throws(() => from.numbers('list'), TypeError)
      assert.throws(() => from.number('one'), TypeError)
    }
    assert.throws(() => new JsonObject({ list: 'a' }).texts('list'), TypeError)
  })
})

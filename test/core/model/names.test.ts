import assert from 'node:assert/strict'
import fc from 'fast-check'
import { groupNameFault, topicNameFault } from '../../../src/core/model/names.ts'

const hostile = [
  '',
  ' ',
  '../../../../topic2020',
  'a/b',
  'a\\b',
  'a.b',
  'a b',
  'a\u0000',
  'a\n',
  '%2e%2e/',
  'größe',
  'аdmin', // a Cyrillic а
  'topic＿', // a full-width low line
  '__proto__.x',
]

describe('topicNameFault', () => {
  it('takes what TopicValidator takes', () => {
    for (const name of ['t', 'a-b_C|9', '%RETRY%g', '__proto__', 'CON', 't'.repeat(127)]) {
      assert.equal(topicNameFault(name), null, name)
    }
  })

  it('refuses every other character, in RocketMQ’s words', () => {
    for (const name of hostile) assert.notEqual(topicNameFault(name), null, JSON.stringify(name))
    assert.equal(topicNameFault(' '), 'The specified topic is blank.')
    // the remark of a 5.5.0 broker, test/golden/wire/json.ndjson
    assert.equal(
      topicNameFault('bad topic'),
      'The specified topic: bad topic, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$',
    )
  })

  it('knows the length of plain, retry and dead-letter topics', () => {
    assert.equal(
      topicNameFault('t'.repeat(128)),
      `The specified topic: ${'t'.repeat(128)}, is longer than topic max length: 127`,
    )
    for (const prefix of ['%RETRY%', '%DLQ%']) {
      assert.equal(topicNameFault(prefix + 'g'.repeat(255 - prefix.length)), null)
      const long = prefix + 'g'.repeat(256 - prefix.length)
      assert.equal(
        topicNameFault(long),
        `The specified topic is DLQ or Retry topic: ${long}, and it's longer than topic max length: 255`,
      )
    }
  })

  it('lets nothing through that is no plain file name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (name) => {
        if (topicNameFault(name) === null) assert.match(name, /^[%|a-zA-Z0-9_-]{1,127}$/)
      }),
    )
  })
})

describe('groupNameFault', () => {
  it('takes what Validators.checkGroup takes, up to 120 characters', () => {
    for (const name of ['g', 'CID_ONS-HTTP-PROXY', 'g'.repeat(120)]) assert.equal(groupNameFault(name), null)
    assert.match(groupNameFault('g'.repeat(121))!, /longer than group max length: 120/)
    for (const name of hostile) assert.notEqual(groupNameFault(name), null, JSON.stringify(name))
  })
})

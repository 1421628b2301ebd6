import assert from 'node:assert/strict'
import type { Message } from '../../src/core/model/message.ts'
import { compileMessageFormat } from '../../src/output/message-format.ts'

const message = {
  topic: 'orders',
  brokerName: 'broker-a',
  queueId: 3,
  queueOffset: 7,
  keys: ['k1', 'k2'],
  tag: null,
  properties: { price: '10', KEYS: 'k1 k2' },
  body: Buffer.from([0xff, 0x00, 0x25]),
  storeTimestamp: 1,
  bornTimestamp: 2,
  msgId: 'AB',
  offsetMsgId: 'CD',
  reconsumeTimes: 0,
} as unknown as Message

const formatted = (source: string): string => compileMessageFormat(source)(message).toString('latin1')

describe('compileMessageFormat', () => {
  it('fills in what kcat has letters for', () => {
    assert.equal(formatted('%t[%q]@%o %k\\n'), 'orders[3]@7 k1 k2\n')
    assert.equal(formatted('%n %g|%S %T %B %i %I %r %%'), 'broker-a |3 1 2 AB CD 0 %')
  })

  it('writes bodies byte for byte', () => {
    assert.deepEqual(compileMessageFormat('<%b>')(message), Buffer.from([0x3c, 0xff, 0x00, 0x25, 0x3e]))
  })

  it('writes all properties, or one, or nothing for one that is not there', () => {
    assert.equal(formatted('%P'), '{"price":"10","KEYS":"k1 k2"}')
    assert.equal(formatted('%P{price}/%P{nope}/%P{toString}'), '10//')
  })

  it('knows escapes', () => assert.equal(formatted('a\\tb\\0\\\\\\x7f\\r'), 'a\tb\0\\\x7f\r'))

  for (const source of ['%z', '%', '%P{price', 'a\\q', '\\', '\\xg0', '%toString'.replace('t', 'c')])
    it(`refuses ${source}`, () => assert.throws(() => compileMessageFormat(source), { code: 'MQ_USAGE' }))
})

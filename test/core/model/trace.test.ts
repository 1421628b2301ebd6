import assert from 'node:assert/strict'
import { decodeTraces } from '../../../src/core/model/trace.ts'

const line = (...fields: readonly (string | number | boolean)[]): string => `${fields.join('\u0001')}\u0002`

describe('decodeTraces', () => {
  it('reads what was sent and consumed, and passes over the rest', () => {
    const body = [
      line(
        'Pub',
        1000,
        'DefaultRegion',
        'pg',
        'orders',
        'ID1',
        'A',
        'k',
        '127.0.0.1:1',
        4,
        7,
        0,
        'OFF',
        true,
      ),
      line('Pub', 1000, 'DefaultRegion', 'pg', 'orders', 'ID0', 'A', 'k', '127.0.0.1:1', 4, 7, 0, false),
      line('SubBefore', 1001, 'DefaultRegion', 'cg', 'request', 'ID1', 0, 'k'),
      line('SubAfter', 'request', 'ID1', 3, false, 'k', 0, 1004, 'cg'),
      line('SubAfter', 'request', 'ID1', 3, true, 'k', 0),
      line('Recall', 1, 'r', 'pg', 'orders', 'ID1', true),
      line('nonsense'),
    ].join('')
    assert.deepEqual(decodeTraces(Buffer.from(body)), [
      { type: 'Pub', msgId: 'ID1', group: 'pg', timestamp: 1000, costMs: 7, success: true },
      { type: 'Pub', msgId: 'ID0', group: 'pg', timestamp: 1000, costMs: 7, success: false },
      { type: 'Sub', msgId: 'ID1', group: 'cg', timestamp: 1004, costMs: 3, success: false },
      { type: 'Sub', msgId: 'ID1', group: '', timestamp: 0, costMs: 3, success: true },
    ])
    assert.deepEqual(decodeTraces(Buffer.alloc(0)), [])
  })
})

import assert from 'node:assert/strict'
import { parsePosition } from '../../src/command-line/position.ts'

const now = 1_700_000_000_000

describe('parsePosition', () => {
  for (const [text, position] of [
    ['earliest', { kind: 'earliest' }],
    ['begin', { kind: 'earliest' }],
    [' END ', { kind: 'latest' }],
    ['0', { kind: 'offset', offset: 0 }],
    ['42', { kind: 'offset', offset: 42 }],
    ['-10', { kind: 'last', count: 10 }],
    ['@now', { kind: 'time', time: now }],
    ['@-2h', { kind: 'time', time: now - 7_200_000 }],
    ['@-90s', { kind: 'time', time: now - 90_000 }],
    ['@1234', { kind: 'time', time: 1234 }],
    ['@2026-11-24T10:00:00Z', { kind: 'time', time: Date.UTC(2026, 10, 24, 10) }],
    ['@2026-11-24T10:00', { kind: 'time', time: new Date(2026, 10, 24, 10).getTime() }],
  ] as const) {
    it(`reads ${text}`, () => assert.deepEqual(parsePosition(text, now), position))
  }

  for (const text of [
    '',
    'nope',
    '@',
    '@-',
    '@-2x',
    '@yesterday',
    '1.5',
    '1e3',
    '--3',
    '9007199254740993',
    'toString',
  ])
    it(`refuses "${text}"`, () => assert.throws(() => parsePosition(text, now), { code: 'MQ_USAGE' }))
})

import assert from 'node:assert/strict'
import { isoTime } from '../../src/command-line/iso-time.ts'

describe('isoTime', () => {
  const local = (...parts: [number, number, number, number?, number?]): number => new Date(...parts).getTime()

  for (const [text, time] of [
    ['2026-11-24T10:00Z', Date.UTC(2026, 10, 24, 10)],
    ['2026-11-24T10:00:01.5+02:00', Date.UTC(2026, 10, 24, 8, 0, 1, 500)],
    ['2026-11-24T10:00', local(2026, 10, 24, 10)],
    ['2026-11-24 10:00', local(2026, 10, 24, 10)],
    ['2026-11-24', local(2026, 10, 24)],
  ] as const)
    it(`reads ${text}`, () => assert.equal(isoTime(text), time))

  for (const text of [
    '',
    'tomorrow',
    '2026-11-24T',
    '2026-13-24',
    '2026-11-24T25:00',
    '2026-11-24Z',
    '1795660000000',
  ])
    it(`does not read "${text}"`, () => assert.equal(isoTime(text), null))
})

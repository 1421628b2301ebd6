import assert from 'node:assert/strict'
import {
  defaultRetention,
  expiredSegments,
  keepsAll,
  retentionOf,
  settingsOf,
} from '../../../src/core/store/retention.ts'

const hour = 3600 * 1000
const now = 1_000 * hour
const size = 100

function segments(
  ...hoursAgo: (number | null | 'empty')[]
): { base: number; lastStoreTime: number | null }[] {
  return hoursAgo.map((hours, i) => ({
    base: i * size,
    lastStoreTime: hours === null ? null : hours === 'empty' ? 0 : now - hours * hour,
  }))
}

describe('expiredSegments', () => {
  it('lets go what is older than the limit, to the minute', () => {
    const held = segments(100, 72.1, 72, 10, null)
    assert.deepEqual(expiredSegments(held, size, defaultRetention, now), [0, size])
  })

  it('leaves no gap behind a younger segment, whatever a clock said', () => {
    assert.deepEqual(expiredSegments(segments(10, 100, null), size, defaultRetention, now), [])
  })

  it('never lets the active segment go', () => {
    assert.deepEqual(expiredSegments(segments(null), size, { ageMaxMs: 0, sizeMax: 0 }, now), [])
    assert.deepEqual(expiredSegments(segments(1, null), size, { ageMaxMs: 0, sizeMax: 0 }, now), [0])
  })

  it('takes a segment without a sound record for as old as the next one', () => {
    const retention = defaultRetention
    assert.deepEqual(expiredSegments(segments('empty', 10, null), size, retention, now), [])
    assert.deepEqual(expiredSegments(segments('empty', 100, null), size, retention, now), [0, size])
    assert.deepEqual(expiredSegments(segments('empty', null), size, retention, now), [])
  })

  it('keeps as much as the size allows, the active segment included', () => {
    const held = segments(5, 4, 3, null)
    assert.deepEqual(expiredSegments(held, size, { sizeMax: 4 * size }, now), [])
    assert.deepEqual(expiredSegments(held, size, { sizeMax: 2 * size }, now), [0, size])
    assert.deepEqual(expiredSegments(held, size, { sizeMax: 2 * size - 1 }, now), [0, size, 2 * size])
  })

  it('keeps everything without limits', () => {
    for (const retention of [{}, keepsAll])
      assert.deepEqual(expiredSegments(segments(10_000, null), size, retention, now), [])
  })
})

describe('the settings of a folder', () => {
  const of = (time: string | null, size: string | null) =>
    retentionOf((name) => (name === 'fileReservedTime' ? time : size))

  it('are a retention by time and by space', () => {
    assert.deepEqual(of(null, null), defaultRetention)
    assert.deepEqual(of('24', '10g'), { ageMaxMs: 24 * hour, sizeMax: 10 * 1024 ** 3 })
    assert.deepEqual(of('24', '0'), { ageMaxMs: 24 * hour })
  })

  it('say what a retention is', () => {
    assert.deepEqual(settingsOf(of('24', '1m')), { fileReservedTime: '24', fileReservedSize: '1048576' })
    assert.deepEqual(settingsOf(defaultRetention), { fileReservedTime: '72', fileReservedSize: '0' })
  })
})

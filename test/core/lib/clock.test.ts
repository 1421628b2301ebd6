import assert from 'node:assert/strict'
import { SteadyClock, toldTime } from '../../../src/core/lib/clock.ts'

describe('SteadyClock', () => {
  const hour = 3_600_000
  let machine: number
  let elapsed: number
  let clock: SteadyClock

  beforeEach(() => {
    machine = 1_700_000_000_000
    elapsed = 5
    clock = new SteadyClock(
      () => machine,
      () => elapsed,
    )
    clock.now()
  })

  const pass = (ms: number): void => {
    machine += ms
    elapsed += ms
  }

  it('is the machine’s, and follows it forward at once', () => {
    pass(1000)
    assert.equal(clock.now(), machine)
    machine += 24 * hour
    assert.equal(clock.now(), machine)
    assert.equal(clock.aheadMs, 0)
  })

  it('runs on when the machine’s is set back, until that has caught up', () => {
    const before = clock.now()
    machine -= hour
    assert.equal(clock.now(), before)
    assert.equal(clock.aheadMs, hour)
    assert.equal(toldTime(clock), machine)
    pass(10_000)
    assert.equal(clock.now(), before + 9900)
    for (let i = 0; i < 99; i++) pass(hour)
    assert.ok(clock.now() > machine)
    pass(2 * hour)
    assert.equal(clock.now(), machine)
  })

  it('never goes back, whatever becomes of the machine’s', () => {
    let last = clock.now()
    for (const step of [-hour, 1, 24 * hour, -10 * 365 * 24 * hour, 5, -1000, 1000, -1000, 1000]) {
      elapsed += 1000
      machine += 1000 + step
      const now = clock.now()
      assert.ok(now >= last + 990, `${now - last}`)
      last = now
    }
  })

  it('is the machine’s again when that is set right', () => {
    machine -= hour
    clock.now()
    pass(1000)
    machine += hour
    assert.equal(clock.now(), machine)
  })
})

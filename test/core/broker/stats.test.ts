import assert from 'node:assert/strict'
import { Stats } from '../../../src/core/broker/stats.ts'
import { ManualTime } from './test-broker.ts'

describe('Stats', () => {
  it('averages over the last 10, 60 and 600 seconds', () => {
    const time = new ManualTime()
    const stats = new Stats(time)
    assert.equal(stats.putTps, '0.0 0.0 0.0')
    for (let second = 0; second < 1200; second++) {
      for (let i = 0; i < 20; i++) stats.put(1, 10)
      stats.get(5, 50)
      time.advance(1000)
    }
    assert.equal(stats.putTps, '20.0 20.0 20.0')
    assert.equal(stats.getTps, '5.0 5.0 5.0')
    assert.equal(stats.putTotal, 24_000)
    assert.equal(stats.putBytes, 240_000)
    assert.equal(stats.getTotal, 6000)
  })

  it('averages over what there is while it is young', () => {
    const time = new ManualTime()
    const stats = new Stats(time)
    stats.put(40, 1)
    time.advance(4000)
    assert.equal(stats.putTps, '10.0 10.0 10.0')
  })

  it('falls to zero when nothing comes any more, however much came in one second', () => {
    const time = new ManualTime()
    const stats = new Stats(time)
    for (let i = 0; i < 1000; i++) stats.put(1, 1)
    time.advance(11_000)
    assert.equal(stats.putTps.split(' ')[0], '0.0')
    time.advance(600_000)
    assert.equal(stats.putTps, '0.0 0.0 0.0')
  })
})

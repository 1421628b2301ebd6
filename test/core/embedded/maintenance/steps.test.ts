import assert from 'node:assert/strict'
import { runSteps } from '../../../../src/core/embedded/maintenance/steps.ts'

describe('runSteps', () => {
  it('gives back what the steps give', async () => {
    function* steps(): Generator<number, string> {
      yield 1
      yield 2
      return 'done'
    }
    assert.equal(await runSteps(steps(), 2, {}), 'done')
  })

  it('tells how far it is, and ends when it is told to, with what was held put back', async () => {
    const stop = new AbortController()
    let held = true
    let seen: [number, number] | null = null
    function* endless(): Generator<number, never> {
      try {
        for (let i = 0; ; i++) yield i
      } finally {
        held = false
      }
    }
    const onProgress = (done: number, total: number): void => {
      seen = [done, total]
      stop.abort()
    }
    await assert.rejects(runSteps(endless(), 7, { signal: stop.signal, onProgress }), {
      code: 'MQ_INTERRUPTED',
    })
    assert.equal(held, false)
    assert.equal(seen![1], 7)
  })
})

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { processIdentity } from '../../../src/core/lib/process-identity.ts'

describe('processIdentity', () => {
  it('stays the same for a process, differs from others, and is none of one that has ended', async () => {
    const own = processIdentity(process.pid)
    assert.ok(own)
    assert.equal(processIdentity(process.pid), own)
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    const other = processIdentity(child.pid!)
    assert.ok(other)
    assert.notEqual(other, own)
    child.stdin.end()
    await once(child, 'close')
    assert.equal(processIdentity(child.pid!), null)
  })

  it('is none of numbers that are no process', () => {
    for (const pid of [0, -1, 1.5, Number.NaN, 2 ** 31]) assert.equal(processIdentity(pid), null)
  })
})

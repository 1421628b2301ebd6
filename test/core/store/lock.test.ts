import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { StoreLock } from '../../../src/core/store/lock.ts'
import { temporaryFolder } from '../temporary-folder.ts'

describe('StoreLock', () => {
  const folder = temporaryFolder()
  const files = ['gate', 'main', 'gate.1', 'gate.2', 'gate.3', 'gate.4', 'gate.5', 'gate.6']

  /** Another process that holds one of the files. */
  function hold(name: string): { letGo(): void } {
    const file = new Sqlite(join(folder.path, name), { timeout: 0 })
    file.exec('BEGIN IMMEDIATE')
    return { letGo: () => void file.close() }
  }

  function assertAllFree(but: readonly string[] = []): void {
    for (const name of files.filter((each) => !but.includes(each))) hold(name).letGo()
  }

  it('is held by one at a time, and says who waits in vain', () => {
    const [one, other] = [new StoreLock(folder.path), new StoreLock(folder.path)]
    one.acquire(0)
    assert.throws(() => other.acquire(20), { code: 'MQ_STORE_IN_USE' })
    assert.equal(other.held, false)
    one.release()
    other.acquire(0)
    assert.deepEqual([one.held, other.held], [false, true])
    one.close()
    other.close()
    assertAllFree()
  })

  it('opens no more than two files as long as nobody waits', () => {
    const lock = new StoreLock(folder.path)
    lock.acquire(0)
    lock.release()
    lock.close()
    assert.deepEqual(readdirSync(folder.path).sort(), ['gate', 'main'])
  })

  it('knows that another process waits for it', () => {
    const lock = new StoreLock(folder.path)
    lock.acquire(0)
    assert.equal(lock.awaited, false)
    const waiting = hold('gate')
    assert.equal(lock.awaited, true)
    waiting.letGo()
    assert.equal(lock.awaited, false)
    lock.close()
  })

  it('is not taken past those in the line, and whoever gives up leaves no place taken', () => {
    const lock = new StoreLock(folder.path)
    for (const taken of files.filter((name) => name !== 'main')) {
      const before = hold(taken)
      // wherever in the line someone waits: he takes the gate next
      assert.throws(() => lock.acquire(5), { code: 'MQ_STORE_IN_USE' })
      assertAllFree([taken])
      before.letGo()
    }
    lock.acquire(5)
    lock.close()
  })
})

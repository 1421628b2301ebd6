import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { removeServerFile, serverOf, writeServerFile } from '../../../src/core/embedded/server-file.ts'
import { temporaryFolder } from '../temporary-folder.ts'

describe('server.json', () => {
  const folder = temporaryFolder()
  const file = (): string => join(folder.path, 'pocketmq', 'server.json')
  beforeEach(() => mkdirSync(join(folder.path, 'pocketmq')))

  it('names who serves, until it is removed', () => {
    assert.equal(serverOf(folder.path), null)
    writeServerFile(folder.path, '127.0.0.1:1')
    assert.deepEqual(serverOf(folder.path), { pid: process.pid, address: '127.0.0.1:1' })
    removeServerFile(folder.path)
    assert.equal(serverOf(folder.path), null)
  })

  it('is not believed when its process is another one by now, or none', () => {
    writeServerFile(folder.path, '127.0.0.1:1')
    const written = JSON.parse(readFileSync(file(), 'utf8')) as Record<string, unknown>
    const stale = [
      { ...written, pid: process.ppid },
      { ...written, identity: 'another boot:1' },
      { ...written, pid: 2 ** 22 + 1 },
      { pid: process.pid, address: '127.0.0.1:1' },
      { ...written, identity: null },
    ]
    for (const content of stale) {
      writeFileSync(file(), JSON.stringify(content))
      assert.equal(serverOf(folder.path), null, JSON.stringify(content))
    }
    for (const content of ['', '{', '[]', 'null']) {
      writeFileSync(file(), content)
      assert.equal(serverOf(folder.path), null, content)
    }
  })
})

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { linkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Maintenance } from '../../../src/core/embedded/maintenance.ts'
import type { Store } from '../../../src/core/store/store.ts'
import { request } from '../../fault/workload.ts'
import { BrokerFolder } from '../embedded/broker-folder.ts'
import { openOwn } from '../embedded/own-folder.ts'
import { temporaryFolder } from '../temporary-folder.ts'

describe('liveBroker', () => {
  const root = temporaryFolder()

  function send(store: Store): void {
    store.append(request('t', 0, 'x'), () => undefined)
    store.commit()
  }

  it('sees the lock of a process that holds byte 0', async function () {
    if (process.platform !== 'linux') return this.skip()
    const broker = new BrokerFolder(root.path)
    broker.append({ topic: 't', queueOffset: 0 })
    writeFileSync(join(root.path, 'lock'), 'lock')
    const own = openOwn(join(root.path, 'own'))
    send(own)
    linkSync(join(root.path, 'lock'), join(root.path, 'own', 'lock'))
    const code =
      'import fcntl,sys;f=open(sys.argv[1],"r+b");fcntl.lockf(f,fcntl.LOCK_EX,1,0);print("held",flush=True);sys.stdin.read()'
    const holder = spawn('python3', ['-c', code, join(root.path, 'lock')], { stdio: 'pipe' })
    const failed = once(holder, 'error').then(() => null)
    if ((await Promise.race([once(holder.stdout, 'data'), failed])) === null) return this.skip()
    try {
      await assert.rejects(new Maintenance({ folder: root.path }).import(), { code: 'MQ_STORE_IN_USE' })
      assert.throws(() => send(own), { code: 'MQ_STORE_IN_USE', message: /broker/ })
    } finally {
      const ended = once(holder, 'exit')
      holder.stdin.end()
      await ended
    }
    await new Maintenance({ folder: root.path }).import()
    send(own)
    own.close()
  })
})

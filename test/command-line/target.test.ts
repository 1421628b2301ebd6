import assert from 'node:assert/strict'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { resolveTarget, type TargetSources } from '../../src/command-line/target.ts'

const none: TargetSources = { flags: {}, env: {}, asMqadmin: false }

describe('resolveTarget', () => {
  it('takes flags before the environment, and the home folder last', () => {
    const env = { NAMESRV_ADDR: 'env:1' }
    const cluster = (address: string) => ({ kind: 'cluster', namesrv: [address] })
    assert.deepEqual(resolveTarget({ ...none, flags: { namesrvAddr: 'flag:1' }, env }), cluster('flag:1'))
    assert.deepEqual(resolveTarget({ ...none, flags: { store: 'd' }, env }), {
      kind: 'folder',
      store: resolve('d'),
    })
    assert.deepEqual(resolveTarget({ ...none, env }), cluster('env:1'))
    assert.deepEqual(resolveTarget({ ...none, env: { NAMESRV_ADDR: ' ', POCKETMQ_STORE: '/s' } }), {
      kind: 'folder',
      store: '/s',
    })
    assert.deepEqual(resolveTarget(none), { kind: 'folder', store: join(homedir(), '.pocketmq') })
  })

  it('reads several name servers', () => {
    assert.deepEqual(resolveTarget({ ...none, flags: { namesrvAddr: 'a:9876; [::1]:9877;' } }), {
      kind: 'cluster',
      namesrv: ['a:9876', '[::1]:9877'],
    })
  })

  it('refuses two targets of one rank', () => {
    const two = [
      { ...none, flags: { namesrvAddr: 'a:1', store: 'x' } },
      { ...none, env: { NAMESRV_ADDR: 'a:1', POCKETMQ_STORE: 'x' } },
    ]
    for (const sources of two)
      assert.throws(() => resolveTarget(sources), { code: 'MQ_TARGET', message: /two targets/ })
  })

  it('gives mqadmin no default', () => {
    assert.throws(() => resolveTarget({ ...none, asMqadmin: true }), { code: 'MQ_TARGET' })
    assert.equal(resolveTarget({ ...none, asMqadmin: true, flags: { store: 'x' } }).kind, 'folder')
  })

  it('looks past clusters where only a folder will do', () => {
    const env = { NAMESRV_ADDR: 'a:1', POCKETMQ_STORE: '/s' }
    assert.deepEqual(resolveTarget({ ...none, env, folderOnly: true }), { kind: 'folder', store: '/s' })
  })

  for (const address of [
    '',
    ';',
    'host',
    'host:',
    'host:x',
    'host:65536',
    'a b:1',
    'http://a:1',
    '::1:9876',
  ]) {
    it(`refuses the address "${address}"`, () => {
      assert.throws(() => resolveTarget({ ...none, flags: { namesrvAddr: address } }), { code: 'MQ_TARGET' })
    })
  }
})

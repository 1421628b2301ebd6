import assert from 'node:assert/strict'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { writeFileSync } from 'node:fs'
import { contextsFile, writeContexts } from '../../src/command-line/contexts.ts'
import { resolveTarget, type TargetSources } from '../../src/command-line/target.ts'
import { temporaryFolder } from '../core/temporary-folder.ts'

/** Where nobody has contexts. */
const noContexts = { XDG_CONFIG_HOME: '/nonexistent' }
const none: TargetSources = { flags: {}, env: noContexts, asMqadmin: false }

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
    assert.deepEqual(
      resolveTarget({ ...none, env: { ...noContexts, NAMESRV_ADDR: ' ', POCKETMQ_STORE: '/s' } }),
      {
        kind: 'folder',
        store: '/s',
      },
    )
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

  describe('with contexts', () => {
    const folder = temporaryFolder()
    const env = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
      XDG_CONFIG_HOME: folder.path,
      ...more,
    })
    const prod = { kind: 'cluster', namesrv: ['p:1', 'q:2'] }
    const dev = { kind: 'folder', store: '/dev-store' }

    beforeEach(() =>
      writeContexts(env(), {
        contexts: { prod: { namesrvAddr: 'p:1;q:2' }, dev: { store: '/dev-store' } },
        current: 'prod',
        previous: null,
      }),
    )

    it('takes the one in use after the environment and before the home folder', () => {
      assert.deepEqual(resolveTarget({ ...none, env: env() }), prod)
      assert.deepEqual(resolveTarget({ ...none, env: env(), asMqadmin: true }), prod)
      const store = resolveTarget({ ...none, env: env({ POCKETMQ_STORE: '/s' }) })
      assert.deepEqual(store, { kind: 'folder', store: '/s' })
    })

    it('takes POCKETMQ_CONTEXT before the other variables, and --context before it', () => {
      const variables = env({ POCKETMQ_CONTEXT: 'dev', NAMESRV_ADDR: 'a:1' })
      assert.deepEqual(resolveTarget({ ...none, env: variables }), dev)
      assert.deepEqual(resolveTarget({ ...none, env: variables, flags: { context: 'prod' } }), prod)
    })

    it('refuses --context beside another target, and one that nobody made', () => {
      const two = { ...none, env: env(), flags: { context: 'dev', store: 'x' } }
      assert.throws(() => resolveTarget(two), { code: 'MQ_TARGET', message: /two targets/ })
      const unknown = { ...none, env: env(), flags: { context: 'toString' } }
      assert.throws(() => resolveTarget(unknown), { code: 'MQ_TARGET', hint: /there are dev, prod/ })
    })

    it('looks past a cluster in use where only a folder will do, not past one that was asked for', () => {
      const used = resolveTarget({ ...none, env: env(), folderOnly: true })
      assert.deepEqual(used, { kind: 'folder', store: join(homedir(), '.pocketmq') })
      const asked = { ...none, env: env(), folderOnly: true, flags: { context: 'prod' } }
      assert.equal(resolveTarget(asked).kind, 'cluster')
    })

    it('refuses a file that it does not understand, where no flag names a target', () => {
      writeFileSync(contextsFile(env()), '{"version":2}')
      assert.throws(() => resolveTarget({ ...none, env: env() }), { code: 'MQ_TARGET', message: /version/ })
      assert.equal(resolveTarget({ ...none, env: env(), flags: { store: 'x' } }).kind, 'folder')
    })
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

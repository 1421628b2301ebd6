import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { runBinary, suiteFolder, type Ran } from '../run-binary.ts'

describe('ctx commands', () => {
  const folder = suiteFolder()
  const run = (...args: string[]): Promise<Ran> =>
    runBinary(args, { env: { XDG_CONFIG_HOME: folder.path('config') } })

  it('give a target a name that a command can use', async () => {
    assert.equal((await run('ctx', 'add', 'dev', '--store', folder.path('store'), '--use')).status, 0)
    assert.equal((await run('updateTopic', '-t', 'orders')).status, 0)
    assert.match((await run('topicList', '--context', 'dev')).stdout, /^orders$/m)
    const { stdout } = await run('topicList', '--json')
    const { target } = JSON.parse(stdout) as { target: unknown }
    assert.deepEqual(target, { kind: 'folder', store: folder.path('store') })
  })

  it('list what there is, and go back to the one before', async () => {
    await run('ctx', 'add', 'prod', '-n', 'a:1;b:2')
    const listed = JSON.parse((await run('ctx', 'list', '--json')).stdout) as { items: unknown[] }
    assert.deepEqual(listed.items, [
      { current: true, name: 'dev', kind: 'folder', address: folder.path('store') },
      { current: false, name: 'prod', kind: 'cluster', address: 'a:1;b:2' },
    ])
    assert.equal((await run('ctx', 'use', 'prod', '--quiet')).stdout, 'prod\n')
    assert.equal((await run('ctx', 'use', '-', '--quiet')).stdout, 'dev\n')
  })

  it('forget a name, and with it that it was in use', async () => {
    assert.equal((await run('ctx', 'remove', 'dev')).status, 0)
    assert.equal((await run('ctx', 'list', '--quiet')).stdout, 'prod\n')
    const file = JSON.parse(
      readFileSync(folder.path('config', 'pocketmq', 'contexts.json'), 'utf8'),
    ) as object
    assert.deepEqual(
      { ...file, contexts: null },
      { version: 1, contexts: null, current: null, previous: 'prod' },
    )
  })

  for (const [args, message] of [
    [['use'], /missing name/],
    [['use', 'nope'], /no context "nope"/],
    [['add', '-x', '-n', 'a:1'], /unknown flag|is no name/],
    [['add', 'a b', '-n', 'a:1'], /is no name/],
    [['add', 'x', '-n', 'nowhere'], /not a name server address/],
    [['remove', 'nope'], /no context "nope"/],
  ] as const) {
    it(`refuse ctx ${args.join(' ')}`, async () => {
      const { status, stdout, stderr } = await run('ctx', ...args)
      assert.equal(status, 2)
      assert.equal(stdout, '')
      assert.match(stderr, message)
    })
  }
})

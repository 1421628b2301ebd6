import assert from 'node:assert/strict'
import { RemoteInvoker } from '../../src/core/client/remote-invoker.ts'
import { serve, type Served } from '../../src/core/embedded/serve.ts'
import { ended, runBinary, startBinary, suiteFolder, type Ran } from '../run-binary.ts'

describe('wait', () => {
  const folder = suiteFolder()
  const store = (name = 'store'): string[] => ['--store', folder.path(name)]
  const wait = (...args: string[]): Promise<Ran> => runBinary(['wait', ...args, ...store()])

  before(async () => {
    await runBinary(['updateTopic', '-t', 'orders', '-r', '2', '-w', '2', ...store()])
    await runBinary(['sendMessage', '-t', 'orders', '--lines', ...store()], { input: 'a\nb\nc' })
    const { stdout } = await runBinary([
      ...['consumeMessage', '-t', 'orders', '-g', 'pay', '--commit', '-c', '1', '--quiet'],
      ...store(),
    ])
    assert.match(stdout, /^[0-9A-F]{32}\n$/)
  })

  it('ends with 0 when everything is there, and says what there is', async () => {
    const conditions = [
      'broker',
      'topic/orders',
      'topic/orders:queues=2',
      'topic/orders:messages>=3',
      'group/pay',
    ]
    const { status, stdout } = await wait(...conditions, 'group/pay:lag=2', 'group/pay:members<1', '--json')
    assert.equal(status, 0)
    const { items } = JSON.parse(stdout) as { items: { condition: string; state: string }[] }
    assert.deepEqual(
      items.map(({ condition, state }) => `${condition} ${state}`),
      [
        'broker broker-a at 127.0.0.1:9876',
        'topic/orders on broker-a',
        'topic/orders:queues=2 queues=2',
        'topic/orders:messages>=3 messages=3',
        'group/pay on broker-a',
        'group/pay:lag=2 lag=2',
        'group/pay:members<1 members=0',
      ],
    )
  })

  it('ends with 6 when its time is over, and says what is missing, and only that', async () => {
    const { status, stdout, stderr } = await wait(
      ...[
        'broker',
        'broker/b',
        'topic/gone',
        'topic/orders:messages>3',
        'group/pay:lag=0',
        'group/none:lag=0',
      ],
      ...['group/none', '--timeout', '200ms'],
    )
    assert.deepEqual([status, stdout], [6, ''])
    const [error, hint] = stderr.trimEnd().split('\n')
    assert.equal(
      error,
      'error: still missing after 200 ms: broker/b (not registered), topic/gone (no such topic: gone), ' +
        'topic/orders:messages>3 (messages=3), group/pay:lag=0 (lag=2), ' +
        'group/none:lag=0 (group none has consumed nothing), group/none (no broker has a group none)',
    )
    assert.equal(hint, 'hint: allow more with --timeout')
  })

  it('sees what comes while it waits, a folder as well', async () => {
    const waiting = startBinary(['wait', 'broker', 'topic/late', '--timeout', '15s', ...store('later')])
    const result = ended(waiting)
    await runBinary(['sendMessage', '-t', 'late', '-p', 'x', ...store('later')])
    assert.equal((await result).status, 0)
  })

  it('does not make a folder', async () => {
    const { status, stderr } = await runBinary(['wait', 'broker', '--timeout', '100ms', ...store('none')])
    assert.equal(status, 6)
    assert.match(stderr, /broker \(there is no store in /)
  })

  it('waits for a cluster that is not there', async () => {
    const { status, stderr } = await runBinary([
      'wait',
      '-n',
      '127.0.0.1:1',
      'broker',
      '--timeout',
      '100ms',
      '--json',
    ])
    assert.equal(status, 6)
    const { error } = JSON.parse(stderr) as { error: { code: string; message: string } }
    assert.equal(error.code, 'MQ_TIMEOUT')
    assert.match(error.message, /^still missing after 100 ms: broker \(no name server reached/)
  })

  describe('on a server', () => {
    let served: Served
    before(async () => (served = await serve({ store: folder.path('served'), port: 0 })))
    after(() => served.close())

    async function join(clientId: string): Promise<RemoteInvoker> {
      const invoker = new RemoteInvoker({ timeoutMs: 5000, serializeType: 'json' })
      const consumer = {
        groupName: 'pay',
        consumeType: 'CONSUME_PASSIVELY',
        messageModel: 'CLUSTERING',
        consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
        subscriptions: [],
        unitMode: false,
      }
      const body = { clientId, producerGroups: [], consumers: [consumer], fingerprint: 0, withoutSub: false }
      const { code } = await invoker.invoke(served.address, 'HEART_BEAT', { header: {}, body })
      assert.equal(code, 0)
      return invoker
    }

    for (const target of ['cluster', 'folder'] as const) {
      it(`counts who is connected, named as a ${target}`, async () => {
        const at = target === 'cluster' ? ['-n', served.address] : store('served')
        const members = (condition: string, timeout: string): Promise<Ran> =>
          runBinary(['wait', `group/pay:members${condition}`, '--timeout', timeout, ...at])
        const one = await join('one')
        assert.match((await members('=2', '200ms')).stderr, /\(members=1\)/)
        const waiting = members('=2', '15s')
        const two = await join('two')
        assert.equal((await waiting).status, 0)
        await one.close()
        assert.equal((await members('=1', '15s')).status, 0)
        await two.close()
        assert.equal((await members('=0', '15s')).status, 0)
      })
    }
  })

  for (const args of [
    [],
    ['nothing'],
    ['topic'],
    ['topic/orders:lag=0'],
    ['group/pay:members'],
    ['group/pay:members=two'],
    ['broker:members=1'],
    ['broker', 'Topic/orders'],
  ]) {
    it(`refuses ${args.join(' ') || 'no condition'}`, async () => {
      const { status, stdout, stderr } = await wait(...args)
      assert.deepEqual([status, stdout], [2, ''])
      assert.match(stderr, /^error: [^\n]+\nhint: [^\n]+\n$/)
    })
  }
})

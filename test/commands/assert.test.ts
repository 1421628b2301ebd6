import assert from 'node:assert/strict'
import { ended, runBinary, startBinary, suiteFolder, type Ran } from '../run-binary.ts'

describe('assert', () => {
  const folder = suiteFolder()
  const store = (): string[] => ['--store', folder.path('store')]
  const check = (...args: string[]): Promise<Ran> => runBinary(['assert', ...args, ...store()])
  const send = async (topic: string, ...messages: object[]): Promise<void> => {
    const input = messages.map((message) => JSON.stringify(message)).join('\n')
    assert.equal((await runBinary(['sendMessage', '-t', topic, '--ndjson', ...store()], { input })).status, 0)
  }

  before(async () => {
    await runBinary(['updateTopic', '-t', 'orders', '-r', '1', '-w', '1', ...store()])
    await send(
      'orders',
      { body: '{"n":1}', keys: ['41'], tag: 'created', properties: { status: 'PAID' } },
      { body: '{"n":2}', keys: ['42', 'x'], tag: 'created', properties: { status: 'NEW' } },
      { body: '{"n":3}', keys: ['43'] },
      { body: '{"n":4}', keys: ['41'], properties: { status: 'PAID', price: '12' } },
    )
  })

  const bodies = ({ stdout }: Ran): string[] =>
    stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { body: string }).body)
  const print = ['-o', 'ndjson']

  it('prints what it found, and ends with 0', async () => {
    for (const [args, found] of [
      [['--key', '42'], ['{"n":2}']],
      [
        ['--key', '41', '--count', '2'],
        ['{"n":1}', '{"n":4}'],
      ],
      [['--where', "status = 'PAID' AND price > 10", '--count', '1'], ['{"n":4}']],
      [['--tag', 'created || sent', '--key', 'x', '--count', '1'], ['{"n":2}']],
      [
        ['--grep', '"n":[34]', '--count', '2'],
        ['{"n":3}', '{"n":4}'],
      ],
      [['--count', '1', '--from', '-1'], ['{"n":4}']],
      [['--key', '44', '--none'], []],
      [['--key', '43', '--none', '--from', '3'], []],
      [['--none', '--from', 'end', '--within', '200ms'], []],
    ] as const) {
      const ran = await check('orders', ...args, ...print)
      assert.deepEqual([ran.status, ran.stderr, bodies(ran)], [0, '', found], args.join(' '))
    }
  })

  it('ends with 7 and tells the nearest misses, and what they have instead', async () => {
    const { status, stdout, stderr } = await check(
      'orders',
      '--key',
      '42',
      '--where',
      "status = 'PAID'",
      '--tag',
      'created',
    )
    assert.deepEqual([status, stdout], [7, ''])
    assert.equal(
      stderr,
      "error: 0 of 1 messages in orders with key 42 and tag created and status = 'PAID'; nearest: " +
        "broker-a queue 0 offset 1: status = 'NEW'; broker-a queue 0 offset 0: key 41; " +
        'broker-a queue 0 offset 3: key 41, no tag\n' +
        'hint: allow more with --within; --from says where to begin\n',
    )
  })

  it('ends with 7 when there are too many, or one that should not be', async () => {
    const two = await check('orders', '--key', '41', '--count', '1', '--within', '1m')
    assert.equal(two.status, 7)
    assert.match(
      two.stderr,
      /^error: more than 1 in orders with key 41: broker-a queue 0 offset 0; .* offset 3\n/,
    )
    const one = await check('orders', '--key', '42', '--none', '--within', '1m', '--json')
    assert.equal(one.status, 7)
    const { error } = JSON.parse(one.stderr) as { error: { code: string; message: string } }
    assert.equal(error.code, 'MQ_CHECK_FAILED')
    assert.match(error.message, /should not be there in orders with key 42: broker-a queue 0 offset 1$/)
  })

  it('ends with 7 when there is no such topic, with --none as well', async () => {
    for (const args of [[], ['--none']]) {
      const { status, stderr } = await check('nope', ...args)
      assert.equal(status, 7)
      assert.match(stderr, /^error: there is no topic nope\n/)
    }
    const none = await runBinary(['assert', 'orders', '--store', folder.path('none')])
    assert.equal(none.status, 7)
  })

  it('waits for what comes, a topic as well', async () => {
    const waiting = startBinary(['assert', 'late', '--key', '1', '--within', '15s', '--quiet', ...store()])
    const result = ended(waiting)
    await send('late', { body: 'other', keys: ['2'] })
    await send('late', { body: 'mine', keys: ['1'] })
    const { status, stdout } = await result
    assert.equal(status, 0)
    assert.match(stdout, /^[0-9A-F]{32}\n$/)
  })

  it('fails at once when --none is broken while it waits', async () => {
    const waiting = startBinary(['assert', 'dlq', '--none', '--within', '10m', ...store()])
    const result = ended(waiting)
    await send('dlq', { body: 'dead' })
    assert.equal((await result).status, 7)
  })

  it('works on a server as on a folder', async () => {
    const server = startBinary(['serve', '--port', '0', ...store()])
    try {
      const address = await new Promise<string>((resolve) => {
        server.stdout!.on('data', (chunk: Buffer) => {
          const found = / at (\S+:\d+)/.exec(chunk.toString())
          if (found !== null) resolve(found[1]!.replace(/,$/, ''))
        })
      })
      for (const target of [store(), ['-n', address]]) {
        assert.equal((await runBinary(['assert', 'orders', '--key', '42', ...target])).status, 0)
        assert.equal((await runBinary(['assert', 'orders', '--key', '44', ...target])).status, 7)
      }
    } finally {
      const end = ended(server)
      server.kill('SIGTERM')
      await end
    }
  })

  for (const args of [
    [],
    ['orders', '--none', '--count', '1'],
    ['orders', '--count', '0'],
    ['orders', '--where', 'a >'],
    ['orders', '--grep', '('],
    ['orders', '--from', 'nowhere'],
    ['orders', 'more'],
  ]) {
    it(`refuses ${args.join(' ') || 'no topic'}`, async () => {
      const { status, stdout, stderr } = await check(...args)
      assert.deepEqual([status, stdout], [2, ''])
      assert.match(stderr, /^error: [^\n]+\nhint: [^\n]+\n$/)
    })
  }
})

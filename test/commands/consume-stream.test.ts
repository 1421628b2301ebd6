import assert from 'node:assert/strict'
import { once } from 'node:events'
import { ended, runBinary, startBinary, suiteFolder, type Ran } from '../run-binary.ts'

describe('consumeMessage beyond mqadmin', () => {
  const folder = suiteFolder()
  const store = (): string[] => ['--store', folder.path('store')]
  const consume = (...args: string[]): Promise<Ran> =>
    runBinary(['consumeMessage', '-t', 'orders', ...args, ...store()])
  const text = async (...args: string[]): Promise<string> => (await consume(...args)).stdout

  before(async () => {
    await runBinary(['updateTopic', '-t', 'orders', '-r', '2', '-w', '2', ...store()])
    const lines = Array.from({ length: 200 }, (_, i) =>
      JSON.stringify({
        body: `m${i}`,
        tag: i % 2 === 0 ? 'even' : 'odd',
        keys: [`k${i}`],
        properties: { n: `${i}` },
      }),
    )
    const { status } = await runBinary(['sendMessage', '-t', 'orders', '--ndjson', ...store()], {
      input: lines.join('\n'),
    })
    assert.equal(status, 0)
  })

  it('prints all there is with -f, and no word of its own', async () => {
    const lines = (await text('-f', '%t[%q]@%o %k %b %P{n}\\n')).trimEnd().split('\n')
    assert.equal(lines.length, 200)
    for (const line of lines) assert.match(line, /^orders\[[01]\]@\d+ k(\d+) m\1 \1$/)
  })

  it('takes places in a queue', async () => {
    assert.equal(await text('-f', '%q:%o ', '--from', '3', '--to', '4'), '0:3 0:4 1:3 1:4 ')
    assert.equal(await text('-f', '%q:%o ', '--from', '-1'), '0:99 1:99 ')
    assert.equal(await text('-f', '%q:%o ', '--from', 'end'), '')
    assert.equal((await text('--from', '@-1h', '--to', '@now', '--quiet')).trimEnd().split('\n').length, 200)
    assert.equal(await text('--to', '@-1h', '-o', 'ndjson'), '')
  })

  it('keeps those with a tag, and those whose body matches', async () => {
    assert.equal(await text('--tag', 'odd || none', '--grep', '^m1[12]$', '-f', '%b %g\\n'), 'm11 odd\n')
  })

  it('stops at -c', async () => {
    assert.equal((await text('-c', '3', '--tag', 'even', '-f', '%b\\n')).trimEnd().split('\n').length, 3)
  })

  it('ends with 6 when fewer came in time, after printing those', async () => {
    const { status, stdout, stderr } = await consume('-c', '201', '--timeout', '300ms', '--quiet')
    assert.equal(status, 6)
    assert.equal(stdout.trimEnd().split('\n').length, 200)
    assert.match(stderr, /^error: 200 of 201 messages came within 300 ms\nhint: /)
    assert.equal((await consume('-c', '200', '--timeout', '10s', '--quiet')).status, 0)
  })

  it('follows what others send, until -c', async () => {
    const follower = startBinary([
      'consumeMessage',
      '-t',
      'orders',
      '--follow',
      '-c',
      '201',
      '-f',
      '%b\\n',
      ...store(),
    ])
    const result = ended(follower)
    await once(follower.stdout!, 'data')
    await runBinary(['sendMessage', '-t', 'orders', '-p', 'late', ...store()])
    const { status, stdout } = await result
    assert.equal(status, 0)
    assert.match(stdout, /\nlate\n$/)
  })

  for (const args of [
    ['--from', 'nope'],
    ['--from', '1', '-s', '1'],
    ['--to', '1', '-e', '1'],
    ['--grep', '('],
    ['-f', '%z'],
  ]) {
    it(`refuses ${args.join(' ')}`, async () => {
      const { status, stdout, stderr } = await consume(...args)
      assert.equal(status, 2)
      assert.equal(stdout, '')
      assert.match(stderr, /^error: [^\n]+\nhint: [^\n]+\n$/)
    })
  }
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
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

  it('has the broker filter by SQL92', async () => {
    const found = (where: string, ...more: string[]): Promise<string> =>
      text('--where', where, ...more, '-f', '%b ')
    assert.equal(await found("n BETWEEN 10 AND 14 AND TAGS = 'even'"), 'm10 m12 m14 ')
    assert.equal(await found('n > 196', '--tag', 'odd || none'), 'm197 m199 ')
    assert.equal(await found("n IN ('3', '4') OR KEYS = 'k5'", '--grep', '[35]'), 'm3 m5 ')
    assert.equal(await found('n IS NULL'), '')
    assert.match(await found('n > 10', '-c', '1'), /^m1[12] $/)
  })

  it('says where an expression is wrong, and what to write', async () => {
    const { status, stderr } = await consume('--where', "n > 10 AND TAGS LIKE 'e%'")
    assert.equal(status, 2)
    assert.equal(
      stderr,
      'error: --where: character 17: the expression is complete before LIKE\n' +
        'hint: there is no LIKE: use CONTAINS, STARTSWITH or ENDSWITH\n',
    )
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

  describe('with --broadcast', () => {
    const state = (): Record<string, string> => ({ XDG_STATE_HOME: folder.path('state') })
    const read = (group: string, ...args: string[]): Promise<Ran> =>
      runBinary(['consumeMessage', '-t', 'news', '-g', group, '--broadcast', ...args, ...store()], {
        env: state(),
      })
    const send = (...bodies: string[]): Promise<Ran> =>
      runBinary(['sendMessage', '-t', 'news', '--lines', ...store()], { input: bodies.join('\n') })
    const bodies = ({ stdout }: Ran): string[] => stdout.split(' ').filter(Boolean).sort()

    it('goes on where this machine was, whatever others of the group read', async () => {
      await send('a', 'b', 'c')
      assert.deepEqual(bodies(await read('g', '-f', '%b ')), ['a', 'b', 'c'])
      assert.deepEqual(bodies(await read('g', '-f', '%b ')), [])
      await send('d', 'e')
      const elsewhere = { XDG_STATE_HOME: folder.path('elsewhere') }
      const other = await runBinary(
        ['consumeMessage', '-t', 'news', '-g', 'g', '--broadcast', '-f', '%b ', ...store()],
        { env: elsewhere },
      )
      assert.deepEqual(bodies(other), ['a', 'b', 'c', 'd', 'e'])
      assert.deepEqual(bodies(await read('g', '-f', '%b ')), ['d', 'e'])
      assert.deepEqual(bodies(await read('h', '-f', '%b ')), ['a', 'b', 'c', 'd', 'e'])
    })

    it('remembers each message that was asked for, and passes over what the filter leaves out', async () => {
      const one = await read('one', '-c', '1', '-f', '%b ')
      const rest = await read('one', '-f', '%b ')
      assert.equal(bodies(one).length, 1)
      assert.deepEqual([...bodies(one), ...bodies(rest)].sort(), ['a', 'b', 'c', 'd', 'e'])
      assert.deepEqual(bodies(await read('some', '--grep', '[ab]', '-f', '%b ')), ['a', 'b'])
      assert.deepEqual(bodies(await read('some', '-f', '%b ')), [])
    })

    it('that begins at the end misses nothing that comes after', async () => {
      assert.deepEqual(bodies(await read('late', '--from', 'end', '-f', '%b ')), [])
      await send('f')
      assert.deepEqual(bodies(await read('late', '--from', 'end', '-f', '%b ')), ['f'])
    })

    it('begins anew with a topic that was made again', async () => {
      const again = (...args: string[]): Promise<Ran> =>
        runBinary(['consumeMessage', '-t', 'again', '-g', 'g', '--broadcast', ...args, ...store()], {
          env: state(),
        })
      const fill = (...lines: string[]): Promise<Ran> =>
        runBinary(['sendMessage', '-t', 'again', '-b', 'broker-a', '-i', '0', '--lines', ...store()], {
          input: lines.join('\n'),
        })
      await fill('a', 'b', 'c')
      assert.deepEqual(bodies(await again('-f', '%b ')), ['a', 'b', 'c'])
      await runBinary(['deleteTopic', '-t', 'again', '--yes', ...store()])
      await fill('d')
      assert.deepEqual(bodies(await again('-f', '%b ')), ['d'])
    })

    it('tells of a file that it cannot read', async () => {
      const path = folder.path('broken', 'pocketmq', 'broadcast', 'g')
      mkdirSync(path, { recursive: true })
      const run = (): Promise<Ran> =>
        runBinary(['consumeMessage', '-t', 'news', '-g', 'g', '--broadcast', ...store()], {
          env: { XDG_STATE_HOME: folder.path('broken') },
        })
      await run()
      const [name] = readdirSync(path)
      writeFileSync(join(path, name!), '{"version":2}')
      const { status, stderr } = await run()
      assert.equal(status, 1)
      assert.match(stderr, /its version is 2, not 1\nhint: /)
    })
  })

  for (const args of [
    ['--from', 'nope'],
    ['--broadcast'],
    ['--broadcast', '-g', 'bad group'],
    ['--broadcast', '-g', 'g', '--commit'],
    ['-g', 'g', '--commit', '-o', 'wide'],
    ['-g', 'g', '--broadcast', '-o', 'wide'],
    ['--broadcast', '-g', 'g', '--to', 'end'],
    ['--orderly', '-g', 'g'],
    ['--where', 'n >'],
    ['--where', "NOT n = '1'"],
    ['--from', '1', '-s', '1'],
    ['--to', '1', '-e', '1'],
    ['--follow', '--to', 'end'],
    ['--from', '@-1h', '--to', '@-2h'],
    ['--from', '5', '--to', '4'],
    ['--from', 'end', '--to', 'earliest'],
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

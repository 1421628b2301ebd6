import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { binary, cleanEnv, ended, runBinary, startBinary, suiteFolder } from '../run-binary.ts'

const escape = '\u001b'

describe('the binary', () => {
  const folder = suiteFolder()
  const store = (): string => folder.path('store')

  before(async () => {
    const input = Array.from(
      { length: 20_000 },
      (_, i) => `a line that is long enough to fill a pipe ${i}`,
    ).join('\n')
    assert.equal(
      (await runBinary(['sendMessage', '-t', 't', '--lines', '--store', store()], { input })).status,
      0,
    )
  })

  describe('errors', () => {
    const rows: readonly (readonly [readonly string[], number, string])[] = [
      [['nope'], 2, 'MQ_USAGE'],
      [['topicList', '--nope'], 2, 'MQ_USAGE'],
      [['topicRoute'], 2, 'MQ_USAGE'],
      [['topicList', '--output', 'yaml'], 2, 'MQ_USAGE'],
      [['topicList', '-n', 'nowhere'], 2, 'MQ_TARGET'],
      [['topicList', '-n', 'a:1', '--store', 'x'], 2, 'MQ_TARGET'],
      [['topicRoute', '-t', 'nope', '--store', '{store}'], 4, 'MQ_TOPIC_NOT_EXIST'],
      [['topicList', '--store', '{file}/x'], 4, 'MQ_STORE_NOT_FOUND'],
      [['topicList', '--store', '{nothing}'], 4, 'MQ_STORE_NOT_FOUND'],
      [['sendMessage', '-t', 't', '-p', 'x', '--store', '{file}/x'], 1, 'MQ_STORE_UNWRITABLE'],
      [['topicList', '-n', '127.0.0.1:1'], 5, 'MQ_NAMESRV_UNREACHABLE'],
      [['sendMessage', '-t', 't', '-p', 'x', '-n', '127.0.0.1:1'], 5, 'MQ_NAMESRV_UNREACHABLE'],
    ]
    for (const [words, status, code] of rows) {
      it(`${words.join(' ')}: ${status} ${code}, in text and in JSON`, async () => {
        writeFileSync(folder.path('file'), '')
        const paths: Readonly<Record<string, string>> = {
          '{store}': store(),
          '{file}/x': folder.path('file', 'x'),
          '{nothing}': folder.path('nothing'),
        }
        const args = words.map((word) => paths[word] ?? word)
        const text = await runBinary(args)
        assert.equal(text.status, status)
        assert.equal(text.stdout, '')
        assert.match(text.stderr, /^error: [^\n]+\nhint: [^\n]+\n$/)
        if (words.includes('--output')) return
        for (const format of [['--json'], ['-o', 'ndjson']]) {
          const json = await runBinary([...args, ...format])
          assert.equal(json.status, status)
          assert.equal(json.stdout, '')
          const { error } = JSON.parse(json.stderr) as { error: Record<string, string> }
          assert.deepEqual(Object.keys(error), ['code', 'message', 'hint'])
          assert.equal(error.code, code)
        }
      })
    }

    it('suggests the command that was meant', async () => {
      assert.match((await runBinary(['topiclst'])).stderr, /hint: did you mean topicList\?/)
    })

    it('have colour on request only', async () => {
      const plain = await runBinary(['nope'])
      assert.ok(!plain.stderr.includes(escape))
      const coloured = await runBinary(['nope'], { env: { FORCE_COLOR: '1' } })
      assert.ok(coloured.stderr.startsWith(`${escape}[31merror:`))
      const refused = await runBinary(['nope'], { env: { FORCE_COLOR: '1', NO_COLOR: '1' } })
      assert.ok(!refused.stderr.includes(escape))
    })
  })

  describe('pipes', () => {
    it('a reader that leaves ends the command at once, with 0', async () => {
      const args = ['consumeMessage', '-t', 't', '-c', '20000', '-o', 'ndjson', '--store', store()]
      const child = startBinary(args)
      child.stdout!.once('data', () => child.stdout!.destroy())
      const { status, stderr } = await ended(child)
      assert.equal(status, 0)
      assert.equal(stderr, '')
    })

    it('| head -1 ends', async () => {
      const line = `"${process.execPath}" "${binary}" consumeMessage -t t -c 20000 --store "${store()}" | head -1`
      const shell = spawn('bash', ['-c', `set -o pipefail; ${line}`], { env: cleanEnv() })
      const { status, stdout } = await ended(shell)
      assert.equal(stdout.split('\n').length, 2)
      assert.equal(status, 0)
    })

    it('a slow reader gets everything', async () => {
      const child = startBinary(['consumeMessage', '-t', 't', '-c', '20000', '--quiet', '--store', store()])
      const done = ended(child)
      child.stdout!.pause()
      setImmediate(() => child.stdout!.resume())
      assert.equal((await done).stdout.trimEnd().split('\n').length, 20_000)
    })

    it('commands that read no input leave it alone', async () => {
      const line = `printf 'one\\ntwo\\n' | { "${process.execPath}" "${binary}" topicList --store "${store()}" >/dev/null; cat; }`
      const { stdout } = await ended(spawn('bash', ['-c', line], { env: cleanEnv() }))
      assert.equal(stdout, 'one\ntwo\n')
    })

    it('an error ends the command although its input stays open', async () => {
      const child = startBinary(['sendMessage', '-t', 'open', '--ndjson', '--store', store()])
      child.stdin!.write('not json\n')
      const { status } = await ended(child)
      child.stdin!.destroy()
      assert.equal(status, 2)
    })
  })

  describe('signals', () => {
    it('an interrupted send says how many were sent, and those are there', async () => {
      const child = startBinary(['sendMessage', '-t', 'cut', '--lines', '-o', 'ndjson', '--store', store()])
      child.stdin!.write('a\nb\n')
      child.stdout!.once('data', () => child.kill('SIGINT'))
      const { status, stderr } = await ended(child)
      assert.equal(status, 130)
      assert.match(stderr, /"interrupted: 2 messages sent"/)
      const { stdout } = await runBinary(['consumeMessage', '-t', 'cut', '--quiet', '--store', store()])
      assert.equal(stdout.trimEnd().split('\n').length, 2)
    })
  })

  describe('called as mqadmin', () => {
    it('has no default folder', async () => {
      const mqadmin = folder.path('mqadmin')
      symlinkSync(binary, mqadmin)
      const none = await runBinary(['topicList'], { as: mqadmin })
      assert.equal(none.status, 2)
      assert.match(none.stderr, /mqadmin needs a target/)
      assert.equal((await runBinary(['topicList', '--store', store()], { as: mqadmin })).status, 0)
    })
  })

  describe('help', () => {
    for (const args of [
      ['help', 'sendmessage'],
      ['sendMessage', '--help'],
      ['sendMessage', '-h'],
      ['SENDMESSAGE', '-t', 'x', '-h'],
    ]) {
      it(args.join(' '), async () => {
        const { status, stdout } = await runBinary(args)
        assert.equal(status, 0)
        assert.match(stdout, /\$ pocketmq sendMessage /)
        assert.match(stdout, /-t, --topic/)
        assert.match(stdout, /EXAMPLES/)
      })
    }

    it('lists the commands', async () => {
      for (const args of [[], ['help'], ['--help']]) {
        const { status, stdout } = await runBinary(args)
        assert.equal(status, 0)
        assert.match(stdout, /topicList +Fetch all topic list/)
      }
    })

    it('names no command it does not know', async () => {
      assert.equal((await runBinary(['help', 'nope'])).status, 2)
    })

    it('tells its version', async () => {
      assert.match((await runBinary(['--version'])).stdout, /^pocketmq\/\d+\.\d+\.\d+ /)
    })
  })

  describe('the code cache', () => {
    const cached = (home: string): string[] =>
      readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.bin'))
    const list = (cacheHome: string) =>
      runBinary(['topicList', '--store', store()], { env: { XDG_CACHE_HOME: cacheHome } })

    it('is kept, and made again when it is damaged', async () => {
      const home = folder.path('cache')
      const first = await list(home)
      const [file] = cached(home)
      assert.ok(file)
      const bytes = readFileSync(join(home, file))
      const damages: Buffer[] = [
        Buffer.alloc(0),
        Buffer.from('nonsense'),
        bytes.subarray(0, bytes.length >> 1),
      ]
      for (let i = 1; i < 8; i++) {
        const flipped = Buffer.from(bytes)
        flipped[Math.floor((bytes.length * i) / 8)]! ^= 0xff
        damages.push(flipped)
      }
      for (const damage of damages) {
        writeFileSync(join(home, file), damage)
        assert.deepEqual(await list(home), first)
      }
      assert.deepEqual(readdirSync(join(home, file, '..')).length, 1)
    })

    it('is not missed where it cannot be written', async () => {
      const file = folder.path('cache-file')
      writeFileSync(file, '')
      const readOnly = folder.path('read-only')
      mkdirSync(readOnly)
      chmodSync(readOnly, 0o500)
      for (const home of [file, readOnly, '/proc/nowhere', '/dev/null/x', 'relative']) {
        assert.equal((await list(home)).status, 0)
      }
    })
  })

  describe('serve', () => {
    it('says where, takes commands of its folder and over TCP, and ends in order', async () => {
      const served = folder.path('served')
      const child = startBinary(
        ['serve', '--store', served, '--port', '0', '--topic', 'orders:3', '-o', 'ndjson'],
        {
          env: { NAMESRV_ADDR: 'ignored:1' },
        },
      )
      const done = ended(child)
      const [line] = (await once(child.stdout!, 'data')) as [Buffer]
      const { address } = JSON.parse(line.toString()) as { address: string }
      const over = await runBinary(['sendMessage', '-t', 'orders', '-p', 'x', '-n', address])
      assert.equal(over.status, 0, over.stderr)
      const { stdout } = await runBinary([
        'consumeMessage',
        '-t',
        'orders',
        '--store',
        served,
        '-o',
        'template={body}',
      ])
      assert.equal(stdout, 'x')
      const second = await runBinary(['serve', '--store', served, '--port', '0'])
      assert.equal(second.status, 1)
      child.kill('SIGTERM')
      const { status, stderr } = await done
      assert.equal(status, 0)
      assert.equal(stderr, '')
      assert.equal((await runBinary(['topicList', '--store', served])).status, 0)
    })

    it('removes an ephemeral folder', async () => {
      const child = startBinary(['serve', '--ephemeral', '--port', '0', '--json'])
      const done = ended(child)
      let text = ''
      for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
        text += chunk.toString()
        if (text.endsWith('}\n')) break
      }
      const { store: ephemeral } = JSON.parse(text) as { store: string }
      assert.ok(readdirSync(ephemeral).length > 0)
      child.kill('SIGINT')
      assert.equal((await done).status, 0)
      assert.throws(() => readdirSync(ephemeral), { code: 'ENOENT' })
    })

    it('refuses a port that is taken, and others that are none', async () => {
      const child = startBinary(['serve', '--ephemeral', '--port', '0', '--quiet'])
      const done = ended(child)
      const [line] = (await once(child.stdout!, 'data')) as [Buffer]
      const port = line.toString().trim().split(':')[1]!
      const socket = connect(Number(port), '127.0.0.1')
      await once(socket, 'connect')
      const taken = await runBinary(['serve', '--ephemeral', '--port', port])
      assert.equal(taken.status, 1)
      assert.match(taken.stderr, /^error: [^\n]+\nhint: [^\n]+\n$/)
      child.kill('SIGTERM') // with a connection open
      assert.equal((await done).status, 0)
      socket.destroy()
    })

    for (const [args, message] of [
      [['--port', '65536'], /--port: 65536 is out of range/],
      [['--ephemeral', '--store', 'x'], /exclude each other/],
      [['--bind', '0.0.0.0'], /can be reached from the network/],
      [['--ephemeral', '--topic', 'a:0'], /not name or name:queues/],
    ] as const) {
      it(`refuses ${args.join(' ')}`, async () => {
        const { status, stderr } = await runBinary(['serve', ...args])
        assert.equal(status, 2)
        assert.match(stderr, message)
      })
    }
  })
})

import assert from 'node:assert/strict'
import { closeSync, cpSync, existsSync, openSync, readdirSync, statSync, writeSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { unpackStoreFixture, type StoreFixture } from '../golden/store-fixture.ts'
import { runBinary, suiteFolder, type Ran, type RunOptions } from '../run-binary.ts'

/** `pocketmq store …`, spawned. */
describe('store', () => {
  const folder = suiteFolder()
  let fixture: StoreFixture
  let theirs: string
  let ours: string
  let env: Readonly<Record<string, string>>

  const run = (args: readonly string[], options: RunOptions = {}): Promise<Ran> =>
    runBinary(args, { env, ...options })

  before(async () => {
    fixture = unpackStoreFixture()
    theirs = folder.path('theirs')
    ours = folder.path('ours')
    env = { XDG_CACHE_HOME: folder.path('cache') }
    cpSync(fixture.store, theirs, { recursive: true })
    const lines = Array.from({ length: 300 }, (_, i) => `message ${i}`).join('\n')
    const send = ['sendMessage', '-t', 'orders', '--lines', '--segment-size', '64k', '--store', ours]
    const sent = await run(send, { input: lines })
    assert.equal(sent.status, 0, sent.stderr)
  })
  after(() => fixture.remove())

  it('verify says ok, in every format', async () => {
    const table = await run(['store', 'verify', '--store', ours])
    assert.deepEqual(table, { status: 0, stdout: '300 records in 2 segments, 4 queues: ok\n', stderr: '' })
    const { stdout } = await run(['store', 'verify', '--store', ours, '--json'])
    const json = JSON.parse(stdout) as Record<string, unknown>
    assert.deepEqual(json.target, { kind: 'folder', store: ours })
    assert.deepEqual([json.version, json.ok, json.records, json.problems], [1, true, 300, []])
    assert.equal((await run(['STORE', 'Verify', '--store', theirs])).status, 0)
    assert.equal((await run(['store', 'verify', '--store', ours, '--quiet'])).stdout, 'ok\n')
  })

  it('verify says what is wrong and where, and exits with 7', async () => {
    const damaged = folder.path('damaged')
    cpSync(ours, damaged, { recursive: true })
    const file = openSync(`${damaged}/commitlog/${'0'.repeat(20)}`, 'r+')
    writeSync(file, Buffer.from('xx'), 0, 2, 150)
    closeSync(file)
    const { status, stdout, stderr } = await run(['store', 'verify', '--store', damaged])
    assert.equal(status, 7)
    assert.match(stdout, /^log at 0: damaged up to \d+: record crc$/m)
    assert.match(stderr, /problems? in/)
    const json = await run(['store', 'verify', '--store', damaged, '--json'])
    assert.equal(json.status, 7)
    assert.equal((JSON.parse(json.stdout) as { ok: boolean }).ok, false)
    assert.equal((JSON.parse(json.stderr) as { error: { code: string } }).error.code, 'MQ_CHECK_FAILED')
  })

  it('dump lists records, and ends when its reader does', async () => {
    const { stdout, status } = await run(['store', 'dump', '--store', theirs, '--to', '1000'])
    assert.equal(status, 0)
    assert.match(stdout, /^#Offset +#Size +#Topic/)
    assert.equal(stdout.trimEnd().split('\n').length, 4)
    const lines = (await run(['store', 'dump', '--store', theirs, '--output', 'ndjson'])).stdout
      .trimEnd()
      .split('\n')
    const records = lines.map((line) => JSON.parse(line) as { kind: string; offset: number; topic: string })
    assert.equal(records.length, 3643)
    assert.ok(records.every(({ kind }) => kind === 'record'))
    assert.ok(records.some(({ topic }) => topic === 'RMQ_SYS_TRANS_HALF_TOPIC'))
    const wrong = await run(['store', 'dump', '--store', theirs, '--from', '9', '--to', '5'])
    assert.equal(wrong.status, 2)
  })

  it('a RocketMQ folder is read in place, and taken over by import only', async () => {
    const read = await run(['topicList', '--store', theirs])
    assert.match(read.stdout, /^Airports$/m)
    const refused = await run(['sendMessage', '-t', 'Airports', '-p', 'x', '--store', theirs])
    assert.equal(refused.status, 1)
    assert.match(refused.stderr, /store import/)
    assert.ok(!readdirSync(theirs).includes('pocketmq'))

    const taken = folder.path('taken')
    cpSync(theirs, taken, { recursive: true })
    const imported = await run(['store', 'import', '--store', taken, '--json'])
    assert.equal(imported.status, 0, imported.stderr)
    assert.equal((JSON.parse(imported.stdout) as { brokerName: string }).brokerName, 'broker-fix')
    const sent = await run(['sendMessage', '-t', 'Airports', '-p', 'x', '--store', taken])
    assert.equal(sent.status, 0, sent.stderr)
    assert.equal((await run(['store', 'verify', '--store', taken])).status, 0)
    assert.equal((await run(['store', 'import', '--store', taken])).status, 1)
  })

  it('export writes a folder once, rebuild makes the index again', async () => {
    const to = folder.path('exported')
    const exported = await run(['store', 'export', '--to', to, '--store', ours])
    assert.equal(exported.status, 0, exported.stderr)
    assert.match(exported.stdout, /mappedFileSizeCommitLog=\d+/)
    assert.deepEqual(readdirSync(to).sort(), ['commitlog', 'config', 'consumequeue'])
    assert.equal((await run(['store', 'export', '--to', to, '--store', ours])).status, 1)
    assert.equal((await run(['store', 'export', '--store', ours])).status, 2)
    const rebuilt = await run(['store', 'rebuild', '--store', ours])
    assert.equal(rebuilt.status, 0, rebuilt.stderr)
    assert.match(rebuilt.stdout, /4 queues/)
    assert.equal((await run(['store', 'verify', '--store', ours])).status, 0)
  })

  it('needs the files of a store: a cluster is told so without being asked', async () => {
    let asked = false
    const server = createServer(() => (asked = true)).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
    for (const name of ['verify', 'rebuild', 'dump', 'import']) {
      const { status, stderr } = await run(['store', name, '-n', address])
      assert.equal(status, 1)
      assert.match(stderr, /--store DIR/)
    }
    assert.equal(asked, false)
    server.close()
    const absent = await run(['store', 'verify', '--store', folder.path('absent')])
    assert.equal(absent.status, 4)
  })

  it('is made of segments of the size that was asked for, and of no other', async () => {
    const made = folder.path('made')
    const create = (size: string): Promise<Ran> =>
      run(['updateTopic', '-t', 't', '--segment-size', size, '--store', made])
    for (const size of ['1', '1000000000g', '100001', 'big', '2g'])
      assert.equal((await create(size)).status, 2)
    assert.equal(existsSync(made), false)
    assert.equal((await create('128k')).status, 0)
    assert.equal((await run(['sendMessage', '-t', 't', '-p', 'x', '--store', made])).status, 0)
    assert.equal(statSync(`${made}/commitlog/${'0'.repeat(20)}`).size, 128 * 1024)
    assert.equal((await create('131072')).status, 0)
    for (const args of [
      ['sendMessage', '-t', 't', '-p', 'x'],
      ['serve', '--port', '0'],
    ]) {
      const other = await run([...args, '--segment-size', '1m', '--store', made])
      assert.equal(other.status, 2)
      assert.match(other.stderr, /has segments of 131072 bytes, not of 1048576/)
    }
    const cluster = ['sendMessage', '-t', 't', '-p', 'x', '--segment-size', '1m', '-n', '127.0.0.1:1']
    assert.equal((await run(cluster)).status, 2)
  })

  it('takes no more space than it may, and who asks for what is gone gets the first there is', async () => {
    const full = folder.path('full')
    const place = ['-t', 't', '-b', 'broker-a', '-i', '0', '--store', full]
    const send = (input: string): Promise<Ran> =>
      run(['sendMessage', ...place, '--lines', '--segment-size', '64k'], { input })
    const lines = Array.from({ length: 400 }, (_, i) => `${i}`.padStart(400)).join('\n')
    assert.equal((await send(lines)).status, 0)
    const segments = (): number => readdirSync(`${full}/commitlog`).length
    assert.ok(segments() > 3)
    const limit = ['updateBrokerConfig', '-k', 'fileReservedSize', '-v', '192k', '--store', full]
    assert.equal((await run(limit)).status, 0)
    for (let i = 0; i < 3; i++) {
      assert.equal((await send(lines)).status, 0)
      // who writes next looks at what there is
      assert.equal((await send('one')).status, 0)
      assert.equal(segments(), 3)
    }
    assert.equal((await run(['store', 'verify', '--store', full])).status, 0)
    const read = await run(['consumeMessage', ...place, '-o', '0', '-c', '10000', '-f', '%o\\n'])
    const offsets = read.stdout.trimEnd().split('\n').map(Number)
    assert.ok(offsets[0]! > 0)
    assert.equal(offsets.at(-1), 1602)
    assert.equal(offsets.length, 1603 - offsets[0]!)
  })

  it('has help, and says what it does not know', async () => {
    for (const args of [['store'], ['store', '--help'], ['help', 'store']]) {
      const { status, stdout } = await run(args)
      assert.equal(status, 0)
      assert.match(stdout, /store verify/)
    }
    assert.match((await run(['store', 'verify', '--help'])).stdout, /USAGE/)
    assert.match((await run(['help', 'store', 'export'])).stdout, /--to=DIR/)
    const unknown = await run(['store', 'verfy'])
    assert.equal(unknown.status, 2)
    assert.match(unknown.stderr, /did you mean store verify/)
  })
})

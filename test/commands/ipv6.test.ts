import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { ended, runBinary, startBinary, suiteFolder, type Ran } from '../run-binary.ts'

interface Sent {
  readonly msgId: string
  readonly offsetMsgId: string
}

interface Shown {
  readonly msgId: string
  readonly offsetMsgId: string
  readonly bornHost: string
  readonly storeHost: string
  readonly sysFlag: number
  readonly body: string
}

/** Records with hosts of 20 bytes, and ids of 56 digits, on every way there is. */
describe('IPv6 hosts', () => {
  const folder = suiteFolder()
  let server: ChildProcess | null = null
  let address = ''
  let store = ''

  const json = async <T>(...args: string[]): Promise<T> => {
    const { status, stdout, stderr } = await runBinary([...args, '--json'])
    assert.equal(status, 0, stderr)
    return JSON.parse(stdout) as T
  }
  const ok = async (...args: string[]): Promise<Ran> => {
    const run = await runBinary(args)
    assert.equal(run.status, 0, run.stderr)
    return run
  }

  async function hasIpv6(): Promise<boolean> {
    const probe = createServer().listen(0, '::1')
    try {
      await once(probe, 'listening')
      return true
    } catch {
      return false
    } finally {
      probe.close()
    }
  }

  before(async function () {
    if (!(await hasIpv6())) return this.skip()
    store = folder.path('store')
    const flags = ['--bind', '::1', '--port', '0', '--store', store, '--segment-size', '64k', '--json']
    server = startBinary(['serve', ...flags])
    const [line] = (await once(server.stdout!, 'data')) as [Buffer]
    address = (JSON.parse(line.toString()) as { address: string }).address
    assert.match(address, /^\[::1\]:\d+$/)
  })
  after(() => void server?.kill('SIGKILL'))

  /** The message with an id of its place, wherever it is asked for. */
  async function byId(target: readonly string[], { msgId, offsetMsgId }: Sent, body: string): Promise<void> {
    const query = ['queryMsgById', '-t', 't', '-i', offsetMsgId, ...target]
    const { items } = await json<{ items: Shown[] }>(...query)
    assert.equal(items.length, 1)
    const [shown] = items
    assert.deepEqual([shown!.msgId, shown!.offsetMsgId, shown!.body], [msgId, offsetMsgId, body])
    assert.match(shown!.bornHost, /^\[::1\]:\d+$/)
    assert.equal(shown!.storeHost, address)
    assert.equal(shown!.sysFlag & 0x30, 0x30)
  }

  it('are sent, served, recovered after a kill, verified, listed, exported and read in place', async function () {
    // some thirty processes, one after the other
    this.timeout(60_000)
    const remote = ['-n', address]
    const message = ['-t', 't', '-b', 'broker-a', '-i', '0', '-k', 'k1', '-c', 'tag']
    const first = await json<Sent>('sendMessage', ...message, '-p', 'first', ...remote)
    assert.match(first.offsetMsgId, /^0{30}01[\dA-F]{24}$/)
    const lines = Array.from({ length: 300 }, (_, i) => `line ${i}`).join('\n')
    const bulk = ['sendMessage', '-t', 't', '-b', 'broker-a', '-i', '0', '--lines', ...remote]
    assert.equal((await runBinary(bulk, { input: lines })).status, 0)
    const last = await json<Sent>('sendMessage', ...message, '-p', 'last', ...remote)
    await byId(remote, first, 'first')
    const printed = await ok(
      'printMsgByQueue',
      '-t',
      't',
      '-a',
      'broker-a',
      '-i',
      '0',
      '-p',
      'true',
      ...remote,
    )
    assert.match(printed.stdout, /storeHost=\/\[::1\]:\d+/)

    const gone = ended(server!)
    server!.kill('SIGKILL')
    await gone
    const local = ['--store', store]
    await byId(local, first, 'first')
    await byId(local, last, 'last')
    const found = await json<{ items: Shown[] }>('queryMsgByKey', '-t', 't', '-k', 'k1', ...local)
    assert.deepEqual(found.items.map(({ msgId }) => msgId).sort(), [first.msgId, last.msgId].sort())
    // the first to write recovers
    await ok('sendMessage', '-t', 't', '-p', 'of the folder', ...local)
    await checked(local, 303)
    await ok('store', 'rebuild', ...local)
    await checked(local, 303)
    await byId(local, last, 'last')

    const to = folder.path('exported')
    const report = await json<{ messages: number }>('store', 'export', '--to', to, ...local)
    assert.equal(report.messages, 303)
    const exported = ['--store', to]
    await byId(exported, last, 'last')
    await ok('store', 'import', ...exported)
    await checked(exported, 303)
    await byId(exported, first, 'first')
    const consume = ['consumeMessage', '-t', 't', '-b', 'broker-a', '-i', '0', '-o', '0', '-c', '1000']
    const bodies = (await ok(...consume, '-f', '%b\\n', ...exported)).stdout.split('\n')
    assert.deepEqual([bodies[0], bodies[1], bodies[301]], ['first', 'line 0', 'last'])
  })

  async function checked(target: readonly string[], records: number): Promise<void> {
    const report = await json<{ ok: boolean; records: number }>('store', 'verify', ...target)
    assert.deepEqual([report.ok, report.records], [true, records])
    const { items } = await json<{ items: { kind: string; storeHost: string; bornHost: string }[] }>(
      ...['store', 'dump', ...target],
    )
    assert.equal(items.length, records)
    assert.ok(items.every(({ kind }) => kind === 'record'))
    assert.equal(items.filter((each) => each.storeHost === address).length, 302)
    assert.equal(items.filter((each) => each.bornHost.startsWith('[::1]:')).length, 302)
  }
})

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Producer } from '../../src/core/index.ts'
import { requestNames, requests } from '../../src/core/remoting/requests/index.ts'
import { Random } from '../fault/random.ts'
import { count, seed } from '../fault/tier.ts'
import { runBinary } from '../run-binary.ts'
import { askAll } from './ask-all.ts'
import { auditedBy, auditedBytes, canAudit, readAudit } from './file-audit.ts'
import { rawFrame, tell } from './frames.ts'
import { hostileNames, makeKnown, probes, uncheckedProbes } from './hostile-ids.ts'
import { ServedProcess } from './served.ts'

const names = count('NAMES', 300, 10_000)
/** Those that RocketMQ takes as well: nothing of them is a path. TopicValidator's charset and lengths. */
function isLegal(name: string, ofGroup: boolean): boolean {
  const topicMax = /^%(RETRY|DLQ)%/.test(name) ? 255 : 127
  return /^[%|a-zA-Z0-9_-]+$/.test(name) && name.length <= (ofGroup ? 120 : topicMax)
}
/** Properties of BrokerConfig, MessageStoreConfig, NettyServerConfig and NamesrvConfig 5.5.0. */
const keys = readFileSync(join(import.meta.dirname, 'config-keys.txt'), 'utf8')
  .trim()
  .split('\n')
/** Which of them can be changed while a broker runs, and to what. */
const changeable: Readonly<Record<string, string>> = {
  brokerPermission: '6',
  autoCreateTopicEnable: 'true',
  autoCreateSubscriptionGroup: 'true',
  traceTopicEnable: 'false',
  useServerSideResetOffset: 'true',
  fileReservedTime: '72',
}
/** What Node itself looks at, the time zone among it. */
const isOfSystem = /^\/((proc|sys|dev)\/.*|etc(\/localtime)?|usr(\/share(\/zoneinfo.*)?)?)$/
const noPermission = 16
const updateBroker = 25
const updateNamesrv = 318

describe('hostile names and configuration', function () {
  this.timeout(240_000)
  /** The store lies deep inside it: `../../..` must not get out of the store, and is seen if it does. */
  let around: string
  let store: string
  let audit: string
  let served: ServedProcess
  let producer: Producer
  let started: number

  before(async () => {
    around = mkdtempSync(join(tmpdir(), 'pocketmq-hostile-'))
    store = join(around, 'a/b/c/store')
    audit = join(around, 'audit')
    mkdirSync(store, { recursive: true })
    served = await ServedProcess.start(['--topic', 't:4'], { store, under: canAudit ? auditedBy(audit) : [] })
    producer = new Producer({ namesrv: served.namesrv })
    await producer.send({ topic: 't', body: 'x' })
    await askAll(served.namesrv, makeKnown())
    started = canAudit ? auditedBytes(audit) : 0
  })
  after(async () => {
    await producer.close()
    assert.equal(await served.stop(), 0)
    rmSync(around, { recursive: true, force: true })
  })

  const outside = (): string[] =>
    readdirSync(around, { recursive: true, encoding: 'utf8' })
      .filter((path) => !path.startsWith('a/b/c/store/'))
      .sort()

  /** Nobody but the store's own names was said to the kernel, and no program was started. */
  function assertQuiet(): void {
    assert.deepEqual(
      readdirSync(tmpdir()).filter((name) => name === 'pocketmq-evil'),
      [],
    )
    if (!canAudit) return
    assert.ok(
      readAudit(audit, 0).paths.some((path) => path.startsWith(store)),
      'nothing is seen',
    )
    const { paths, programs } = readAudit(audit, started)
    assert.deepEqual(programs, [])
    assert.deepEqual(
      paths.filter((path) => !isOfSystem.test(path) && !isOfStore(path)),
      [],
    )
  }

  const isOfStore = (path: string): boolean =>
    path.startsWith(store) && /^[/\w.-]*$/.test(path) && !path.includes('..')

  it(`${names} names that are paths, commands or too long reach no file, whatever they name`, async () => {
    const before = outside()
    const random = new Random(seed)
    const hostile = hostileNames(names, () => random.next())
    for (const [what, probe] of Object.entries(probes)) {
      const answers = await askAll(served.namesrv, hostile.map(probe))
      for (const [i, name] of hostile.entries()) {
        const told = `${what} ${JSON.stringify(name)}: ${JSON.stringify(answers[i])} (SEED=${seed})`
        assert.ok(answers[i], told)
        if (!isLegal(name, what.includes('group'))) assert.notEqual(answers[i].code, 0, told)
      }
    }
    for (const probe of Object.values(uncheckedProbes))
      for (const answer of await askAll(served.namesrv, hostile.map(probe))) assert.equal(answer?.code, 0)
    assert.deepEqual(outside(), before)
    assertQuiet()
  })

  it('nor do they on the command line, nor in files that a command reads', async () => {
    const before = outside()
    const few = hostileNames(8, () => 0).filter((name) => !name.includes('\0'))
    const folder = join(around, 'a/b/c/store-of-commands')
    for (const name of few) {
      const status = async (...args: string[]): Promise<unknown> =>
        (await runBinary([...args, '--store', folder])).status
      if (!isLegal(name, false)) {
        assert.notEqual(await status('updateTopic', '-t', name), 0, name)
        assert.notEqual(await status('sendMessage', '-t', name, '-p', 'x'), 0, name)
        assert.notEqual(await status('updateSubGroup', '-g', name), 0, name)
      }
    }
    // a real broker's folder whose configuration was tampered with
    const config = join(folder, 'config')
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(config, { recursive: true })
    const queues = { readQueueNums: 1, writeQueueNums: 1, perm: 6, topicFilterType: 'SINGLE_TAG' }
    const topics = Object.fromEntries(few.map((topicName) => [topicName, { ...queues, topicName }]))
    const dataVersion = { counter: 1, stateVersion: 0, timestamp: 0 }
    writeFileSync(join(config, 'topics.json'), JSON.stringify({ dataVersion, topicConfigTable: topics }))
    const offsets = Object.fromEntries(few.map((name) => [`${name}@${name}`, { 0: 1 }]))
    writeFileSync(join(config, 'consumerOffset.json'), JSON.stringify({ offsetTable: offsets }))
    await runBinary(['store', 'import', folder])
    await runBinary(['topicList', '--store', folder])
    assert.deepEqual(
      outside().filter((path) => !path.startsWith('a/b/c/store-of-commands')),
      before,
    )
    const made = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    assert.deepEqual(
      made.filter((path) => !/^[\w./-]+$/.test(path) || path.includes('..')),
      [],
    )
  })

  it('the configuration that CVE-2023-33246 and CVE-2023-37582 write is not written', async () => {
    const payloads = [
      'filterServerNums=1\nrocketmqHome=-c $@|sh . echo touch pocketmq-evil;',
      'filterServerNums=1\nrocketmqHome=-c {touch,/tmp/pocketmq-evil}|sh;\nnamesrvAddr=127.0.0.1:9876',
      'brokerConfigPath=/tmp/pocketmq-evil\nx=1',
      'configStorePath=/tmp/pocketmq-evil\nproductEnvName=*/1 * * * * touch /tmp/pocketmq-evil',
      'kvConfigPath=/tmp/pocketmq-evil',
      'configBlackList=\nbrokerConfigPath=/tmp/pocketmq-evil',
      'storePathRootDir=/tmp/pocketmq-evil',
    ]
    for (const code of [updateBroker, updateNamesrv])
      for (const payload of payloads) {
        const answer = await tell(served, rawFrame(code, {}, Buffer.from(payload)))
        assert.equal(answer?.code, noPermission, `${code} ${payload}`)
      }
    assertQuiet()
  })

  it('none of RocketMQ’s properties but those of the list can be changed, nor any other name', async () => {
    const names = [...keys, '__proto__', 'constructor', 'toString', 'a b', '../x', '']
    for (const [code, allowed] of [
      [updateBroker, changeable],
      [updateNamesrv, {}],
    ] as const)
      for (const key of names) {
        const value = changeable[key] ?? '1'
        const answer = await tell(served, rawFrame(code, {}, Buffer.from(`${key}=${value}\n`)))
        const expected = Object.hasOwn(allowed, key) ? 0 : noPermission
        assert.equal(answer?.code, expected, `${code} ${key}: ${answer?.remark}`)
        // one that is refused takes the others with it
        const beside = await tell(
          served,
          rawFrame(code, {}, Buffer.from(`fileReservedTime=71\n${key}=${value}\n`)),
        )
        assert.equal(beside?.code, expected, `${code} ${key}`)
      }
    const [name, value] = ['fileReservedTime', changeable['fileReservedTime']!]
    assert.equal((await tell(served, rawFrame(updateBroker, {}, Buffer.from(`${name}=${value}`))))?.code, 0)
  })

  it('a changeable property takes none but its own values: no line, no path, no type but its own', async () => {
    const values = [
      'a\\r\\nrocketmqHome=/tmp',
      '6\\n',
      '6\\u0000',
      '/tmp/pocketmq-evil',
      '$(id)',
      '',
      '-1',
      '1e3',
    ]
    for (const key of Object.keys(changeable))
      for (const value of values) {
        const answer = await tell(served, rawFrame(updateBroker, {}, Buffer.from(`${key}=${value}`)))
        assert.notEqual(answer?.code, 0, `${key}=${value}`)
      }
    const { body } = (await tell(served, rawFrame(26, {})))!
    for (const [key, value] of Object.entries(changeable))
      assert.ok(body.toString().split('\n').includes(`${key}=${value}`), `${key} is not ${value} any more`)
  })

  it('every code, without a header, is answered or closed', async () => {
    const ours = requestNames.map((name) => requests[name].code)
    for (const code of [...ours, -1, 0, 99_999, 2 ** 31 - 1]) {
      const answer = await tell(served, rawFrame(code, {}))
      assert.ok(answer !== null, `${code}`)
    }
    await producer.send({ topic: 't', body: 'x' })
    assertQuiet()
  })

  it('nobody from elsewhere can ask anything: it listens on the loopback unless it is told to trust', async () => {
    const addresses = Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4')
    for (const { address } of addresses)
      await assert.rejects(
        new Promise((resolve, reject) => {
          const socket = connect({ host: address, port: served.port })
          socket.once('error', reject).once('connect', () => resolve(socket.destroy()))
        }),
        { code: 'ECONNREFUSED' },
      )
    const open = await runBinary(['serve', '--ephemeral', '--port', '0', '--bind', '0.0.0.0'])
    assert.equal(open.status, 2)
    assert.match(open.stderr, /--trust-network/)
  })
})

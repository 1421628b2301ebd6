import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { binary, cleanEnv, ended, runBinary, startBinary, suiteFolder } from '../run-binary.ts'

const ephemeral = ['serve', '--ephemeral', '--port', '0']

/** The folder a server on `stderr` or `stdout` said it serves. */
function servedFolder(line: string): string {
  return /^serving (\S+) at /m.exec(line)![1]!
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [chunk] = (await once(child.stdout!, 'data')) as [Buffer]
  return chunk.toString()
}

describe('serve -- COMMAND', () => {
  it('runs it with NAMESRV_ADDR set, gives it stdout, ends with its status, leaves nothing', async () => {
    const script =
      'test -z "$POCKETMQ_STORE$POCKETMQ_CONTEXT" && "$0" "$1" topicRoute -t orders --json && exit 9'
    const run = await runBinary(
      [
        ...ephemeral,
        '--topic',
        'orders:4',
        '--group',
        'pay',
        '--',
        'sh',
        '-c',
        script,
        process.execPath,
        binary,
      ],
      { env: { POCKETMQ_STORE: '/nonexistent' } },
    )
    assert.equal(run.status, 9, run.stderr)
    const { queueDatas } = JSON.parse(run.stdout) as { queueDatas: { readQueueNums: number }[] }
    assert.equal(queueDatas[0]!.readQueueNums, 4)
    assert.equal(existsSync(servedFolder(run.stderr)), false)
  })

  it('gives the command its own flags, help and --json too', async () => {
    const script = 'console.log(process.argv.slice(1).join())'
    const own = ['-e', script, '--', '--help', '--json', '--store']
    const run = await runBinary([...ephemeral, '--', process.execPath, ...own])
    assert.equal(run.stdout, '--help,--json,--store\n')
  })

  it('passes signals on, and waits', async () => {
    const script = `process.on('SIGTERM', () => setTimeout(() => process.exit(5), 50)); setInterval(() => {}, 1e3); console.log('up')`
    const child = startBinary([...ephemeral, '--', process.execPath, '-e', script])
    const done = ended(child)
    await firstLine(child)
    child.kill('SIGTERM')
    const { status, stderr } = await done
    assert.equal(status, 5)
    assert.equal(existsSync(servedFolder(stderr)), false)
  })

  it('ends as a shell does when a signal ends the command', async () => {
    const run = await runBinary([...ephemeral, '--', process.execPath, '-e', 'process.kill(process.pid, 9)'])
    assert.equal(run.status, 137)
    assert.equal(existsSync(servedFolder(run.stderr)), false)
  })

  it('says so when there is none, or none that can be run', async () => {
    for (const [args, message] of [
      [['--'], /no command behind --/],
      [['--', 'no-such-command'], /cannot run no-such-command: there is no such command/],
    ] as const) {
      const run = await runBinary([...ephemeral, ...args])
      assert.equal(run.status, 2)
      assert.match(run.stderr, message)
    }
  })
})

describe('serve', () => {
  const folder = suiteFolder()

  async function stopped(child: ChildProcess): Promise<void> {
    child.kill('SIGTERM')
    if (child.exitCode === null) await once(child, 'close')
  }

  it('tells a file descriptor when it is ready', async () => {
    const child = spawn(process.execPath, [binary, ...ephemeral, '--ready-fd', '3', '--quiet'], {
      env: cleanEnv(),
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    })
    const [address, told] = await Promise.all([
      firstLine(child),
      text(child.stdio[3] as NodeJS.ReadableStream),
    ])
    assert.equal(told, address)
    await stopped(child)
    const refused = await runBinary([...ephemeral, '--ready-fd', '77'])
    assert.equal(refused.status, 2)
    assert.match(refused.stderr, /file descriptor 77 is not open/)
  })

  it('takes a broker.conf, flags before it, and names what has no meaning', async () => {
    const conf = folder.path('broker.conf')
    const store = folder.path('from-conf')
    writeFileSync(
      conf,
      [
        '# a comment',
        'brokerClusterName = my-cluster',
        'brokerName:my-broker',
        'listenPort=1',
        `storePathRootDir=${store}`,
        'flushDiskType=SYNC_FLUSH',
        'mappedFileSizeCommitLog=65536',
        'autoCreateTopicEnable=false',
        'fileReservedTime=24',
        'fileReservedSize=1g',
        'deleteWhen=04',
        '',
      ].join('\n'),
    )
    const child = startBinary(['serve', '--config', conf, '--port', '0', '--json'])
    const { address, flushDiskType } = JSON.parse(await firstLine(child)) as Record<string, string>
    assert.equal(flushDiskType, 'SYNC_FLUSH')
    const list = await runBinary(['clusterList', '-n', address!, '--json'])
    assert.match(list.stdout, /"clusterName": ?"my-cluster"[^}]*"brokerName": ?"my-broker"/)
    const config = await runBinary(['getBrokerConfig', '-c', 'my-cluster', '-n', address!, '--json'])
    assert.match(config.stdout, /"fileReservedTime": "24"/)
    assert.match(config.stdout, /"fileReservedSize": "1073741824"/)
    const refused = await runBinary(['sendMessage', '-t', 'x', '-p', 'x', '-n', address!])
    assert.equal(refused.status, 4)
    const done = ended(child)
    child.kill('SIGTERM')
    assert.match((await done).stderr, /^warning: .*broker.conf: without meaning here: deleteWhen\n$/)
    assert.ok(existsSync(store))
  })

  it('refuses what a broker.conf cannot have here', async () => {
    const conf = folder.path('bad.conf')
    for (const [line, message] of [
      ['brokerRole=SLAVE', /brokerRole=SLAVE cannot be done/],
      ['authenticationEnabled=true', /authenticationEnabled=true cannot be done/],
      ['listenPort=x', /listenPort=x cannot be done/],
      ['flushDiskType=NEVER', /flushDiskType=NEVER cannot be done/],
      ['bindAddress=0.0.0.0', /can be reached from the network/],
    ] as const) {
      writeFileSync(conf, `${line}\n`)
      const run = await runBinary(['serve', '--ephemeral', '--config', conf])
      assert.equal(run.status, 2, line)
      assert.match(run.stderr, message)
    }
    assert.equal((await runBinary(['serve', '--config', folder.path('none')])).status, 2)
  })

  it('writes log lines as JSON, one an object', async () => {
    const run = await runBinary([
      ...['serve', '--role', 'broker', '--ephemeral', '--port', '0', '--namesrv', '127.0.0.1:1'],
      ...['--log-format', 'json', '--', 'true'],
    ])
    assert.equal(run.status, 0)
    const line = run.stderr.split('\n').find((each) => each.startsWith('{'))!
    const { time, level, event, namesrv } = JSON.parse(line) as Record<string, string>
    assert.deepEqual([level, event, namesrv], ['warn', 'not-registered', '127.0.0.1:1'])
    assert.match(time!, /^\d{4}-\d\d-\d\dT.*Z$/)
  })

  it('does not believe the file of a server that is gone', async () => {
    const store = folder.path('killed')
    const child = startBinary(['serve', '--store', store, '--port', '0'])
    await firstLine(child)
    child.kill('SIGKILL')
    await once(child, 'close')
    const file = folder.path('killed', 'pocketmq', 'server.json')
    const content = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    // its number was given to another process meanwhile: this one
    writeFileSync(file, JSON.stringify({ ...content, pid: process.pid }))
    assert.equal((await runBinary(['topicList', '--store', store])).status, 0)
  })

  it('refuses roles that make no sense', async () => {
    mkdirSync(folder.path('roles'), { recursive: true })
    for (const [args, message] of [
      [['--role', 'broker'], /a broker alone is found by nobody/],
      [['--role', 'namesrv', '--namesrv', 'a:1'], /do not register with each other/],
      [['--role', 'namesrv', '--topic', 'a:1'], /--topic is for a broker/],
      [['--role', 'proxy'], /--role/],
      [['--broker-id', '1'], /--broker-id/],
      [['--namesrv', 'nowhere'], /not a name server address/],
      [['--advertise', 'a:b'], /not an address to advertise/],
    ] as const) {
      const run = await runBinary(['serve', '--ephemeral', '--port', '0', ...args])
      assert.equal(run.status, 2, args.join(' '))
      assert.match(run.stderr, message)
    }
  })
})

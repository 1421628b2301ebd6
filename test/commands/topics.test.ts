import assert from 'node:assert/strict'
import { runBinary, suiteFolder, type Ran } from '../run-binary.ts'

describe('topic commands on a folder', () => {
  const folder = suiteFolder()
  const run = (...args: string[]): Promise<Ran> => runBinary([...args, '--store', folder.path('store')])

  it('updateTopic needs neither broker nor cluster, and prints what mqadmin prints', async () => {
    const { status, stdout } = await run('updateTopic', '-t', 'orders', '-r', '4', '-w3')
    assert.equal(status, 0)
    assert.equal(
      stdout,
      'create topic to 127.0.0.1:9876 success.\n' +
        'TopicConfig [topicName=orders, readQueueNums=4, writeQueueNums=3, perm=RW-, ' +
        'topicFilterType=SINGLE_TAG, topicSysFlag=0, order=false, attributes={}]\n',
    )
  })

  it('updateTopic -o is the order, unless it names a format', async () => {
    const ordered = await run(
      'updateTopic',
      '-t',
      'ordered',
      '-o',
      'true',
      '-w',
      '2',
      '-a',
      '+message.type=FIFO',
    )
    assert.match(
      ordered.stdout,
      /^create topic to .*\nset cluster orderConf. isOrder=true, orderConf=\[broker-a:2\]\n/,
    )
    assert.match(ordered.stdout, /order=true, attributes=\{\+message.type=FIFO\}\]\n$/)
    const json = JSON.parse((await run('updateTopic', '-t', 'other', '-o', 'json')).stdout) as Record<
      string,
      unknown
    >
    assert.deepEqual(json.brokerAddrs, ['127.0.0.1:9876'])
    assert.equal(json.version, 1)
    assert.deepEqual(json.target, { kind: 'folder', store: folder.path('store') })
  })

  const badUpdates: readonly (readonly [readonly string[], RegExp])[] = [
    [['-b', 'a:1', '-c', 'C'], /exclude each other/],
    [['-r', 'many'], /--readQueueNums: "many" is not a whole number/],
    [['-p', '8'], /--perm: 8 is out of range: from 0 to 7/],
    [['-o', 'maybe'], /--order: "maybe" is not true or false/],
    [['-a', 'x=y'], /neither \+key=value nor -key/],
    [['-a', '+a=1,+a=2'], /given twice/],
  ]
  for (const [args, message] of badUpdates) {
    it(`updateTopic refuses ${args.join(' ')}`, async () => {
      const { status, stdout, stderr } = await run('updateTopic', '-t', 'bad', ...args)
      assert.equal(status, 2)
      assert.equal(stdout, '')
      assert.match(stderr, message)
    })
  }

  it('updateTopic on a cluster needs one of both', async () => {
    const { status, stderr } = await runBinary(['updateTopic', '-n', '127.0.0.1:1', '-t', 'x'])
    assert.equal(status, 2)
    assert.match(stderr, /one of -b, --brokerAddr and -c, --clusterName is needed/)
  })

  it('topicList prints names, with -c clusters', async () => {
    const { stdout } = await run('topicList')
    assert.ok(stdout.split('\n').includes('orders'))
    const rows = (await run('topiclist', '-c')).stdout.split('\n')
    assert.equal(
      rows[0],
      `${'#Cluster Name'.padEnd(20)}  ${'#Topic'.padEnd(48)}  ${'#Consumer Group'.padEnd(48)}`,
    )
    assert.ok(rows.includes(`${'DefaultCluster'.padEnd(20)}  ${'orders'.padEnd(64)}  ${''.padEnd(64)}`))
    const items = (await run('topicList', '-c', '-o', 'ndjson')).stdout.trim().split('\n')
    assert.ok(items.includes('{"clusterName":"DefaultCluster","topic":"orders","consumerGroup":""}'))
  })

  it('topicRoute prints JSON with bare integer keys, with -l a table', async () => {
    const { stdout } = await run('topicRoute', '-t', 'orders')
    assert.ok(
      stdout.startsWith('{\n\t"brokerDatas":[\n\t\t{\n\t\t\t"brokerAddrs":{\n\t\t\t\t0:"127.0.0.1:9876"\n'),
    )
    const lines = (await run('topicRoute', '-lt', 'orders')).stdout.split('\n')
    assert.equal(
      lines[1]!.trimEnd().replaceAll(/ {2,}/g, '|'),
      'DefaultCluster|broker-a|{0=127.0.0.1:9876}|4|3|6',
    )
    assert.equal(lines[2], '-'.repeat(158))
    assert.equal(lines[3]!.trimEnd().replaceAll(/ {2,}/g, '|'), 'Total:|1|4|3')
  })

  it('clusterList prints rows, totals with -m', async () => {
    const { stdout } = await run('clusterList')
    assert.match(stdout, /^#Cluster Name {11}#Broker Name {12}#BID {2}#Addr /)
    assert.match(stdout, /\nDefaultCluster {10}broker-a {16}0 {5}127.0.0.1:9876 /)
    const totals = await run('clusterList', '-m', '--columns', 'brokerName,inTotalToday')
    assert.match(totals.stdout, /^#Broker Name {20} *#InTotalToday\nbroker-a {24} +\d+\n$/)
    assert.equal((await run('clusterList', '--quiet')).stdout, '127.0.0.1:9876\n')
  })

  it('clusterList -i prints again until interrupted', async () => {
    const { startBinary, ended } = await import('../run-binary.ts')
    const child = startBinary(['clusterList', '-i', '1', '-o', 'ndjson', '--store', folder.path('store')])
    let lines = 0
    child.stdout!.on('data', () => ++lines === 2 && child.kill('SIGINT'))
    const { status, stderr } = await ended(child)
    assert.equal(status, 130)
    assert.match(stderr, /interrupted by SIGINT/)
  })

  for (const [args, status, message] of [
    [['topicRoute', '-t', 'nope'], 4, /no such topic: nope/],
    [['clusterList', '-c', 'nope'], 4, /no such cluster: nope/],
    [['clusterList', '-i', '0'], 2, /out of range/],
    [['topicRoute'], 2, /missing required flag --topic/],
    [['topicList', 'extra'], 2, /unexpected argument extra/],
  ] as const) {
    it(`${args.join(' ')} ends with ${status}`, async () => {
      const ran = await run(...args)
      assert.equal(ran.status, status)
      assert.equal(ran.stdout, '')
      assert.match(ran.stderr, message)
    })
  }
})

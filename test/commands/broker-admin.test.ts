import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { runBinary, suiteFolder, type Ran, type RunOptions } from '../run-binary.ts'

describe('broker administration on a folder', () => {
  const folder = suiteFolder()
  const run = (args: readonly string[], options?: RunOptions): Promise<Ran> =>
    runBinary([...args, '--store', folder.path('store')], options)
  const out = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await run(args)
    assert.deepEqual([status, stderr], [0, ''])
    return stdout
  }

  before(async () => {
    await run(['updateTopic', '-t', 'orders', '-r', '2', '-w', '2', '-a', '+message.type=FIFO'])
    await run(['sendMessage', '-t', 'orders', '--lines'], { input: 'one\ntwo\n' })
    await run(['updateSubGroup', '-g', 'billing', '-r', '3'])
  })

  it('brokerStatus prints the pairs sorted, with -c behind the address', async () => {
    const lines = (await out('brokerStatus')).trimEnd().split('\n')
    assert.deepEqual(lines, [...lines].sort())
    assert.ok(lines.includes(`${'brokerVersionDesc'.padEnd(32)}: V5_5_0`))
    assert.match(await out('brokerStatus', '-c', 'DefaultCluster'), /^127\.0\.0\.1:9876 +EndTransaction/)
  })

  it('haStatus prints a master without slaves', async () => {
    assert.match(
      await out('haStatus'),
      /^\n#MasterAddr\t127\.0\.0\.1:9876\n#MasterCommitLogMaxOffset\t[1-9]\d+\n#SlaveNum\t0\n#InSyncSlaveNum\t0\n#SlaveAddr /,
    )
  })

  it('clusterRT --once times sends, and ends with 7 when one failed', async () => {
    assert.match(
      await out('clusterRT', '-a', '3', '--once'),
      /\nDefaultCluster +broker-a +\d+\.\d\d +3 +0 *\n$/,
    )
    await out('updateBrokerConfig', '-k', 'brokerPermission', '-v', '4')
    const refused = await run(['clusterRT', '-a', '1', '--once'])
    await out('updateBrokerConfig', '-k', 'brokerPermission', '-v', '6')
    assert.equal(refused.status, 7)
    assert.match(refused.stdout, /broker-a +NaN +0 +1 *\n$/)
  })

  it('getBrokerConfig prints what updateBrokerConfig set, and other commands heed it', async () => {
    assert.match(
      await out('getBrokerConfig'),
      /^=+Master: 127.0.0.1:9876=+\n[^]*\nfileReservedTime += {2}72\n/,
    )
    assert.equal(
      await out('updateBrokerConfig', '-k', 'fileReservedTime', '-v', '168'),
      'update broker config success, 127.0.0.1:9876\n',
    )
    assert.match(await out('getBrokerConfig', '-b', '127.0.0.1:9876'), /\nfileReservedTime += {2}168\n/)
    await out('updateBrokerConfig', '-k', 'autoCreateTopicEnable', '-v', 'false')
    assert.equal((await run(['sendMessage', '-t', 'unknown', '-p', 'x'])).status, 4)
    await out('updateBrokerConfig', '-k', 'autoCreateTopicEnable', '-v', 'true', '-a', 'true')
    assert.equal((await run(['sendMessage', '-t', 'unknown', '-p', 'x'])).status, 0)
  })

  it('brokerPermission takes what it says from every topic', async () => {
    await out('updateBrokerConfig', '-k', 'brokerPermission', '-v', '4')
    const refused = await run(['sendMessage', '-t', 'orders', '-p', 'x'])
    assert.equal(refused.status, 1)
    assert.match(refused.stderr, /no writable queue/)
    assert.match(await out('consumeMessage', '-t', 'orders', '-f', '%b\\n'), /one/)
    await out('updateBrokerConfig', '-k', 'brokerPermission', '-v', '6')
    assert.equal((await run(['sendMessage', '-t', 'orders', '-p', 'x'])).status, 0)
  })

  for (const [key, value, status] of [
    ['storePathRootDir', '/tmp', 1],
    ['rocketmqHome', 'x -c $@|sh', 1],
    ['fileReservedTime', '0', 2],
    ['fileReservedSize', '1.5g', 2],
    ['brokerPermission', '9', 2],
    ['autoCreateTopicEnable', 'yes', 2],
    ['fileReservedTime', '1\nrocketmqHome=x', 2],
  ] as const) {
    it(`updateBrokerConfig refuses ${JSON.stringify(`${key}=${value}`)}`, async () => {
      assert.equal((await run(['updateBrokerConfig', '-k', key, '-v', value])).status, status)
    })
  }

  it('updateKvConfig and deleteKvConfig', async () => {
    const kv = ['-s', 'ORDER_TOPIC_CONFIG', '-k', 'orders']
    assert.equal(
      await out('updateKvConfig', ...kv, '-v', 'broker-a:2'),
      'create or update kv config to namespace success.\n',
    )
    assert.match(await out('updateOrderConf', '-t', 'orders', '-m', 'get'), /\[broker-a:2\]/)
    assert.equal(await out('deleteKvConfig', ...kv), 'delete kv config from namespace success.\n')
    assert.equal((await run(['updateOrderConf', '-t', 'orders', '-m', 'get'])).status, 4)
  })

  it('statsAll counts what went in, and what groups have still to consume', async () => {
    await run(['consumeMessage', '-t', 'orders', '-g', 'billing', '--commit', '-c', '1'])
    const lines = (await out('statsAll', '-t', 'orders')).trimEnd().split('\n')
    assert.match(
      lines[0]!,
      /^#Topic +#Consumer Group +#Accumulation +#InTPS +#OutTPS +#InMsg24Hour +#OutMsg24Hour$/,
    )
    assert.match(lines[1]!, /^orders +billing +2 +0\.05 +0\.00 +3 +0$/)
    const all = await out('statsAll')
    assert.match(all, /^TBW102 +0 +0\.00 +0 +NO_CONSUMER$/m)
    assert.doesNotMatch(await out('statsAll', '-a'), /TBW102/)
    assert.equal((await run(['statsAll', '-t', 'nope'])).status, 4)
  })

  it('exportMetadata and importMetadata carry topics and groups to another folder', async () => {
    assert.equal(
      await out('exportMetadata', '-f', folder.path('export')),
      `export ${folder.path('export/metadata.json')} success\n`,
    )
    const file = folder.path('export/metadata.json')
    const other = (...args: string[]): Promise<Ran> => runBinary([...args, '--store', folder.path('other')])
    const dry = await other('importMetadata', '-f', file, '--dry-run')
    assert.equal(dry.stdout, '2 topics, 1 groups\n')
    assert.equal((await other('topicList')).status, 4)
    assert.equal((await other('importMetadata', '-f', file)).stdout, 'import 2 topics, 1 groups success\n')
    const again = folder.path('again')
    await other('exportMetadata', '-f', again)
    const read = (path: string): object => ({
      ...(JSON.parse(readFileSync(path, 'utf8')) as object),
      exportTime: 0,
    })
    assert.deepEqual(read(`${again}/metadata.json`), read(file))
    for (const bad of ['{', '{}', '[]']) {
      const { status } = await run(['importMetadata', '-f', '-'], { input: bad })
      assert.equal(status, 2, bad)
    }
  })

  it('exportConfigs and exportMetrics write their files', async () => {
    await out('exportConfigs', '-f', folder.path('export'))
    const configs = JSON.parse(readFileSync(folder.path('export/configs.json'), 'utf8')) as {
      brokerConfigs: Record<string, Record<string, string>>
      clusterScale: object
    }
    assert.equal(configs.brokerConfigs['broker-a']!.brokerRole, 'ASYNC_MASTER')
    assert.deepEqual(configs.clusterScale, { masterBrokerSize: 1, namesrvSize: 1, slaveBrokerSize: 0 })
    await out('exportMetrics', '-f', folder.path('export'))
    const metrics = JSON.parse(readFileSync(folder.path('export/metrics.json'), 'utf8')) as {
      evaluateReport: Record<string, { runtimeQuota: { topicSize: number } }>
    }
    assert.equal(metrics.evaluateReport['broker-a']!.runtimeQuota.topicSize, 2)
    const unwritable = await run(['exportConfigs', '-f', '/proc/nope'])
    assert.equal(unwritable.status, 1)
    assert.match(unwritable.stderr, /cannot be written/)
  })

  it('cleanExpiredCQ and deleteExpiredCommitLog say success, the latter with --yes', async () => {
    assert.equal(await out('cleanExpiredCQ'), 'success\n')
    assert.equal((await run(['deleteExpiredCommitLog'])).status, 2)
    assert.equal(await out('deleteExpiredCommitLog', '--yes'), 'success\n')
    assert.match(await out('consumeMessage', '-t', 'orders', '-f', '%b\\n'), /one/)
  })

  it('name server commands: their configuration, and what a folder cannot do', async () => {
    assert.match(await out('getNamesrvConfig'), /^=+127.0.0.1:9876=+\nclusterTest += {2}false\n/)
    assert.equal((await run(['updateNamesrvConfig', '-k', 'a', '-v', 'b'])).status, 1)
    for (const command of ['wipeWritePerm', 'addWritePerm'])
      assert.match((await run([command, '-b', 'broker-a'])).stderr, /not supported/)
  })
})

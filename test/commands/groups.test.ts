import assert from 'node:assert/strict'
import { runBinary, suiteFolder, type Ran, type RunOptions } from '../run-binary.ts'

describe('group commands on a folder', () => {
  const folder = suiteFolder()
  const run = (args: readonly string[], options?: RunOptions): Promise<Ran> =>
    runBinary([...args, '--store', folder.path('store')], options)
  const out = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await run(args)
    assert.deepEqual([status, stderr], [0, ''])
    return stdout
  }
  /** Offsets of a group in the queues of a topic, in their order. */
  const offsets = async (group: string): Promise<unknown[]> =>
    (await out('consumerProgress', '-g', group, '-t', 'orders', '-o', 'ndjson'))
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { consumerOffset: number }).consumerOffset)

  before(async () => {
    await run(['updateTopic', '-t', 'orders', '-r', '2', '-w', '2'])
    const input = Array.from({ length: 10 }, (_, i) => `order ${i}\n`).join('')
    await run(['sendMessage', '-t', 'orders', '--lines'], { input })
    await run(['consumeMessage', '-t', 'orders', '-g', 'billing', '--commit'])
  })

  it('updateSubGroup prints what mqadmin prints, getConsumerConfig shows it', async () => {
    assert.equal(
      await out('updateSubGroup', '-g', 'made', '-r', '3', '-d', 'true'),
      'create subscription group to 127.0.0.1:9876 success.\n' +
        'SubscriptionGroupConfig{groupName=made, consumeEnable=true, consumeFromMinEnable=false, ' +
        'consumeBroadcastEnable=true, consumeMessageOrderly=false, retryQueueNums=1, retryMaxTimes=3, ' +
        'groupRetryPolicy=GroupRetryPolicy{type=CUSTOMIZED, exponentialRetryPolicy=null, ' +
        'customizedRetryPolicy=null}, brokerId=0, whichBrokerWhenConsumeSlowly=1, ' +
        'notifyConsumerIdsChangedEnable=true, groupSysFlag=0, consumeTimeoutMinute=15, ' +
        'subscriptionDataSet=null, attributes={}}\n',
    )
    const config = (await out('getConsumerConfig', '-g', 'made')).split('\n')
    assert.equal(
      config[0],
      '=============================DefaultCluster:broker-a=============================',
    )
    assert.equal(config[1], 'groupName                               =  made')
    assert.equal(config[7], 'retryMaxTimes                           =  3')
    assert.equal((await run(['getConsumerConfig', '-g', 'nobody'])).status, 4)
  })

  it('updateSubGroup takes a retry policy and attributes, and refuses what is none', async () => {
    const policy = '{"type":"CUSTOMIZED","customizedRetryPolicy":{"next":[1000,5000]}}'
    assert.match(
      await out('updateSubGroup', '-g', 'policy', '-p', policy),
      /customizedRetryPolicy=CustomizedRetryPolicy\{next=\[1000, 5000\]\}/,
    )
    for (const bad of ['{', '{"type":"X"}', '{"type":"CUSTOMIZED","customizedRetryPolicy":{"next":[]}}']) {
      assert.equal((await run(['updateSubGroup', '-g', 'bad', '-p', bad])).status, 2, bad)
    }
    assert.match(
      (await run(['updateSubGroup', '-g', 'bad', '--attributes', '+x=1'])).stderr,
      /unsupported key: x/,
    )
    assert.equal((await run(['getConsumerConfig', '-g', 'bad'])).status, 4)
    assert.equal((await run(['updateSubGroup', '-g', 'bad name'])).status, 2)
  })

  it('updateSubGroupList takes several, all or none', async () => {
    const input = '[{"groupName":"one","retryMaxTimes":1},{"groupName":"two"}]'
    const { status, stdout } = await run(['updateSubGroupList', '-f', '-'], { input })
    assert.equal(status, 0)
    assert.match(stdout, /^submit batch of subscription group config to 127.0.0.1:9876 success/)
    const ofBroker = await run(['updateSubGroupList', '-f', '-', '-b', '127.0.0.1:9876'], { input })
    assert.match(ofBroker.stdout, /^submit batch of group config to 127.0.0.1:9876 success/)
    assert.match(await out('getConsumerConfig', '-g', 'two'), /retryMaxTimes += {2}16/)
    const half = '[{"groupName":"three"},{"groupName":"not a name"}]'
    assert.equal((await run(['updateSubGroupList', '-f', '-'], { input: half })).status, 2)
    assert.equal((await run(['getConsumerConfig', '-g', 'three'])).status, 4)
  })

  it('consumerProgress lists groups, and the queues of one', async () => {
    const lines = (await out('consumerProgress')).split('\n')
    assert.match(lines[0]!, /^#Group {58} {2}#Count {2}#Version {17}#Type {2}#Model {10}#TPS {5}#Diff Total$/)
    assert.ok(lines.some((line) => /^billing +0 +OFFLINE +0 +0$/.test(line)))
    const one = (await out('consumerProgress', '-g', 'billing')).split('\n')
    assert.match(one[1]!, /^orders {60}broker-a {26}0 {5}5 {21}5 {21}0 {20}0 {20}20\d\d-/)
    assert.deepEqual(one.slice(-4), [
      'Consume TPS: 0.00',
      'Consume Diff Total: 0',
      'Consume Inflight Total: 0',
      '',
    ])
    assert.match(await out('consumerProgress', '-g', 'billing', '-s', 'true'), /#Client IP .*\n.* N\/A /)
    assert.equal((await run(['consumerProgress', '-g', 'nobody'])).status, 4)
  })

  it('brokerConsumeStats shows every group that consumed', async () => {
    const stats = await out('brokerConsumeStats')
    assert.match(stats, /\norders {60}billing {59}broker-a {26}0 {5}5 /)
    assert.match(stats, /\n\nDiff Total: 0\n$/)
    assert.doesNotMatch(await out('brokerConsumeStats', '-l', '1'), /billing/)
  })

  it('resetOffset shows what it would do, does it, and reads back', async () => {
    const dry = await run(['resetOffset', '-g', 'billing', '-t', 'orders', '--to', '2', '--dry-run'])
    assert.equal(dry.status, 0)
    assert.match(dry.stderr, /nothing was changed/)
    assert.match(dry.stdout, /^#Broker Name.*#From.*#To.*#Replayed\nbroker-a +0 +5 +2 +3\n/)
    assert.deepEqual(await offsets('billing'), [5, 5])
    await out('resetOffset', '-g', 'billing', '-t', 'orders', '--to', '2', '--queue', '1')
    assert.deepEqual(await offsets('billing'), [5, 2])
    await out('resetOffset', '-g', 'billing', '-t', 'orders', '--to', 'earliest')
    assert.deepEqual(await offsets('billing'), [0, 0])
    await out('resetOffset', '-g', 'billing', '-t', 'orders', '--to', '-1')
    assert.deepEqual(await offsets('billing'), [4, 4])
    const consumed = await out('consumeMessage', '-t', 'orders', '-g', 'billing', '--commit', '-f', '%b\\n')
    assert.deepEqual(consumed.trimEnd().split('\n').sort(), ['order 8', 'order 9'])
    for (const [args, status] of [
      [['-g', 'nobody', '-t', 'orders', '--to', 'latest'], 4],
      [['-g', 'billing', '-t', 'nope', '--to', 'latest'], 4],
      [['-g', 'billing', '-t', 'orders', '--to', 'latest', '--queue', '9'], 4],
      [['-g', 'billing', '-t', 'orders', '--to', 'nowhere'], 2],
    ] as const) {
      assert.equal((await run(['resetOffset', ...args])).status, status, args.join(' '))
    }
  })

  it('resetOffsetByTime and skipAccumulatedMessage move it by time, or one queue to an offset', async () => {
    const all = await out('resetOffsetByTime', '-g', 'billing', '-t', 'orders', '-s', '0')
    assert.match(
      all,
      /^start reset consumer offset by specified, group\[billing\], topic\[orders\], force\[true\], timestamp\(string\)\[0\], timestamp\(long\)\[0\]\n#brokerName/,
    )
    assert.deepEqual(await offsets('billing'), [0, 0])
    const one = ['-g', 'billing', '-t', 'orders', '-s', 'now', '-b', '127.0.0.1:9876', '-q', '1', '-o', '3']
    assert.match(await out('resetOffsetByTime', ...one), /\nreset consumer offset to 3\n$/)
    assert.deepEqual(await offsets('billing'), [0, 3])
    assert.match(
      await out('skipAccumulatedMessage', '-g', 'billing', '-t', 'orders'),
      /^#brokerName +#queueId +#offset +\nbroker-a +0 +5 +\nbroker-a +1 +5 +\n$/,
    )
    assert.deepEqual(await offsets('billing'), [5, 5])
    const bad = ['resetOffsetByTime', '-g', 'billing', '-t', 'orders', '-s']
    await out(...bad, '0')
    await out(...bad, '-1')
    assert.deepEqual(await offsets('billing'), [5, 5])
    assert.equal((await run([...bad, 'tomorrow'])).status, 2)
    assert.equal((await run([...bad, 'now', '-q', '1'])).status, 2)
  })

  it('cloneGroupOffset puts a group where another one is', async () => {
    const clone = ['cloneGroupOffset', '-s', 'billing', '-d', 'copy', '-t', 'orders']
    assert.equal((await run(clone)).status, 4)
    await out('updateSubGroup', '-g', 'copy')
    assert.equal(
      await out('cloneGroupOffset', '-s', 'billing', '-d', 'copy', '-t', 'orders'),
      'clone group offset success. srcGroup[billing], destGroup=[copy], topic[orders]\n',
    )
    assert.deepEqual(await offsets('copy'), [5, 5])
    assert.equal((await run(['cloneGroupOffset', '-s', 'nobody', '-d', 'x', '-t', 'orders'])).status, 4)
  })

  it('setConsumeMode says how a group consumes a topic', async () => {
    assert.equal(
      await out('setConsumeMode', '-t', 'orders', '-g', 'poppers', '-m', 'POP', '-q', '2'),
      'set consume mode to 127.0.0.1:9876 success.\n' +
        'topic[orders] group[poppers] consume mode[POP] popShareQueueNum[2]\n',
    )
    assert.equal((await run(['setConsumeMode', '-t', 'orders', '-g', 'poppers', '-m', 'PUSH'])).status, 2)
  })

  it('deleteSubGroup wants --yes, and with -r forgets the offsets', async () => {
    assert.equal((await run(['deleteSubGroup', '-g', 'copy'])).status, 2)
    assert.equal(
      await out('deleteSubGroup', '-g', 'copy', '-r', 'true', '--yes'),
      'delete subscription group [copy] from broker [127.0.0.1:9876] in cluster [DefaultCluster] success.\n',
    )
    assert.equal((await run(['getConsumerConfig', '-g', 'copy'])).status, 4)
    assert.deepEqual(await offsets('copy'), [0, 0])
  })

  it('says that nobody is connected', async () => {
    assert.equal((await run(['consumerConnection', '-g', 'billing'])).status, 4)
    assert.equal((await run(['producerConnection', '-g', 'x', '-t', 'orders'])).status, 4)
    assert.equal(await out('producer'), '')
  })
})

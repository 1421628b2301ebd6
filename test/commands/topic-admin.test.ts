import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { runBinary, suiteFolder, type Ran, type RunOptions } from '../run-binary.ts'

describe('topic administration on a folder', () => {
  const folder = suiteFolder()
  const run = (args: readonly string[], options?: RunOptions): Promise<Ran> =>
    runBinary([...args, '--store', folder.path('store')], options)
  const out = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await run(args)
    assert.deepEqual([status, stderr], [0, ''])
    return stdout
  }
  const items = async (...args: string[]): Promise<Record<string, unknown>[]> =>
    (await out(...args, '-o', 'ndjson'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)

  before(async () => {
    const input = 'one\ntwo\nthree\n'
    await run(['updateTopic', '-t', 'orders', '-r', '2', '-w', '2'])
    await run(['sendMessage', '-t', 'orders', '--lines'], { input })
  })

  it('updateTopicList takes a file of topics, or standard input, all or none', async () => {
    const path = folder.path('topics.json')
    const list = [{ topicName: 'a', readQueueNums: 3, writeQueueNums: 3 }, { topicName: 'b' }]
    writeFileSync(path, JSON.stringify(list))
    assert.equal(
      await out('updateTopicList', '-f', path),
      'submit batch of topic config to 127.0.0.1:9876 success, please check the result later.\n',
    )
    assert.equal((await items('topicStatus', '-t', 'a')).length, 3)
    assert.equal((await items('topicStatus', '-t', 'b')).length, 16)
    const input = JSON.stringify([{ topicName: 'fine' }, { topicName: 'not fine' }])
    const refused = await run(['updateTopicList', '-f', '-'], { input })
    assert.equal(refused.status, 2)
    assert.match(refused.stderr, /illegal characters/)
    assert.equal((await run(['topicStatus', '-t', 'fine'])).status, 4)
  })

  for (const [text, message] of [
    ['[', /is no JSON/],
    ['{}', /no JSON array/],
    ['[{"topicName":"x","perm":"6"}]', /item 1 has "perm" that is no whole number/],
    ['[{"topicName":"x"},{}]', /item 2 needs a text "topicName"/],
    ['[{"topicName":"x","attributes":{"a":1}}]', /"attributes.a" that is no text/],
  ] as const) {
    it(`updateTopicList refuses ${text}`, async () => {
      const { status, stderr } = await run(['updateTopicList', '-f', '-'], { input: text })
      assert.equal(status, 2)
      assert.match(stderr, message)
    })
  }

  it('updateTopicList says when there is no such file', async () => {
    const { status, stderr } = await run(['updateTopicList', '-f', folder.path('absent.json')])
    assert.equal(status, 2)
    assert.match(stderr, /absent.json: ENOENT/)
  })

  it('topicStatus prints what queues hold', async () => {
    const lines = (await out('topicStatus', '-t', 'orders', '--utc')).split('\n')
    assert.equal(
      lines[0],
      '#Broker Name                      #QID  #Min Offset           #Max Offset             #Last Updated',
    )
    assert.match(lines[1]!, /^broker-a {26}0 {5}0 {21}[12] {23}20\d\d-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}$/)
    assert.equal(lines[4], 'Topic Put TPS: 0.0')
    const rows = await items('topicStatus', '-t', 'orders')
    assert.deepEqual(
      rows.map(({ queueId, minOffset }) => [queueId, minOffset]),
      [
        [0, 0],
        [1, 0],
      ],
    )
    assert.equal(
      rows.reduce((sum, { maxOffset }) => sum + Number(maxOffset), 0),
      3,
    )
    assert.equal((await run(['topicStatus', '-t', 'nope'])).status, 4)
  })

  it('topicClusterList prints clusters', async () => {
    assert.equal(await out('topicClusterList', '-t', 'orders'), 'DefaultCluster\n')
  })

  it('updateOrderConf puts, gets and deletes', async () => {
    const conf = ['updateOrderConf', '-t', 'orders']
    assert.equal(
      await out(...conf, '-m', 'put', '-v', 'broker-a:2'),
      'update orderConf success. topic=[orders], orderConf=[broker-a:2]\n',
    )
    assert.equal(
      await out(...conf, '-m', 'get'),
      'get orderConf success. topic=[orders], orderConf=[broker-a:2]\n',
    )
    assert.equal(await out(...conf, '-m', 'delete'), 'delete orderConf success. topic=[orders]\n')
    assert.equal((await run([...conf, '-m', 'get'])).status, 4)
    assert.match((await run([...conf, '-m', 'put', '-v', 'broker'])).stderr, /is no order configuration/)
  })

  it('updateTopicPerm changes what may be done, and keeps the queues', async () => {
    assert.equal(
      await out('updateTopicPerm', '-t', 'orders', '-p', '4'),
      'update topic perm from 6 to 4 in 127.0.0.1:9876 success.\n',
    )
    const refused = await run(['sendMessage', '-t', 'orders', '-p', 'x'])
    assert.match(refused.stderr, /route|forbidden|permission/i)
    const again = await run(['updateTopicPerm', '-t', 'orders', '-p', '4', '-b', '127.0.0.1:9876'])
    assert.equal(again.status, 2)
    assert.match(again.stderr, /new perm equals to the old one/)
    assert.match(
      await out('updateTopicPerm', '-t', 'orders', '-p', '6', '-b', '127.0.0.1:9876'),
      /from 4 to 6 in 127.0.0.1:9876 success.\nTopicConfig \[topicName=orders, readQueueNums=2, .*perm=RW-.*\]\.\n$/,
    )
    assert.equal((await run(['updateTopicPerm', '-t', 'orders', '-p', '6', '-b', '127.0.0.1:1'])).status, 4)
  })

  it('says of a topic that must not be read that it has nothing to read, where it would find nothing', async () => {
    await out('updateTopicPerm', '-t', 'orders', '-p', '2')
    assert.equal((await run(['sendMessage', '-t', 'orders', '-p', 'unread'])).status, 0)
    for (const line of [
      ['consumeMessage', '-t', 'orders'],
      ['consumeMessage', '-t', 'orders', '-f', '%b'],
      ['consumeMessage', '-t', 'orders', '-g', 'g', '--commit'],
      ['printMsg', '-t', 'orders'],
      ['assert', 'orders', '--none'],
    ]) {
      const { status, stderr } = await run(line)
      assert.deepEqual([status, /topic orders has no readable queue/.test(stderr)], [1, true], line.join(' '))
    }
    await out('updateTopicPerm', '-t', 'orders', '-p', '6')
  })

  it('with more read than write queues sends to some and reads all, with fewer reads those', async () => {
    const shape = (r: string, w: string): Promise<string> => out('updateTopic', '-t', 'odd', '-r', r, '-w', w)
    const send = (input: string): Promise<Ran> => run(['sendMessage', '-t', 'odd', '--lines'], { input })
    const read = async (...args: string[]): Promise<string[]> =>
      (await out('consumeMessage', '-t', 'odd', ...args, '-f', '%q:%b ')).trimEnd().split(' ').sort()
    await shape('2', '4')
    await send('a\nb\nc\nd\n')
    const fill = (await items('topicStatus', '-t', 'odd')).map(({ maxOffset }) => maxOffset)
    assert.deepEqual(fill, [1, 1, 1, 1])
    const read2 = await read('-g', 'g', '--commit')
    assert.deepEqual([read2.map((each) => each[0]), await read()], [['0', '1'], read2])
    await shape('4', '2')
    await send('e\nf\n')
    assert.equal((await read('-g', 'g', '--commit')).length, 4)
    assert.deepEqual(
      (await read()).map((each) => each[0]),
      ['0', '0', '1', '1', '2', '3'],
    )
    const beyond = await run(['consumeMessage', '-t', 'odd', '-b', 'broker-a', '-i', '4'])
    assert.equal(beyond.status, 2)
    assert.match(beyond.stderr, /queueId\[4\] is illegal, topic:\[odd\] topicConfig.readQueueNums:\[4\]/)
  })

  it('allocateMQ shares queues out averagely', async () => {
    assert.equal(
      await out('allocateMQ', '-t', 'orders', '-i', 'x,y'),
      '{"result":{"x":[{"brokerName":"broker-a","queueId":0,"topic":"orders"}],' +
        '"y":[{"brokerName":"broker-a","queueId":1,"topic":"orders"}]}}\n',
    )
  })

  it('deleteTopic wants --yes, unless it is called as mqadmin, and the topic begins at 0 again', async () => {
    const asked = await run(['deleteTopic', '-t', 'orders'])
    assert.equal(asked.status, 2)
    assert.match(asked.stderr, /add --yes/)
    assert.equal((await items('topicStatus', '-t', 'orders')).length, 2)
    assert.equal(
      await out('deleteTopic', '-t', 'orders', '--yes'),
      'delete topic [orders] from cluster [DefaultCluster] success.\n' +
        'delete topic [orders] from NameServer success.\n',
    )
    assert.equal((await run(['topicStatus', '-t', 'orders'])).status, 4)
    await run(['sendMessage', '-t', 'orders', '-p', 'new', '-b', 'broker-a', '-i', '0'])
    const shown = await out('consumeMessage', '-t', 'orders', '-f', '%o %b\\n')
    assert.equal(shown, '0 new\n')
    await run(['store', 'rebuild'])
    assert.equal(await out('consumeMessage', '-t', 'orders', '-f', '%o %b\\n'), '0 new\n')
  })

  it('deleteTopic refuses what every broker has', async () => {
    const { status, stderr } = await run(['deleteTopic', '-t', 'TBW102', '--yes'])
    assert.equal(status, 2)
    assert.match(stderr, /conflict with system topic/)
  })

  it('cleanUnusedTopic wants --yes and says success', async () => {
    assert.equal((await run(['cleanUnusedTopic'])).status, 2)
    assert.equal(await out('cleanUnusedTopic', '--yes'), 'success\n')
  })
})

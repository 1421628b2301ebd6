import assert from 'node:assert/strict'
import { runBinary, suiteFolder, type Ran, type RunOptions } from '../run-binary.ts'

describe('message queries on a folder', () => {
  const folder = suiteFolder()
  const run = (args: readonly string[], options?: RunOptions): Promise<Ran> =>
    runBinary([...args, '--store', folder.path('store')], options)
  const out = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await run(args)
    assert.deepEqual([status, stderr], [0, ''])
    return stdout
  }
  let ids: string[] = []

  before(async () => {
    await run(['updateTopic', '-t', 'orders', '-r', '1', '-w', '1'])
    const input =
      '{"body":"one","tag":"A","keys":["k1"]}\n{"body":"two","tag":"B","keys":["k1","k2"]}\n{"body":"grün","tag":"A"}\n'
    ids = (await run(['sendMessage', '-t', 'orders', '--ndjson', '--quiet'], { input })).stdout
      .trimEnd()
      .split('\n')
  })

  it('queryMsgByKey finds by one of several keys, exactly', async () => {
    const lines = (await out('queryMsgByKey', '-t', 'orders', '-k', 'k1')).trimEnd().split('\n')
    assert.equal(lines[0], `${'#Message ID'.padEnd(50)} #QID ${'#Offset'.padStart(40)} #IndexKey`)
    assert.deepEqual(
      lines
        .slice(1)
        .map((line) => line.split(' ', 1)[0])
        .sort(),
      ids.slice(0, 2).sort(),
    )
    assert.match(lines[1]!, /@orders@K@k1@[0-9A-F]{32}@\d+$/)
    assert.equal(await out('queryMsgByKey', '-t', 'orders', '-k', 'k2', '--quiet'), `${ids[1]!}\n`)
    assert.equal(await out('queryMsgByKey', '-t', 'orders', '-k', 'k1', '-m', '1', '--quiet'), `${ids[1]!}\n`)
    for (const args of [
      ['-k', 'k'],
      ['-k', 'k1', '-b', String(Date.now() + 60_000)],
      ['-k', 'k1', '-e', '1'],
    ])
      assert.equal((await run(['queryMsgByKey', '-t', 'orders', ...args])).status, 4, args.join(' '))
  })

  it('queryMsgByKey finds by tag with -p T, and goes on behind an index key with -l', async () => {
    const rows = async (...args: string[]): Promise<string[]> =>
      (await out('queryMsgByKey', '-t', 'orders', ...args)).trimEnd().split('\n').slice(1)
    const all = await rows('-k', 'A', '-p', 'T')
    assert.deepEqual(
      all.map((row) => row.split(' ', 1)[0]),
      [ids[2], ids[0]],
    )
    const last = all[0]!.split(' ').at(-1)!
    assert.match(last, /@orders@T@A@[0-9A-F]{32}@\d+$/)
    assert.deepEqual(await rows('-k', 'A', '-p', 'T', '-l', last), [all[1]])
    const [first, second] = await rows('-k', 'k1')
    assert.deepEqual(await rows('-k', 'k1', '-l', first!.split(' ').at(-1)!), [second])
    const none = await run(['queryMsgByKey', '-t', 'orders', '-k', 'k1', '-p', 'T'])
    assert.equal(none.status, 4)
    assert.match(none.stderr, /no message of topic orders has the tag k1/)
    assert.equal((await run(['queryMsgByKey', '-t', 'orders', '-k', 'k1', '-p', 'X'])).status, 2)
  })

  it('queryMsgTraceById shows who sent and consumed a message', async () => {
    const trace = (...fields: readonly string[]): string => `${fields.join('\u0001')}\u0002`
    const place = ['orders', 'ID1', 'A', 'k', '127.0.0.1:1', '4', '7', '0', 'OFF', 'true']
    const body =
      trace('Pub', '1000', 'DefaultRegion', 'pg', ...place) +
      trace('SubAfter', 'request', 'ID1', '3', 'false', 'k', '0', '2000', 'cg') +
      trace('SubAfter', 'request', 'other', '3', 'true', 'k', '0', '2000', 'cg')
    const input = `${JSON.stringify({ body, keys: ['ID1', 'other'] })}\n`
    await run(['sendMessage', '-t', 'RMQ_SYS_TRACE_TOPIC', '--ndjson'], { input })
    const cells = (await out('queryMsgTraceById', '-i', 'ID1', '--utc'))
      .split('\n')
      .map((line) => line.split(/ {2,}/))
    const host = cells[1]![2]!
    assert.deepEqual(cells, [
      ['#Type', '#ProducerGroup', '#ClientHost', '#SendTime', '#CostTimes #Status', ''],
      ['Pub', 'pg', host, '1970-01-01 00:00:01', '7ms', 'success', ''],
      [''],
      ['#Type', '#ConsumerGroup', '#ClientHost', '#ConsumerTime', '#CostTimes #Status', ''],
      ['Sub', 'cg', host, '1970-01-01 00:00:02', '3ms', 'failed', ''],
      [''],
      [''],
    ])
    const rows = (await out('queryMsgTraceById', '-i', 'ID1', '-o', 'ndjson')).trimEnd().split('\n')
    const { type, group, costMs, status } = JSON.parse(rows[1]!) as Record<string, unknown>
    assert.deepEqual([type, group, costMs, status], ['Sub', 'cg', 3, 'failed'])
    assert.equal((await run(['queryMsgTraceById', '-i', 'none'])).status, 4)
  })

  it('queryMsgByUniqueKey shows the message, without its offset id', async () => {
    const shown = await out('queryMsgByUniqueKey', '-t', 'orders', '-i', ids[0]!)
    assert.match(
      shown,
      /^Topic: {15}orders\nTags: {16}\[A\]\nKeys: {16}\[k1\]\n[^]*\n\n\nWARN: No Consumer\n$/,
    )
    const json = JSON.parse(
      await out('queryMsgByUniqueKey', '-t', 'orders', '-i', ids[0]!, '-a', '-o', 'ndjson'),
    ) as { body: string; tracks: unknown[] }
    assert.deepEqual([json.body, json.tracks], ['one', []])
    assert.equal((await run(['queryMsgByUniqueKey', '-t', 'orders', '-i', 'none'])).status, 4)
  })

  it('queryMsgByOffset shows the message at a place, its body in a charset', async () => {
    const at = ['queryMsgByOffset', '-t', 'orders', '-b', 'broker-a', '-i', '0', '-o']
    assert.match(await out(...at, '2', '-f', 'UTF-8'), /^OffsetID: [^]*\nMessage Body: {8}grün\n/)
    const beyond = await run([...at, '3'])
    assert.equal(beyond.status, 4)
    assert.match(beyond.stderr, /no message at offset 3\nhint: it has 0 to 2/)
    assert.equal((await run([...at, '0', '-f', 'no-such'])).status, 2)
  })

  it('queryCq prints entries of the index', async () => {
    assert.match(
      await out('queryCq', '-t', 'orders', '-q', '0', '-i', '1', '-c', '1'),
      /^Queue data: \nmax: 3, min: 0\n={38}\nidx: 1\nConsumeQueueData\{physicOffset=\d+, physicSize=\d+, tagsCode=66, extendDataJson='null', bitMap='null', eval=false, msg='null'\}\n={38}\n$/,
    )
    assert.match(
      await out('queryCq', '-t', 'orders', '-q', '0', '-i', '0', '-g', 'nobody'),
      /^Filter data: \nnobody@orders is not online!\n={38}\n/,
    )
    assert.equal((await run(['queryCq', '-t', 'orders', '-q', '7', '-i', '0'])).status, 4)
    const beyond = await run(['queryCq', '-t', 'orders', '-q', '0', '-i', '3'])
    assert.deepEqual([beyond.status, beyond.stdout], [4, ''])
    assert.match(beyond.stderr, /queue 0 of orders has no index 3 yet\nhint: .*topicStatus/)
  })

  it('printMsg prints all of a topic, or what has a tag', async () => {
    const all = await out('printMsg', '-t', 'orders')
    assert.match(
      all,
      /^minOffset=0, maxOffset=3, MessageQueue \[topic=orders, brokerName=broker-a, queueId=0\]\nMSGID: /,
    )
    assert.equal(all.match(/^MSGID: .* BODY: (one|two|grün)$/gm)!.length, 3)
    assert.ok(all.endsWith(`\n${'-'.repeat(56)}\n`))
    const some = await out('printMsg', '-t', 'orders', '-s', 'B', '-d', 'false')
    assert.equal(some.match(/^MSGID: .* BODY: NOT PRINT BODY$/gm)!.length, 1)
  })

  it('printMsgByQueue prints messages with -p, and counts tags with -f', async () => {
    const queue = ['printMsgByQueue', '-t', 'orders', '-a', 'broker-a', '-i', '0']
    assert.equal(await out(...queue), '')
    assert.equal(
      await out(...queue, '-f', 'true'),
      `Tag: ${'A'.padEnd(30)} Count: 2\nTag: ${'B'.padEnd(30)} Count: 1\n`,
    )
    assert.equal((await out(...queue, '-p', 'true')).match(/BODY: NOT PRINT BODY$/gm)!.length, 3)
    const rows = (await out(...queue, '-f', 'true', '-o', 'ndjson')).trimEnd().split('\n')
    assert.deepEqual(JSON.parse(rows[0]!), { tag: 'A', count: 2 })
  })

  it('checkMsgSendRT times sends to the queues in turns', async () => {
    await run(['updateTopic', '-t', 'probe', '-r', '2', '-w', '2'])
    const lines = (await out('checkMsgSendRT', '-t', 'probe', '-a', '3', '-s', '16')).split('\n')
    assert.match(lines[0]!, /^#Broker Name {22}#QID {2}#Send Result {12}#RT$/)
    assert.deepEqual(
      lines.slice(1, 4).map((line) => /^broker-a +(\d) +true +\d+$/.exec(line)?.[1]),
      ['0', '1', '0'],
    )
    assert.match(lines[4]!, /^Avg RT: \d+\.\d\d$/)
  })

  it('sendMsgStatus sends to the topic named like the broker', async () => {
    assert.match(
      await out('sendMsgStatus', '-b', 'broker-a', '-c', '2'),
      /^(rt=\d+ms, SendResult=SendResult \[sendStatus=SEND_OK, msgId=[0-9A-F]{32}, .*\]\n){2}$/,
    )
  })
})

import assert from 'node:assert/strict'
import { mqadmin } from './mqadmin.ts'
import { type Target, targets } from './targets.ts'

/** Unmodified mqadmin 5.5.0: the same rows from the real cluster and from ours. */
for (const [name, start] of Object.entries(targets)) {
  describe(`mqadmin 5.5.0 on ${name}`, () => {
    const topic = 'MqadminT'
    let target: Target
    /** Message ids as sendMessage printed them, in sending order. */
    const msgIds: string[] = []

    /** Standard output of a command that must say nothing on standard error. */
    async function output(command: string, ...args: string[]): Promise<string> {
      const run = await mqadmin([command, '-n', target.namesrv, ...args])
      assert.equal(run.stderr, '')
      return run.stdout
    }

    /** The `Caused by` of a command that fails, which prints nothing on standard output. */
    async function failure(command: string, ...args: string[]): Promise<string> {
      const run = await mqadmin([command, '-n', target.namesrv, ...args])
      assert.equal(run.stdout, '')
      return /^Caused by: .*$/m.exec(run.stderr)?.[0] ?? run.stderr
    }

    before(async () => {
      target = await start()
    })

    it('updateTopic: by cluster, by broker', async () => {
      const config = (topicName: string, queues: number, perm: string) =>
        `create topic to ${target.broker} success.\n` +
        `TopicConfig [topicName=${topicName}, readQueueNums=${queues}, writeQueueNums=${queues}, perm=${perm}, ` +
        'topicFilterType=SINGLE_TAG, topicSysFlag=0, order=false, attributes={}]\n'
      const byCluster = output('updateTopic', '-c', 'DefaultCluster', '-t', topic, '-r', '2', '-w', '2')
      const byBroker = output('updateTopic', '-b', target.broker, '-t', 'MqadminReadOnlyT', '-p', '4')
      assert.equal(await byCluster, config(topic, 2, 'RW-'))
      assert.equal(await byBroker, config('MqadminReadOnlyT', 8, 'R--'))
    })

    it('sendMessage: with key and tag, to a queue, to a topic made on the way', async () => {
      const sends = [
        ['-t', topic, '-p', 'body 0', '-k', 'key0 other', '-c', 'TagA', '-b', 'broker-a', '-i', '0'],
        ['-t', topic, '-p', 'grün', '-b', 'broker-a', '-i', '1'],
        ['-t', topic, '-p', 'body 2', '-c', 'TagB', '-b', 'broker-a', '-i', '0'],
      ]
      for (const args of sends) {
        const [header, row] = (await output('sendMessage', ...args)).split('\n')
        assert.equal(header, '#Broker Name                      #QID  #Send Result            #MsgId')
        const queueId = args.at(-1)!
        const match = /^broker-a {26}(\d) {5}SEND_OK {17}([0-9A-F]{32,56})$/.exec(row!)
        assert.equal(match?.[1], queueId, row)
        msgIds.push(match[2]!)
      }
      assert.match(
        await output('sendMessage', '-t', 'MqadminAutoT', '-p', 'x'),
        /^broker-a +[0-3] +SEND_OK /m,
      )
    })

    it('consumeMessage: all, by queue and offset, by count and time', async () => {
      const queue = (queueId: number) =>
        `MessageQueue [topic=${topic}, brokerName=broker-a, queueId=${queueId}]`
      const finished = (queueId: number, offset: number) =>
        `${queue(queueId)} print msg finished. status=NO_NEW_MSG, offset=${offset}\n`
      const [first, second, third] = [
        message({
          queueId: 0,
          offset: 0,
          body: 'body 0',
          crc: 866502891,
          size: 289,
          tag: 'TagA',
          keys: 'key0 other',
          max: 2,
        }),
        message({ queueId: 1, offset: 0, body: 'grün', crc: 1570091429, size: 262, max: 1 }),
        message({ queueId: 0, offset: 1, body: 'body 2', crc: 1571531207, size: 273, tag: 'TagB', max: 2 }),
      ]
      const all = await output('consumeMessage', '-t', topic)
      assert.equal(
        masked(all),
        `Consume ok\n${first}${third}${finished(0, 2)}` + `Consume ok\n${second}${finished(1, 1)}`,
      )
      assert.deepEqual(
        [...all.matchAll(/^MSGID: (\S+)/gm)].map((match) => match[1]),
        [msgIds[0], msgIds[2], msgIds[1]],
      )

      const ofQueue = ['consumeMessage', '-t', topic, '-b', 'broker-a', '-i', '0'] as const
      const [fromOffset, beyond, absentQueue, past] = await Promise.all([
        output(...ofQueue, '-o', '1'),
        output(...ofQueue, '-o', '99'),
        mqadmin([
          'consumeMessage',
          '-n',
          target.namesrv,
          '-t',
          topic,
          '-b',
          'broker-a',
          '-i',
          '9',
          '-o',
          '0',
        ]),
        // -e before the first message: offsets min to 0 are inclusive there, so one message a queue is
        // printed.
        output(...ofQueue, '-s', String(Date.now() - 3_600_000), '-e', String(Date.now() - 3_500_000)),
      ])
      assert.equal(masked(fromOffset), `Consume ok\n${third}${finished(0, 2)}`)
      assert.equal(beyond, `${queue(0)} no matched msg, offset=99\n`)
      assert.match(
        absentQueue.stderr,
        /CODE: 29 {2}DESC: queueId\[9\] is illegal, topic:\[MqadminT\] topicConfig.readQueueNums:\[2\]/,
      )
      assert.equal(masked(past), `Consume ok\n${first}`)
    })

    it('queryMsgById: by offset id, by unique key', async () => {
      const consumed = await output(
        'consumeMessage',
        '-t',
        topic,
        '-b',
        'broker-a',
        '-i',
        '0',
        '-o',
        '0',
        '-c',
        '1',
      )
      const offsetMsgId = / msgId=([0-9A-F]+),/.exec(consumed)![1]!
      const commitLogOffset = /commitLogOffset=(\d+)/.exec(consumed)![1]!
      const found = (firstLine: string) =>
        `${firstLine}\nTopic:               ${topic}\nTags:                [TagA]\nKeys:                [key0 other]\n` +
        'Queue ID:            0\nQueue Offset:        0\n' +
        `CommitLog Offset:    ${commitLogOffset}\nReconsume Times:     0\n` +
        'Born Timestamp:      <time>\nStore Timestamp:     <time>\n' +
        `Born Host:           127.0.0.1:<port>\nStore Host:          ${target.broker}\nSystem Flag:         0\n` +
        `Properties:          {MSG_REGION=DefaultRegion, UNIQ_KEY=${msgIds[0]}, CLUSTER=DefaultCluster, __CRC32#=<crc>, TAGS=TagA, ` +
        'KEYS=key0 other, WAIT=true, TRACE_ON=true}\n' +
        `Message Body Path:   /tmp/rocketmq/msgbodys/${msgIds[0]}\n\n\nWARN: No Consumer`
      const [byOffsetId, byUniqueKey] = await Promise.all([
        output('queryMsgById', '-t', topic, '-i', offsetMsgId),
        output('queryMsgById', '-t', topic, '-i', msgIds[0]!),
      ])
      assert.equal(maskedTimes(byOffsetId), found(`OffsetID:            ${offsetMsgId}`))
      assert.equal(maskedTimes(byUniqueKey), found(`OffsetID:            ${offsetMsgId}`))
    })

    it('topicRoute, topicList, clusterList', async () => {
      const [route, table, names, owners, brokers] = await Promise.all([
        output('topicRoute', '-t', topic),
        output('topicRoute', '-t', topic, '-l'),
        output('topicList'),
        output('topicList', '-c'),
        output('clusterList'),
      ])
      assert.equal(route, routeText(target.broker))
      const [, row, , total] = table.split('\n').map((line) => line.trim().split(/ {2,}/))
      assert.deepEqual(row, ['DefaultCluster', 'broker-a', `{0=${target.broker}}`, '2', '2', '6'])
      assert.deepEqual(total, ['Total:', '1', '2', '2'])
      const listed = names.trimEnd().split('\n')
      for (const each of [topic, 'MqadminAutoT', 'MqadminReadOnlyT', 'TBW102'])
        assert.equal(listed.includes(each), true, each)
      assert.match(owners, new RegExp(`^DefaultCluster +${topic} +$`, 'm'))
      assert.doesNotMatch(owners, /%RETRY%/)
      const [header, cells] = brokers.split('\n')
      assert.match(header!, /^#Cluster Name +#Broker Name +#BID +#Addr +#Version +#InTPS\(LOAD\)/)
      assert.match(
        cells!,
        new RegExp(
          `^DefaultCluster {10}broker-a {16}0 {5}${target.broker} +V5_5_0 +[\\d.]+\\(0,0ms\\) +[\\d.]+\\(0,0ms\\|0,0ms\\) .* true *$`,
        ),
      )
    })

    it('failures carry the codes and texts that scripts look for', async () => {
      const [route, send, byId, illegal] = await Promise.all([
        failure('topicRoute', '-t', 'NoSuchT'),
        failure('sendMessage', '-t', topic, '-p', 'x', '-b', 'broker-a', '-i', '77'),
        failure('queryMsgById', '-t', topic, '-i', '0102'),
        failure('updateTopic', '-c', 'DefaultCluster', '-t', 'bad topic'),
      ])
      assert.match(
        route,
        /MQClientException: CODE: 17 {2}DESC: No topic route info in name server for the topic: NoSuchT$/,
      )
      assert.match(send, /MQBrokerException: CODE: 29 {2}DESC: request queueId\[77\] is illegal, /)
      assert.match(byId, /CODE: 208 {2}DESC: query message by key finished, but no message\.$/)
      assert.match(
        illegal,
        /CODE: 29 {2}DESC: The specified topic: bad topic, contains illegal characters, allowing only /,
      )
    })

    function message(m: {
      queueId: number
      offset: number
      body: string
      crc: number
      size: number
      max: number
      tag?: string
      keys?: string
    }): string {
      const tags = m.tag === undefined ? '' : `TAGS=${m.tag}, `
      const keys = m.keys === undefined ? '' : `KEYS=${m.keys}, `
      // Signed bytes, as Java prints them.
      const body = [...new Int8Array(Buffer.from(m.body))].join(', ')
      return (
        `MSGID: <id> MessageExt [brokerName=broker-a, queueId=${m.queueId}, storeSize=${m.size}, ` +
        `queueOffset=${m.offset}, sysFlag=0, bornTimestamp=<time>, bornHost=/127.0.0.1:<port>, storeTimestamp=<time>, ` +
        `storeHost=/${target.broker}, msgId=<id>, commitLogOffset=<offset>, bodyCRC=${m.crc}, reconsumeTimes=0, ` +
        `preparedTransactionOffset=0, toString()=Message{topic='${topic}', flag=0, properties={MSG_REGION=DefaultRegion, ` +
        `UNIQ_KEY=<id>, CLUSTER=DefaultCluster, __CRC32#=<crc>, MIN_OFFSET=0, ${tags}${keys}WAIT=true, TRACE_ON=true, ` +
        `MAX_OFFSET=${m.max}}, body=[${body}], transactionId='null'}] BODY: ${m.body}\n`
      )
    }
  })
}

/** Ids, times, offsets and the client's port, which differ from run to run. */
function masked(text: string): string {
  return text
    .replace(/(MSGID: |msgId=|UNIQ_KEY=)[0-9A-F]+/g, '$1<id>')
    .replace(/(bornTimestamp|storeTimestamp)=\d+/g, '$1=<time>')
    .replace(/__CRC32#=\d{10}/g, '__CRC32#=<crc>')
    .replace(/commitLogOffset=\d+/g, 'commitLogOffset=<offset>')
    .replace(/bornHost=\/127\.0\.0\.1:\d+/g, 'bornHost=/127.0.0.1:<port>')
}

function maskedTimes(text: string): string {
  return text
    .replace(/^(Born|Store) Timestamp: .*$/gm, (line) => `${line.slice(0, 21)}<time>`)
    .replace(/__CRC32#=\d{10}/g, '__CRC32#=<crc>')
    .replace(/^(Born Host: +127\.0\.0\.1):\d+$/m, '$1:<port>')
}

function routeText(broker: string): string {
  return `{
\t"brokerDatas":[
\t\t{
\t\t\t"brokerAddrs":{
\t\t\t\t0:"${broker}"
\t\t\t},
\t\t\t"brokerName":"broker-a",
\t\t\t"cluster":"DefaultCluster",
\t\t\t"enableActingMaster":false
\t\t}
\t],
\t"filterServerTable":{},
\t"queueDatas":[
\t\t{
\t\t\t"brokerName":"broker-a",
\t\t\t"perm":6,
\t\t\t"readQueueNums":2,
\t\t\t"topicSysFlag":0,
\t\t\t"writeQueueNums":2
\t\t}
\t]
}
`
}

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { adminSweep, type SweepRun } from './admin-sweep.ts'
import { sweepGroup, sweepTopic, type SweepPlace } from './admin-sweep-rows.ts'
import { pocketmq, type PocketmqRun } from './pocketmq.ts'
import { RealCluster } from './real-cluster.ts'

const t = ['-t', sweepTopic]
const g = ['-g', sweepGroup]
const c = ['-c', 'DefaultCluster']
const made = ['-t', 'BesideT']
const group = ['-g', 'BesideG']

/** Commands with mqadmin's flags, that may be run twice: once by us, then by it. */
function lines({ broker, dir, msgId, offsetMsgId, clientId }: SweepPlace): readonly (readonly string[])[] {
  const b = ['-b', broker]
  const queue = ['printMsgByQueue', ...t, '-a', 'broker-a', '-i', '0']
  const all = [
    '-s',
    'false',
    '-m',
    'true',
    '-d',
    'true',
    '-o',
    'true',
    '-q',
    '2',
    '-r',
    '3',
    '-w',
    '2',
    '-a',
    'false',
  ]
  return [
    ['topicStatus', ...t],
    ['topicRoute', ...t],
    ['topicRoute', ...t, '-l'],
    ['topicClusterList', ...t],
    ['consumerProgress'],
    ['consumerProgress', ...g],
    ['consumerProgress', ...g, ...t],
    ['consumerProgress', ...g, '-s', 'true'],
    ['brokerConsumeStats', ...b],
    ['consumerConnection', ...g],
    ['producerConnection', '-g', 'SweepProducers', ...t],
    ['producer', ...b],
    ['queryMsgById', ...t, '-i', offsetMsgId],
    ['queryMsgById', ...t, '-i', msgId, '-f', 'UTF-8'],
    ['queryMsgById', ...t, '-i', msgId, ...g, '-d', clientId],
    ['queryMsgByOffset', ...t, '-b', 'broker-a', '-i', '0', '-o', '0'],
    ['queryMsgByKey', ...t, '-k', 'key0'],
    ['queryMsgByKey', ...t, '-k', 'TagA', '-p', 'T'],
    ['queryMsgByUniqueKey', ...t, '-i', msgId],
    ['printMsg', ...t],
    ['printMsg', ...t, '-d', 'false'],
    ['printMsg', ...t, '-s', 'TagB'],
    [...queue, '-p', 'true'],
    [...queue, '-p', 'true', '-d', 'true', '-f', 'true'],
    ['queryCq', ...t, '-q', '0', '-i', '0'],
    ['queryCq', ...t, '-q', '0', '-i', '0', '-c', '1', ...g],
    ['updateTopic', ...c, ...made, '-r', '3', '-w', '2'],
    ['updateTopic', ...b, ...made, '-r', '3', '-w', '2', '-p', '4', '-a', '+message.type=FIFO'],
    ['updateTopic', ...c, '-t', 'BesideOrderT', '-o', 'true'],
    ['updateTopic', ...c, ...made, '-u', 'true', '-s', 'true'],
    ['updateTopicPerm', ...c, ...made, '-p', '6'],
    ['updateTopicList', ...b, '-f', join(dir, 'topics.json')],
    ['updateOrderConf', ...t, '-m', 'put', '-v', 'broker-a:4'],
    ['updateOrderConf', ...t, '-m', 'get'],
    ['updateOrderConf', ...t, '-m', 'delete'],
    ['clusterList', '-m'],
    ['updateSubGroup', ...c, ...group],
    ['updateSubGroup', ...b, ...group, ...all],
    ['getConsumerConfig', ...group],
    ['updateSubGroupList', ...b, '-f', join(dir, 'groups.json')],
    ['setConsumeMode', ...c, ...t, ...group, '-m', 'POP', '-q', '2'],
    ['resetOffsetByTime', ...g, ...t, '-s', '0'],
    ['resetOffsetByTime', ...g, ...t, '-s', 'now'],
    ['resetOffsetByTime', ...g, ...t, '-s', '-1'],
    ['resetOffsetByTime', ...g, ...t, '-s', 'now', ...b, '-q', '0', '-o', '1'],
    ['skipAccumulatedMessage', ...g, ...t],
    ['cloneGroupOffset', '-s', sweepGroup, '-d', 'BesideG', ...t],
    ['brokerStatus', ...b],
    ['brokerStatus', ...c],
    ['getBrokerConfig', ...b],
    ['getBrokerConfig', ...c],
    ['updateBrokerConfig', ...b, '-k', 'autoCreateTopicEnable', '-v', 'true'],
    ['updateBrokerConfig', ...c, '-k', 'autoCreateTopicEnable', '-v', 'true', '-a', 'true'],
    ['updateKvConfig', '-s', 'BesideNs', '-k', 'k', '-v', 'v'],
    ['deleteKvConfig', '-s', 'BesideNs', '-k', 'k'],
    ['getNamesrvConfig'],
    ['wipeWritePerm', '-b', 'broker-a'],
    ['addWritePerm', '-b', 'broker-a'],
    ['statsAll', ...t],
    ['cleanExpiredCQ'],
    ['cleanExpiredCQ', ...b],
    ['deleteExpiredCommitLog', ...c],
    ['cleanUnusedTopic', ...b],
    ['exportMetadata', ...c, '-f', dir],
    ['exportMetadata', ...b, '-f', dir, '-t'],
    ['exportConfigs', ...c, '-f', dir],
    ['exportMetrics', ...c, '-f', dir],
    ['consumeMessage', ...t],
    ['checkMsgSendRT', ...made, '-a', '3', '-s', '16'],
    ['sendMsgStatus', '-b', 'broker-a', '-s', '16', '-c', '2'],
    ['deleteTopic', ...c, '-t', 'BesideOrderT'],
    ['deleteSubGroup', ...c, ...group, '-r', 'true'],
  ]
}

const destroys = new Set(['deleteTopic', 'deleteSubGroup', 'deleteExpiredCommitLog', 'cleanUnusedTopic'])

/** What mqadmin 5.5.0 prints on a real cluster, beside a producer and a consumer, our commands print. */
describe('our commands beside mqadmin 5.5.0, on a real RocketMQ', () => {
  let asked: readonly (readonly string[])[]
  const ours: PocketmqRun[] = []
  let theirs: readonly SweepRun[]
  let cluster: RealCluster | null = null

  before(async function () {
    this.timeout(400_000)
    // of its own: what others leave there changes between our run and theirs
    cluster = await RealCluster.start()
    const { namesrv, broker } = cluster
    theirs = await adminSweep({ namesrv, broker }, async (place) => {
      const topic = { topicName: 'BesideListT', readQueueNums: 2, writeQueueNums: 2, perm: 6 }
      writeFileSync(join(place.dir, 'topics.json'), JSON.stringify([topic]))
      writeFileSync(join(place.dir, 'groups.json'), JSON.stringify([{ groupName: 'BesideListG' }]))
      asked = lines(place)
      for (const [command, ...args] of asked) {
        const yes = destroys.has(command!) ? ['--yes'] : []
        ours.push(await pocketmq([command!, '-n', namesrv, ...args, ...yes]))
      }
      return asked.map(([command, ...args]) => [command!, '-n', namesrv, ...args])
    })
  })

  after(() => cluster?.stop())

  it('print the same', () => {
    const differing = asked.flatMap((line, i) => {
      const [us, them] = [ours[i]!, theirs[i]!]
      const [our, their] = [us, them].map(({ stdout }) => masked(line[0]!, stdout)) as [string[], string[]]
      if (us.stderr === '' && us.exitCode === 0 && our.join('\n') === their.join('\n')) return []
      const [ourOwn, theirOwn] = [rowsWithout(our, their), rowsWithout(their, our)]
      return [
        {
          line: line.join(' '),
          exitCode: us.exitCode,
          stderr: us.stderr,
          ourOwn,
          theirOwn,
          ended: them.ended,
        },
      ]
    })
    assert.deepEqual(differing, [])
  })
})

/** Commands whose figures go on while we look: what matters is that the same ones are there. */
const live = new Set([
  'brokerStatus',
  'clusterList',
  'checkMsgSendRT',
  'sendMsgStatus',
  'statsAll',
  'wipeWritePerm',
  'addWritePerm',
])

/**
 * Without what differs from run to run: ids, times and rates, the order of queues and properties, which
 * mqadmin has from hash tables, producers of traces, and retry topics, which a group has some seconds later
 * than its first message. It leaves out some line feeds at the end.
 */
function masked(command: string, text: string): string[] {
  const told = text
    .replace(/\b[0-9A-F]{32,}\b/g, '<id>')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(,\d+)?/g, '<time>')
    .replace(/\b1[78]\d{11}\b/g, '<ms>')
    .replace(/-?\d+\.\d+/g, '<rate>')
    .replace(/spentTimeMills=\d+/, 'spentTimeMills=<ms>')
    // none from a broker that was just started
    .replace(/(Tps +:).*/g, '$1')
    .replace(/\{[^{}]*\}/g, (map) => `{${map.slice(1, -1).split(', ').filter(isStored).sort().join(', ')}}`)
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !/INNER_(TRACE_)?PRODUCER|putMessageDistributeTime|^%RETRY%/.test(line))
    .sort()
  if (!live.has(command)) return told
  const bytes = /<(n|rate)> ([KMGT]i)?B\b/g
  return told.map((line) => line.replace(/\d+/g, '<n>').replace(bytes, '<bytes>').replace(/ +/g, ' '))
}

function rowsWithout(rows: readonly string[], others: readonly string[]): string[] {
  return rows.filter((row) => !others.includes(row))
}

/** Java's pull consumer adds two properties. */
function isStored(property: string): boolean {
  return !/^(MIN|MAX)_OFFSET=/.test(property)
}

import * as Flags from '@oclif/core/flags'
import type { ClusterBroker } from '../../core/client/admin.ts'
import { MqError } from '../../core/errors.ts'
import { flagKinds, intervalFlag } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import type { Column, ColumnTable, View } from '../../output/view.ts'

export default class ClusterList extends MqCommand {
  static override summary = 'List cluster infos.'
  static override examples = [
    '$ pocketmq clusterList',
    '$ pocketmq clusterList -m',
    '$ pocketmq clusterList -i 5',
  ]
  static override flags = {
    moreStats: Flags.boolean({ char: 'm', description: 'print more stats' }),
    interval: intervalFlag,
    clusterName: flagKinds.text({ char: 'c', description: 'which cluster' }),
  }

  protected override async perform(flags: FlagsOf<typeof ClusterList>): Promise<View<unknown>> {
    const { cluster } = await this.connect('read')
    const brokers = [...(await cluster.list(flags.clusterName))]
    if (brokers.length === 0 && flags.clusterName !== undefined) {
      throw new MqError('MQ_CLUSTER_NOT_EXIST', `cluster [${flags.clusterName}] not exist`)
    }
    brokers.sort(byNameInCluster(brokers))
    for (const { brokerName, failure } of brokers)
      if (failure !== null) this.note(`note: broker ${brokerName}: ${failure}`)
    const view = brokersView(brokers, flags.moreStats ? totalsTable : loadTable)
    return flags.interval === undefined ? view : { ...view, repeatMs: flags.interval * 1000 }
  }
}

/** Clusters keep the name server's order; ClusterListSubCommand sorts names within one. */
function byNameInCluster(brokers: readonly ClusterBroker[]) {
  const clusters = [...new Set(brokers.map(({ clusterName }) => clusterName))]
  const place = ({ clusterName }: ClusterBroker) => clusters.indexOf(clusterName)
  return (a: ClusterBroker, b: ClusterBroker) =>
    place(a) - place(b) || Number(a.brokerName > b.brokerName) - Number(a.brokerName < b.brokerName)
}

function brokersView(
  brokers: readonly ClusterBroker[],
  table: ColumnTable<ClusterBroker>,
): View<ClusterBroker> {
  return {
    shape: 'list',
    items: brokers,
    fields: [
      ...['clusterName', 'brokerName', 'brokerId', 'brokerAddr', 'version', 'inTps', 'outTps', 'timer'],
      ...['pageCacheLockTimeMills', 'hours', 'diskRatio', 'active'],
      ...['inTotalYesterday', 'outTotalYesterday', 'inTotalToday', 'outTotalToday', 'runtime'],
    ],
    toJson: (broker) => ({
      clusterName: broker.clusterName,
      brokerName: broker.brokerName,
      brokerId: broker.brokerId,
      brokerAddr: broker.brokerAddr,
      version: broker.runtime?.brokerVersionDesc ?? null,
      inTps: firstNumber(broker, 'putTps'),
      outTps: firstNumber(broker, 'getTransferredTps'),
      timer: timerCell(broker),
      pageCacheLockTimeMills: numberOf(broker, 'pageCacheLockTimeMills'),
      hours: hoursOf(broker),
      diskRatio: numberOf(broker, 'commitLogDiskRatio'),
      active: isActive(broker),
      ...totalsOf(broker),
      runtime: broker.runtime,
    }),
    toId: ({ brokerAddr }) => brokerAddr,
    table,
  }
}

const clusterColumn: Column<ClusterBroker> = {
  title: '#Cluster Name',
  field: 'clusterName',
  cell: ({ clusterName }) => clusterName,
}
const nameColumn: Column<ClusterBroker> = {
  title: '#Broker Name',
  field: 'brokerName',
  cell: ({ brokerName }) => brokerName,
}

const loadTable: ColumnTable<ClusterBroker> = {
  kind: 'columns',
  headerFormat: '%-22s  %-22s  %-4s  %-22s %-16s  %16s  %30s  %-22s  %-11s  %-12s  %-8s  %-10s',
  rowFormat: '%-22s  %-22s  %-4s  %-22s %-16s  %16s  %30s  %-22s  %11s  %-12s  %-8s  %10s',
  columns: [
    clusterColumn,
    nameColumn,
    { title: '#BID', field: 'brokerId', cell: ({ brokerId }) => brokerId },
    { title: '#Addr', field: 'brokerAddr', cell: ({ brokerAddr }) => brokerAddr },
    { title: '#Version', field: 'version', cell: (broker) => textOf(broker, 'brokerVersionDesc') },
    { title: '#InTPS(LOAD)', field: 'inTps', cell: inCell },
    { title: '#OutTPS(LOAD)', field: 'outTps', cell: outCell },
    { title: '#Timer(Progress)', field: 'timer', cell: timerCell },
    {
      title: '#PCWait(ms)',
      field: 'pageCacheLockTimeMills',
      cell: (broker) => textOf(broker, 'pageCacheLockTimeMills'),
    },
    { title: '#Hour', field: 'hours', cell: (broker) => hoursOf(broker).toFixed(2) },
    {
      title: '#SPACE',
      field: 'diskRatio',
      cell: (broker) => numberOf(broker, 'commitLogDiskRatio').toFixed(4),
    },
    { title: '#ACTIVATED', field: 'active', cell: isActive },
  ],
}

const totalsTable: ColumnTable<ClusterBroker> = {
  kind: 'columns',
  headerFormat: '%-16s  %-32s %14s %14s %14s %14s',
  rowFormat: '%-16s  %-32s %14d %14d %14d %14d',
  columns: [
    clusterColumn,
    nameColumn,
    { title: '#InTotalYest', field: 'inTotalYesterday', cell: (broker) => totalsOf(broker).inTotalYesterday },
    {
      title: '#OutTotalYest',
      field: 'outTotalYesterday',
      cell: (broker) => totalsOf(broker).outTotalYesterday,
    },
    { title: '#InTotalToday', field: 'inTotalToday', cell: (broker) => totalsOf(broker).inTotalToday },
    { title: '#OutTotalToday', field: 'outTotalToday', cell: (broker) => totalsOf(broker).outTotalToday },
  ],
}

function textOf({ runtime }: ClusterBroker, key: string, otherwise = ''): string {
  return runtime?.[key] ?? otherwise
}

/** 0 for what is missing, as mqadmin shows it. */
function numberOf(broker: ClusterBroker, key: string): number {
  const value = Number(textOf(broker, key, '0'))
  return Number.isFinite(value) ? value : 0
}

/** Of `putTps=0.4 0.3 0.1`: rates over 10 s, 1 min, 10 min. */
function firstNumber(broker: ClusterBroker, key: string): number {
  const value = Number(textOf(broker, key).trim().split(' ', 1)[0])
  return Number.isFinite(value) ? value : 0
}

function isActive(broker: ClusterBroker): boolean {
  return textOf(broker, 'brokerActive').toLowerCase() === 'true'
}

function hoursOf(broker: ClusterBroker): number {
  const earliest = textOf(broker, 'earliestMessageTimeStamp')
  return earliest === '' ? 0 : (Date.now() - Number(earliest)) / 3_600_000
}

/** `%9.2f(%s,%sms)`: rate, requests waiting, wait of the first of them. */
function inCell(broker: ClusterBroker): string {
  const rate = firstNumber(broker, 'putTps').toFixed(2).padStart(9)
  return `${rate}(${queueLoad(broker, 'send', '')})`
}

/** The same for pull and, behind the bar, for ack. */
function outCell(broker: ClusterBroker): string {
  const rate = firstNumber(broker, 'getTransferredTps').toFixed(2).padStart(9)
  const ackMissing = broker.runtime === null ? '' : 'N'
  return `${rate}(${queueLoad(broker, 'pull', '')}|${queueLoad(broker, 'ack', ackMissing)})`
}

function queueLoad(broker: ClusterBroker, pool: 'send' | 'pull' | 'ack', missing: string): string {
  const size = textOf(broker, `${pool}ThreadPoolQueueSize`, missing)
  return `${size},${textOf(broker, `${pool}ThreadPoolQueueHeadWaitTimeMills`, missing)}ms`
}

/**
 * `%d-%d(%.1fw, %.1f, %.1f)`: behind in reading and offset, congestion in ten thousands, rates in and out.
 */
function timerCell(broker: ClusterBroker): string {
  const congestion = (numberOf(broker, 'timerCongestNum') / 10_000).toFixed(1)
  const rates = `${numberOf(broker, 'timerEnqueueTps').toFixed(1)}, ${numberOf(broker, 'timerDequeueTps').toFixed(1)}`
  return `${numberOf(broker, 'timerReadBehind')}-${numberOf(broker, 'timerOffsetBehind')}(${congestion}w, ${rates})`
}

function totalsOf(broker: ClusterBroker) {
  const put = (when: string) => numberOf(broker, `msgPutTotal${when}`)
  const get = (when: string) => numberOf(broker, `msgGetTotal${when}`)
  return {
    inTotalYesterday: put('TodayMorning') - put('YesterdayMorning'),
    outTotalYesterday: get('TodayMorning') - get('YesterdayMorning'),
    inTotalToday: put('TodayNow') - put('TodayMorning'),
    outTotalToday: get('TodayNow') - get('TodayMorning'),
  }
}

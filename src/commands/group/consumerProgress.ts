import type { GroupAdmin } from '../../core/client/group-admin.ts'
import type { ConsumerConnection, ConsumeStats } from '../../core/model/client-data.ts'
import type { MessageQueue } from '../../core/model/queue.ts'
import { versionText } from '../../core/model/versions.ts'
import { asMqError } from '../../command-line/failure.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { javaText } from '../../output/java-text.ts'
import { rowsView } from '../../output/rows.ts'
import type { Column, View } from '../../output/view.ts'

/** A group in a queue. */
interface QueueProgress {
  readonly topic: string
  readonly brokerName: string
  readonly queueId: number
  readonly brokerOffset: number
  readonly consumerOffset: number
  readonly clientIp: string | null
  readonly diff: number
  readonly inflight: number
  readonly lastTimestamp: number
}

/** A group in all its queues. */
interface GroupProgress {
  readonly group: string
  readonly count: number
  readonly version: string
  readonly type: string
  readonly model: string
  readonly consumeTps: number
  readonly diffTotal: number
}

export default class ConsumerProgress extends MqCommand {
  static override summary = 'Query consumer progress, speed.'
  static override description =
    'With -g each queue of the group, else all groups that consumed: diff is what a group has still to consume.'
  static override examples = [
    '$ pocketmq consumerProgress',
    '$ pocketmq consumerProgress -g billing',
    "$ pocketmq consumerProgress -g billing -o ndjson | jq -s 'map(.diff) | add'",
  ]
  static override flags = {
    groupName: flagKinds.text({ char: 'g', description: 'consumer group name' }),
    topicName: flagKinds.text({ char: 't', description: 'topic name' }),
    showClientIP: flagKinds.bool({ char: 's', default: false, description: 'show client IP per queue' }),
    cluster: flagKinds.text({ char: 'c', description: 'cluster name or lmq parent topic, lmq is used' }),
  }

  protected override async perform(flags: FlagsOf<typeof ConsumerProgress>): Promise<View<unknown>> {
    const { groups } = await this.connect('read')
    const { groupName: group, topicName: topic, showClientIP } = flags
    if (group === undefined) return groupsView(await allGroups(groups, await groups.list()))
    const stats = await groups.progress(group, topic, flags.cluster)
    const clientIps = showClientIP ? await clientIpsOf(groups, group) : null
    return queuesView(stats, clientIps, this.utc)
  }
}

/** Which member has which queue; a member that does not tell has none here, as in mqadmin. */
async function clientIpsOf(groups: GroupAdmin, group: string): Promise<Map<string, string>> {
  const ips = new Map<string, string>()
  const members = await known(groups.members(group))
  for (const { clientId } of members?.connections ?? []) {
    const info = await known(groups.runningInfo(group, clientId))
    for (const queue of info?.queues ?? []) ips.set(keyOf(queue), clientId.split('@', 1)[0]!)
  }
  return ips
}

function keyOf({ topic, brokerName, queueId }: MessageQueue): string {
  return JSON.stringify([topic, brokerName, queueId])
}

function queuesView(
  stats: ConsumeStats,
  clientIps: ReadonlyMap<string, string> | null,
  utc: boolean,
): View<QueueProgress> {
  const rows = stats.offsets.map(({ queue, brokerOffset, consumerOffset, pullOffset, lastTimestamp }) => ({
    ...queue,
    brokerOffset,
    consumerOffset,
    clientIp: clientIps?.get(keyOf(queue)) ?? null,
    diff: brokerOffset - consumerOffset,
    inflight: pullOffset - consumerOffset,
    lastTimestamp,
  }))
  const ipFormat = clientIps === null ? '' : '%-20s '
  const ipColumn: Column<QueueProgress> = {
    title: '#Client IP',
    field: 'clientIp',
    cell: ({ clientIp }) => clientIp ?? 'N/A',
  }
  return rowsView(rows, {
    fields: [
      ...(['topic', 'brokerName', 'queueId', 'brokerOffset', 'consumerOffset'] as const),
      ...(['clientIp', 'diff', 'inflight', 'lastTimestamp'] as const),
    ],
    id: ({ topic, brokerName, queueId }) => `${topic} ${brokerName} ${queueId}`,
    header: `%-64s  %-32s  %-4s  %-20s  %-20s  ${ipFormat}%-20s %-20s%s`,
    row: `%-64s  %-32s  %-4s  %-20s  %-20s  ${ipFormat}%-20s %-20s %s`,
    columns: [
      { title: '#Topic', field: 'topic', cell: ({ topic }) => topic },
      { title: '#Broker Name', field: 'brokerName', cell: ({ brokerName }) => brokerName },
      { title: '#QID', field: 'queueId', cell: ({ queueId }) => queueId },
      { title: '#Broker Offset', field: 'brokerOffset', cell: ({ brokerOffset }) => brokerOffset },
      { title: '#Consumer Offset', field: 'consumerOffset', cell: ({ consumerOffset }) => consumerOffset },
      ...(clientIps === null ? [] : [ipColumn]),
      { title: '#Diff', field: 'diff', cell: ({ diff }) => diff },
      { title: '#Inflight', field: 'inflight', cell: ({ inflight }) => inflight },
      {
        title: '#LastTime',
        field: 'lastTimestamp',
        cell: ({ lastTimestamp: at }) => (at === 0 ? 'N/A' : javaText.seconds(at, utc)),
      },
    ],
    footer: () =>
      `\nConsume TPS: ${stats.consumeTps.toFixed(2)}\n` +
      `Consume Diff Total: ${sum(rows, 'diff')}\nConsume Inflight Total: ${sum(rows, 'inflight')}\n`,
  })
}

function sum(rows: readonly QueueProgress[], field: 'diff' | 'inflight'): number {
  return rows.reduce((total, row) => total + row[field], 0)
}

/** One that cannot be asked has a row all the same, as in mqadmin. */
async function allGroups(groups: GroupAdmin, names: readonly string[]): Promise<GroupProgress[]> {
  const rows: GroupProgress[] = []
  for (const group of names) {
    const stats = await known(groups.progress(group))
    const members = await known(groups.members(group))
    rows.push(groupProgress(group, stats, members))
  }
  return rows
}

/** Null for what is not there. */
async function known<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked
  } catch (thrown) {
    const error = asMqError(thrown)
    if (error.exit >= 5) throw error
    return null
  }
}

/** GroupConsumeInfo */
function groupProgress(
  group: string,
  stats: ConsumeStats | null,
  members: ConsumerConnection | null,
): GroupProgress {
  const count = members?.connections.length ?? 0
  const online = members !== null && count > 0
  return {
    group,
    count,
    version: online ? versionText(Math.min(...members.connections.map((each) => each.version))) : 'OFFLINE',
    type: !online ? '' : members.consumeType === 'CONSUME_ACTIVELY' ? 'PULL' : 'PUSH',
    model: online && members.consumeType === 'CONSUME_PASSIVELY' ? members.messageModel : '',
    consumeTps: Math.trunc(stats?.consumeTps ?? 0),
    diffTotal: (stats?.offsets ?? []).reduce((all, row) => all + row.brokerOffset - row.consumerOffset, 0),
  }
}

function groupsView(rows: readonly GroupProgress[]): View<GroupProgress> {
  return rowsView(rows, {
    fields: ['group', 'count', 'version', 'type', 'model', 'consumeTps', 'diffTotal'],
    id: ({ group }) => group,
    header: '%-64s  %-6s  %-24s %-5s  %-14s  %-7s  %s',
    columns: [
      { title: '#Group', field: 'group', cell: ({ group }) => group },
      { title: '#Count', field: 'count', cell: ({ count }) => count },
      { title: '#Version', field: 'version', cell: ({ version }) => version },
      { title: '#Type', field: 'type', cell: ({ type }) => type },
      { title: '#Model', field: 'model', cell: ({ model }) => model },
      { title: '#TPS', field: 'consumeTps', cell: ({ consumeTps }) => consumeTps },
      { title: '#Diff Total', field: 'diffTotal', cell: ({ diffTotal }) => diffTotal },
    ],
  })
}

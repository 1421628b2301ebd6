import * as Flags from '@oclif/core/flags'
import type { MqAdmin } from '../../core/client/admin.ts'
import { MqError } from '../../core/errors.ts'
import { dlqPrefix, retryPrefix } from '../../core/model/names.ts'
import { masterId } from '../../core/model/route.ts'
import type { BrokerStatsData } from '../../core/model/stats.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { rowsView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

interface TopicStats {
  readonly topic: string
  /** Null: nobody consumes it. */
  readonly consumerGroup: string | null
  readonly accumulation: number
  readonly inTps: number
  readonly outTps: number | null
  readonly inMsg24Hour: number
  readonly outMsg24Hour: number | null
}

export default class StatsAll extends MqCommand {
  static override summary = 'Topic and Consumer tps stats.'
  static override description =
    'A row per topic and group. On a folder, what went in is counted in the log; what was consumed is counted by ' +
    'a process while it runs, so a folder knows it only of `pocketmq serve`.'
  static override examples = ['$ pocketmq statsAll', '$ pocketmq statsAll -t orders -a']
  static override flags = {
    activeTopic: Flags.boolean({ char: 'a', description: 'print active topic only' }),
    topic: flagKinds.text({ char: 't', description: 'print select topic only' }),
  }

  protected override async perform(flags: FlagsOf<typeof StatsAll>): Promise<View<unknown>> {
    const admin = await this.connect('read')
    const all = await admin.topics.list()
    const topics = all.filter((topic) => !topic.startsWith(retryPrefix) && !topic.startsWith(dlqPrefix))
    const chosen = flags.topic === undefined ? topics : topics.filter((topic) => topic === flags.topic)
    if (chosen.length === 0 && flags.topic !== undefined)
      throw new MqError('MQ_TOPIC_NOT_EXIST', `no such topic: ${flags.topic}`)
    return statsView(rowsOf(admin, chosen, flags.activeTopic))
  }
}

async function* rowsOf(
  admin: MqAdmin,
  topics: readonly string[],
  activeOnly: boolean,
): AsyncGenerator<TopicStats> {
  for (const topic of topics) {
    for (const row of await topicStats(admin, topic)) {
      const idle = row.inMsg24Hour === 0 && (row.outMsg24Hour ?? 0) === 0
      if (!activeOnly || !idle) yield row
    }
  }
}

/** StatsAllSubCommand.printTopicDetail */
async function topicStats(admin: MqAdmin, topic: string): Promise<TopicStats[]> {
  const { brokerDatas } = await admin.topics.route(topic)
  const masters = brokerDatas.flatMap(({ brokerAddrs }) => brokerAddrs[masterId] ?? [])
  const count = async (name: string, key: string): Promise<{ tps: number; day: number }> => {
    const data = await Promise.all(masters.map((address) => admin.brokers.stats(address, name, key)))
    return {
      tps: data.reduce((sum, each) => sum + (each?.statsMinute.tps ?? 0), 0),
      day: data.reduce((sum, each) => sum + dayOf(each), 0),
    }
  }
  const puts = await count('TOPIC_PUT_NUMS', topic)
  const groups = await admin.topics.groups(topic)
  const into = { topic, inTps: puts.tps, inMsg24Hour: puts.day }
  if (groups.length === 0)
    return [{ ...into, consumerGroup: null, accumulation: 0, outTps: null, outMsg24Hour: null }]
  const rows: TopicStats[] = []
  for (const consumerGroup of groups) {
    const gets = await count('GROUP_GET_NUMS', `${topic}@${consumerGroup}`)
    const accumulation = await accumulated(admin, consumerGroup, topic)
    rows.push({ ...into, consumerGroup, accumulation, outTps: gets.tps, outMsg24Hour: gets.day })
  }
  return rows
}

/** StatsAllSubCommand.compute24HourSum: a broker that is younger than an hour has no sum of a day yet. */
function dayOf(data: BrokerStatsData | null): number {
  if (data === null) return 0
  return data.statsDay.sum || data.statsHour.sum || data.statsMinute.sum
}

async function accumulated(admin: MqAdmin, group: string, topic: string): Promise<number> {
  try {
    const { offsets } = await admin.groups.progress(group, topic)
    return Math.max(
      0,
      offsets.reduce((sum, { brokerOffset, consumerOffset }) => sum + brokerOffset - consumerOffset, 0),
    )
  } catch (error) {
    if (error instanceof MqError && error.exit < 5) return 0
    throw error
  }
}

function statsView(rows: AsyncIterable<TopicStats>): View<TopicStats> {
  return rowsView(rows, {
    fields: [
      ...(['topic', 'consumerGroup', 'accumulation', 'inTps', 'outTps'] as const),
      ...(['inMsg24Hour', 'outMsg24Hour'] as const),
    ],
    id: ({ topic }) => topic,
    header: '%-64s  %-64s %12s %11s %11s %14s %14s',
    columns: [
      { title: '#Topic', field: 'topic', cell: ({ topic }) => topic },
      { title: '#Consumer Group', field: 'consumerGroup', cell: ({ consumerGroup }) => consumerGroup ?? '' },
      { title: '#Accumulation', field: 'accumulation', cell: ({ accumulation }) => accumulation },
      { title: '#InTPS', field: 'inTps', cell: ({ inTps }) => inTps.toFixed(2) },
      { title: '#OutTPS', field: 'outTps', cell: ({ outTps }) => outTps?.toFixed(2) ?? '' },
      { title: '#InMsg24Hour', field: 'inMsg24Hour', cell: ({ inMsg24Hour }) => inMsg24Hour },
      {
        title: '#OutMsg24Hour',
        field: 'outMsg24Hour',
        cell: ({ outMsg24Hour }) => outMsg24Hour ?? 'NO_CONSUMER',
      },
    ],
  })
}

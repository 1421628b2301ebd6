import type { MqAdmin } from '../../core/client/admin.ts'
import { masterId } from '../../core/model/route.ts'
import { ourVersionText, versionText } from '../../core/model/versions.ts'
import { asMqError } from '../../command-line/failure.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { clusterOf } from '../../command-line/scope.ts'
import { exportFolder, writeExport } from '../../input/export-files.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

type Table = Readonly<Record<string, string>>

interface Quota {
  readonly tps: Readonly<Record<string, number>>
  readonly oneDayNum: Readonly<Record<string, number>>
  readonly diskRatio: object
  readonly messageAverageSize: string | null
  readonly topicSize: number
  readonly groupSize: number
}

export default class ExportMetrics extends MqCommand {
  static override summary = 'Export metrics.'
  static override description =
    'Rates, sizes and client versions of each master, in metrics.json. A RocketMQ broker counts messages a day ' +
    'from midnight to midnight: those of yesterday.'
  static override examples = ['$ pocketmq exportMetrics -f ./report']
  static override flags = {
    clusterName: flagKinds.text({ char: 'c', description: 'choose a cluster to export' }),
    filePath: flagKinds.text({
      char: 'f',
      default: exportFolder,
      helpValue: 'DIR',
      description: 'folder of the file',
    }),
  }

  protected override async perform(flags: FlagsOf<typeof ExportMetrics>): Promise<View<unknown>> {
    const { clusterName } = clusterOf(flags.clusterName, this.target)
    const admin = await this.connect('read')
    const members = await admin.cluster.list(clusterName)
    const evaluateReport: Record<string, object> = {}
    const quotas: Quota[] = []
    for (const { brokerName, brokerId, brokerAddr, runtime, failure } of members) {
      if (brokerId !== masterId) continue
      if (runtime === null) {
        this.note(`note: broker ${brokerName} is left out: ${failure}`)
        continue
      }
      const quota = await quotaOf(admin, brokerAddr, runtime)
      quotas.push(quota)
      evaluateReport[brokerName] = {
        runtimeEnv: {
          cpuNum: (await admin.brokers.config(brokerAddr)).clientCallbackExecutorThreads ?? null,
          totalMemKBytes: runtime.totalMemKBytes ?? null,
        },
        runtimeQuota: quota,
        runtimeVersion: { rocketmqVersion: ourVersionText, clientInfo: await clientsOf(admin, brokerAddr) },
      }
    }
    const totalData = {
      totalTps: total(quotas.map(({ tps }) => tps)),
      totalOneDayNum: total(quotas.map(({ oneDayNum }) => oneDayNum)),
    }
    const path = writeExport(flags.filePath, 'metrics.json', { evaluateReport, totalData })
    return textView([{ path }], {
      shape: 'one',
      fields: ['path'],
      id: () => path,
      text: () => `export ${path} success\n`,
    })
  }
}

/** ExportMetricsCommand.getRuntimeQuota */
async function quotaOf({ brokers }: MqAdmin, address: string, runtime: Table): Promise<Quota> {
  const [halves, scheduled] = await Promise.all(
    ['RMQ_SYS_TRANS_HALF_TOPIC', 'SCHEDULE_TOPIC_XXXX'].map((topic) =>
      brokers.stats(address, 'TOPIC_PUT_NUMS', topic),
    ),
  )
  const rate = (name: string): number => Number(runtime[name]?.split(' ')[0] ?? 0)
  const ofDay = (name: string): number =>
    Number(runtime[`${name}TodayMorning`] ?? 0) - Number(runtime[`${name}YesterdayMorning`] ?? 0)
  return {
    diskRatio: {
      commitLogDiskRatio: runtime.commitLogDiskRatio,
      consumeQueueDiskRatio: runtime.consumeQueueDiskRatio,
    },
    tps: {
      normalInTps: rate('putTps'),
      normalOutTps: rate('getTransferredTps'),
      transInTps: halves?.statsMinute.tps ?? 0,
      scheduleInTps: scheduled?.statsMinute.tps ?? 0,
    },
    oneDayNum: {
      normalOneDayInNum: ofDay('msgPutTotal'),
      normalOneDayOutNum: ofDay('msgGetTotal'),
      transOneDayInNum: halves?.statsDay.sum ?? 0,
      scheduleOneDayInNum: scheduled?.statsDay.sum ?? 0,
    },
    messageAverageSize: runtime.putMessageAverageSize ?? null,
    topicSize: (await brokers.userTopics(address, false)).length,
    groupSize: (await brokers.userGroups(address)).length,
  }
}

/** `JAVA%V5_5_0` of every client that is connected; a group nobody is in has none. */
async function clientsOf({ brokers, groups }: MqAdmin, address: string): Promise<string[]> {
  const clients = new Set<string>()
  for (const { groupName } of await brokers.userGroups(address)) {
    try {
      for (const { language, version } of (await groups.members(groupName)).connections)
        clients.add(`${language}%${versionText(version)}`)
    } catch (error) {
      if (asMqError(error).exit >= 5) throw error
    }
  }
  return [...clients]
}

/** `totalNormalInTps` is the sum of each `normalInTps`. */
function total(parts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const part of parts) {
    for (const [name, value] of Object.entries(part)) {
      const key = `total${name.charAt(0).toUpperCase()}${name.slice(1)}`
      sums[key] = (sums[key] ?? 0) + value
    }
  }
  return sums
}

import * as Flags from '@oclif/core/flags'
import type { Producer } from '../../core/client/admin.ts'
import { MqError } from '../../core/errors.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { averageRt, timedSend, type TimedSend } from '../../input/timed-send.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { javaText } from '../../output/java-text.ts'
import { rowsView, textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

interface BrokerRt {
  readonly clusterName: string
  readonly brokerName: string
  /** Average of all sends but the first, ms. */
  readonly rt: number
  readonly successCount: number
  readonly failCount: number
}

const intervalDefault = 10

export default class ClusterRT extends MqCommand {
  static override summary = 'List all clusters message send RT.'
  static override description =
    'Times sends to the topics that are named like the brokers, again and again; --once does it once and ends with ' +
    'status 7 when one failed. The first send of a round does not count for the average.'
  static override examples = [
    '$ pocketmq clusterRT -n 127.0.0.1:9876 -a 20 --once',
    '$ pocketmq clusterRT -c DefaultCluster -i 60 -p true -m room-1',
  ]
  static override flags = {
    amount: flagKinds.count({ char: 'a', min: 1, default: 50, description: 'message amount' }),
    size: flagKinds.count({ char: 's', min: 1, default: 128, description: 'message size in bytes' }),
    cluster: flagKinds.text({ char: 'c', description: 'cluster name; default all clusters' }),
    printLog: flagKinds.bool({ char: 'p', default: false, description: 'print as log lines' }),
    machineRoom: flagKinds.text({ char: 'm', default: 'noname', description: 'machine room name' }),
    interval: flagKinds.count({
      char: 'i',
      min: 1,
      max: 86_400,
      default: intervalDefault,
      description: 'seconds between rounds',
    }),
    once: Flags.boolean({ description: 'one round, whose failures are a failure' }),
  }

  protected override async perform(flags: FlagsOf<typeof ClusterRT>): Promise<View<unknown>> {
    const { cluster, messages } = await this.connect('write')
    const members = await cluster.members(flags.cluster)
    const names = new Map(members.map(({ clusterName, brokerName }) => [brokerName, clusterName]))
    const rows = round(messages.producer(), names, flags)
    const view = flags.printLog ? this.#logLines(rows, flags.machineRoom) : table(rows)
    return flags.once ? view : { ...view, repeatMs: flags.interval * 1000 }
  }

  /** `time|room|cluster|broker|rt`; mqadmin's time is China's, ours is this machine's. */
  #logLines(rows: AsyncIterable<BrokerRt>, room: string): View<BrokerRt> {
    return textView(rows, {
      fields,
      id: ({ brokerName }) => brokerName,
      text: ({ clusterName, brokerName, rt }) =>
        `${[javaText.seconds(Date.now(), this.utc), room, clusterName, brokerName, Math.round(rt)].join('|')}\n`,
    })
  }
}

const fields = ['clusterName', 'brokerName', 'rt', 'successCount', 'failCount'] as const

function table(rows: AsyncIterable<BrokerRt>): View<BrokerRt> {
  return rowsView(rows, {
    fields,
    id: ({ brokerName }) => brokerName,
    header: '%-24s  %-24s  %-4s  %-8s  %-8s',
    row: '%-24s  %-24s  %-8s  %-16s  %-16s',
    columns: [
      { title: '#Cluster Name', field: 'clusterName', cell: ({ clusterName }) => clusterName },
      { title: '#Broker Name', field: 'brokerName', cell: ({ brokerName }) => brokerName },
      { title: '#RT', field: 'rt', cell: ({ rt }) => rt.toFixed(2) },
      { title: '#successCount', field: 'successCount', cell: ({ successCount }) => successCount },
      { title: '#failCount', field: 'failCount', cell: ({ failCount }) => failCount },
    ],
  })
}

/** @throws MQ_CHECK_FAILED at the end of the only round, when a send failed */
async function* round(
  producer: Producer,
  clusterOf: ReadonlyMap<string, string>,
  { amount, size, once }: { readonly amount: number; readonly size: number; readonly once: boolean },
): AsyncGenerator<BrokerRt> {
  const body = Buffer.alloc(size, 'a')
  const failures: MqError[] = []
  for (const [brokerName, clusterName] of clusterOf) {
    const sends: TimedSend[] = []
    for (let i = 0; i < amount; i++) sends.push(await timedSend(producer, { topic: brokerName, body }))
    const failed = sends.flatMap(({ failure }) => failure ?? [])
    failures.push(...failed)
    const failCount = failed.length
    yield { clusterName, brokerName, rt: averageRt(sends), successCount: amount - failCount, failCount }
  }
  if (once && failures.length > 0)
    throw new MqError('MQ_CHECK_FAILED', `${failures.length} sends failed: ${failures[0]!.message}`)
}

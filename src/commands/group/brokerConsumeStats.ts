import { compareQueues } from '../../core/model/queue.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { brokersOf } from '../../command-line/scope.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { javaText } from '../../output/java-text.ts'
import { rowsView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class BrokerConsumeStats extends MqCommand {
  static override summary = 'Fetch broker consume stats data.'
  static override description = 'Every group in every queue that it has consumed something of.'
  static override examples = ['$ pocketmq brokerConsumeStats', '$ pocketmq brokerConsumeStats -l 100']
  static override flags = {
    brokerAddr: flagKinds.text({ char: 'b', description: 'broker address' }),
    timeoutMillis: flagKinds.count({ char: 't', description: 'request timeout, ms: see --timeout' }),
    level: flagKinds.count({ char: 'l', default: 0, description: 'only where at least so much is left' }),
    order: flagKinds.bool({ char: 'o', default: false, description: 'order topic' }),
  }

  protected override async perform(flags: FlagsOf<typeof BrokerConsumeStats>): Promise<View<unknown>> {
    const admin = await this.connect('read')
    const [address] = await brokersOf(admin, flags.brokerAddr, this.target)
    const { groups, totalDiff } = await admin.groups.brokerProgress(address!, flags.order)
    const rows = groups
      .flatMap(({ group, stats }) => stats.map(({ offsets }) => ({ group, offsets: [...offsets] })))
      .flatMap(({ group, offsets }) =>
        offsets
          .sort((a, b) => compareQueues(a.queue, b.queue))
          .map(({ queue, brokerOffset, consumerOffset, lastTimestamp }) => ({
            ...{ ...queue, group, brokerOffset, consumerOffset, lastTimestamp },
            diff: brokerOffset - consumerOffset,
          })),
      )
      .filter(({ diff, lastTimestamp }) => diff >= flags.level && lastTimestamp > 0)
    return rowsView(rows, {
      fields: [
        ...(['topic', 'group', 'brokerName', 'queueId'] as const),
        ...(['brokerOffset', 'consumerOffset', 'diff', 'lastTimestamp'] as const),
      ],
      id: ({ group }) => group,
      header: '%-64s  %-64s  %-32s  %-4s  %-20s  %-20s  %-20s  %s',
      columns: [
        { title: '#Topic', field: 'topic', cell: ({ topic }) => topic },
        { title: '#Group', field: 'group', cell: ({ group }) => group },
        { title: '#Broker Name', field: 'brokerName', cell: ({ brokerName }) => brokerName },
        { title: '#QID', field: 'queueId', cell: ({ queueId }) => queueId },
        { title: '#Broker Offset', field: 'brokerOffset', cell: ({ brokerOffset }) => brokerOffset },
        { title: '#Consumer Offset', field: 'consumerOffset', cell: ({ consumerOffset }) => consumerOffset },
        { title: '#Diff', field: 'diff', cell: ({ diff }) => diff },
        {
          title: '#LastTime',
          field: 'lastTimestamp',
          cell: ({ lastTimestamp }) => javaText.seconds(lastTimestamp, this.utc),
        },
      ],
      footer: () => `\nDiff Total: ${totalDiff}\n`,
    })
  }
}

import type { ClusterBroker } from '../../core/client/admin.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { scopeOf } from '../../command-line/scope.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class BrokerStatus extends MqCommand {
  static override summary = 'Fetch broker runtime status data.'
  static override examples = [
    '$ pocketmq brokerStatus',
    '$ pocketmq brokerStatus -n 127.0.0.1:9876 -c DefaultCluster',
    "$ pocketmq brokerStatus -o ndjson | jq -r '.runtime.putTps'",
  ]
  static override flags = {
    brokerAddr: flagKinds.text({ char: 'b', description: 'broker address' }),
    clusterName: flagKinds.text({ char: 'c', description: 'which cluster' }),
  }

  protected override async perform(flags: FlagsOf<typeof BrokerStatus>): Promise<View<unknown>> {
    const scope = scopeOf(flags, this.target)
    const { brokers, cluster } = await this.connect('read')
    const rows: readonly Pick<ClusterBroker, 'brokerAddr' | 'runtime' | 'failure'>[] =
      'brokerAddr' in scope
        ? [{ brokerAddr: scope.brokerAddr, runtime: await brokers.runtime(scope.brokerAddr), failure: null }]
        : await cluster.list(scope.clusterName)
    const named = flags.clusterName !== undefined
    for (const { brokerAddr, failure } of rows)
      if (failure !== null) this.note(`note: broker ${brokerAddr}: ${failure}`)
    return textView(rows, {
      fields: ['brokerAddr', 'runtime'],
      id: ({ brokerAddr }) => brokerAddr,
      text: ({ brokerAddr, runtime }) =>
        Object.keys(runtime ?? {})
          .sort()
          .map((key) => `${named ? `${brokerAddr.padEnd(24)} ` : ''}${key.padEnd(32)}: ${runtime![key]!}\n`)
          .join(''),
    })
  }
}

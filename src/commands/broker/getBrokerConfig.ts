import { masterId } from '../../core/model/route.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { scopeOf } from '../../command-line/scope.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { propertyLines } from '../../output/java-text.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

interface BrokerConfig {
  readonly heading: string
  readonly brokerAddr: string
  readonly config: Readonly<Record<string, string>>
}

export default class GetBrokerConfig extends MqCommand {
  static override summary = 'Get broker config by cluster or special broker.'
  static override examples = [
    '$ pocketmq getBrokerConfig',
    "$ pocketmq getBrokerConfig -o ndjson | jq -r '.config.fileReservedTime'",
  ]
  static override flags = {
    brokerAddr: flagKinds.text({ char: 'b', description: 'get which broker' }),
    clusterName: flagKinds.text({ char: 'c', description: 'get which cluster' }),
  }

  protected override async perform(flags: FlagsOf<typeof GetBrokerConfig>): Promise<View<unknown>> {
    const scope = scopeOf(flags, this.target)
    const admin = await this.connect('read')
    const places =
      'brokerAddr' in scope
        ? [{ heading: scope.brokerAddr, brokerAddr: scope.brokerAddr }]
        : headings(await admin.cluster.members(scope.clusterName))
    const rows: BrokerConfig[] = []
    for (const place of places) rows.push({ ...place, config: await admin.brokers.config(place.brokerAddr) })
    return textView(rows, {
      fields: ['brokerAddr', 'config'],
      id: ({ brokerAddr }) => brokerAddr,
      text: ({ heading, config }) => `============${heading}============\n${propertyLines(config)}\n`,
    })
  }
}

interface Place {
  readonly brokerName: string
  readonly brokerId: number
  readonly brokerAddr: string
}

/** GetBrokerConfigCommand: each master, then its slaves. */
function headings(brokers: readonly Place[]): { heading: string; brokerAddr: string }[] {
  const masters = brokers.filter(({ brokerId }) => brokerId === masterId)
  const ofSlaves = (master: Place): Place[] =>
    brokers.filter(({ brokerName, brokerId }) => brokerName === master.brokerName && brokerId !== masterId)
  return masters.flatMap((master) => [
    { heading: `Master: ${master.brokerAddr}`, brokerAddr: master.brokerAddr },
    ...ofSlaves(master).map(({ brokerAddr }) => ({
      heading: `My Master: ${master.brokerAddr}=====Slave: ${brokerAddr}`,
      brokerAddr,
    })),
  ])
}

import { masterId } from '../../core/model/route.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { clusterOf } from '../../command-line/scope.ts'
import { exportFolder, writeExport } from '../../input/export-files.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

/** ExportConfigsCommand.needBrokerProprties */
const wanted = [
  ...['brokerClusterName', 'brokerId', 'brokerName', 'brokerRole', 'fileReservedTime', 'filterServerNums'],
  ...['flushDiskType', 'maxMessageSize', 'messageDelayLevel', 'msgTraceTopicName', 'slaveReadEnable'],
  ...['traceOn', 'traceTopicEnable', 'useTLS', 'autoCreateTopicEnable', 'autoCreateSubscriptionGroup'],
]

export default class ExportConfigs extends MqCommand {
  static override summary = 'Export configs.'
  static override description =
    'Some properties of each master, and how large the cluster is, in configs.json.'
  static override examples = ['$ pocketmq exportConfigs -f ./backup']
  static override flags = {
    clusterName: flagKinds.text({ char: 'c', description: 'choose a cluster to export' }),
    filePath: flagKinds.text({
      char: 'f',
      default: exportFolder,
      helpValue: 'DIR',
      description: 'folder of the file',
    }),
  }

  protected override async perform(flags: FlagsOf<typeof ExportConfigs>): Promise<View<unknown>> {
    const { clusterName } = clusterOf(flags.clusterName, this.target)
    const { brokers, cluster, nameServers } = await this.connect('read')
    const members = await cluster.members(clusterName)
    const masters = members.filter(({ brokerId }) => brokerId === masterId)
    const brokerConfigs: Record<string, object> = {}
    for (const { brokerName, brokerAddr } of masters) {
      const config = await brokers.config(brokerAddr)
      brokerConfigs[brokerName] = Object.fromEntries(
        wanted.filter((name) => config[name] !== undefined).map((name) => [name, config[name]]),
      )
    }
    const path = writeExport(flags.filePath, 'configs.json', {
      brokerConfigs,
      clusterScale: {
        masterBrokerSize: masters.length,
        namesrvSize: nameServers.addresses.length,
        slaveBrokerSize: members.length - masters.length,
      },
    })
    return textView([{ path }], {
      shape: 'one',
      fields: ['path'],
      id: () => path,
      text: () => `export ${path} success\n`,
    })
  }
}

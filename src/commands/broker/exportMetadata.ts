import * as Flags from '@oclif/core/flags'
import type { BrokerAdmin } from '../../core/client/broker-admin.ts'
import type { SubscriptionGroupConfig } from '../../core/model/group.ts'
import type { TopicConfig } from '../../core/model/topic.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { addressesIn, scopeOf } from '../../command-line/scope.ts'
import { exportFolder, writeExport } from '../../input/export-files.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class ExportMetadata extends MqCommand {
  static override summary = 'Export metadata.'
  static override description =
    'Topics and groups as JSON, in metadata.json, topic.json (-t) or subscriptionGroup.json (-g) of a folder. Of ' +
    'several brokers the queues are added up, as by mqadmin; `importMetadata` reads the file.'
  static override examples = ['$ pocketmq exportMetadata -f ./backup', '$ pocketmq exportMetadata -f . -t']
  static override flags = {
    clusterName: flagKinds.text({ char: 'c', description: 'choose a cluster to export' }),
    brokerAddr: flagKinds.text({ char: 'b', description: 'choose a broker to export' }),
    filePath: flagKinds.text({
      char: 'f',
      default: exportFolder,
      helpValue: 'DIR',
      description: 'folder of the file',
    }),
    topic: Flags.boolean({ char: 't', description: 'only export topic metadata' }),
    subscriptionGroup: Flags.boolean({ char: 'g', description: 'only export subscriptionGroup metadata' }),
    specialTopic: Flags.boolean({ char: 's', description: 'need retryTopic and dlqTopic' }),
  }

  protected override async perform(flags: FlagsOf<typeof ExportMetadata>): Promise<View<unknown>> {
    const scope = scopeOf(flags, this.target)
    const { brokers, cluster } = await this.connect('read')
    const addresses = await addressesIn(scope, cluster)
    const all = flags.topic === flags.subscriptionGroup
    const topics = all || flags.topic ? await topicsOf(brokers, addresses, flags.specialTopic) : null
    const groups = all || flags.subscriptionGroup ? await groupsOf(brokers, addresses) : null
    const name = groups === null ? 'topic.json' : topics === null ? 'subscriptionGroup.json' : 'metadata.json'
    const path = writeExport(flags.filePath, name, {
      ...(topics !== null && { topicConfigTable: topics }),
      ...(groups !== null && { subscriptionGroupTable: groups }),
      exportTime: Date.now(),
    })
    const counts = { topics: Object.keys(topics ?? {}).length, groups: Object.keys(groups ?? {}).length }
    return textView([{ path, ...counts }], {
      shape: 'one',
      fields: ['path', 'topics', 'groups'],
      id: () => path,
      text: () => `export ${path} success\n`,
    })
  }
}

async function topicsOf(
  brokers: BrokerAdmin,
  addresses: readonly string[],
  special: boolean,
): Promise<Record<string, TopicConfig>> {
  const table: Record<string, TopicConfig> = {}
  for (const address of addresses) {
    for (const config of await brokers.userTopics(address, special)) {
      const { readQueueNums = 0, writeQueueNums = 0 } = table[config.topicName] ?? {}
      table[config.topicName] = {
        ...config,
        readQueueNums: config.readQueueNums + readQueueNums,
        writeQueueNums: config.writeQueueNums + writeQueueNums,
      }
    }
  }
  return table
}

async function groupsOf(
  brokers: BrokerAdmin,
  addresses: readonly string[],
): Promise<Record<string, SubscriptionGroupConfig>> {
  const table: Record<string, SubscriptionGroupConfig> = {}
  for (const address of addresses) {
    for (const config of await brokers.userGroups(address)) {
      const retryQueueNums = config.retryQueueNums + (table[config.groupName]?.retryQueueNums ?? 0)
      table[config.groupName] = { ...config, retryQueueNums }
    }
  }
  return table
}

import * as Flags from '@oclif/core/flags'
import type { TopicOwner } from '../../core/client/admin.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import type { View } from '../../output/view.ts'

export default class TopicList extends MqCommand {
  static override summary = 'Fetch all topic list from name server.'
  static override examples = ['$ pocketmq topicList', '$ pocketmq topicList -n 127.0.0.1:9876 -c -o ndjson']
  static override flags = {
    clusterModel: Flags.boolean({ char: 'c', description: 'with cluster and consumer groups' }),
  }

  protected override async perform(flags: FlagsOf<typeof TopicList>): Promise<View<unknown>> {
    const { topics } = await this.connect('read')
    return flags.clusterModel ? ownersView(await topics.listByCluster()) : namesView(await topics.list())
  }
}

function namesView(names: readonly string[]): View<string> {
  return {
    shape: 'list',
    items: names,
    fields: ['topic'],
    toJson: (topic) => ({ topic }),
    toId: (topic) => topic,
    table: { kind: 'text', item: (topic) => `${topic}\n` },
  }
}

/** TopicListSubCommand's header is narrower than its rows. */
function ownersView(owners: readonly TopicOwner[]): View<TopicOwner> {
  return {
    shape: 'list',
    items: owners,
    fields: ['clusterName', 'topic', 'consumerGroup'],
    toJson: ({ clusterName, topic, consumerGroup }) => ({ clusterName, topic, consumerGroup }),
    toId: ({ topic }) => topic,
    table: {
      kind: 'columns',
      headerFormat: '%-20s  %-48s  %-48s',
      rowFormat: '%-20s  %-64s  %-64s',
      columns: [
        { title: '#Cluster Name', field: 'clusterName', cell: ({ clusterName }) => clusterName },
        { title: '#Topic', field: 'topic', cell: ({ topic }) => topic },
        { title: '#Consumer Group', field: 'consumerGroup', cell: ({ consumerGroup }) => consumerGroup },
      ],
    },
  }
}

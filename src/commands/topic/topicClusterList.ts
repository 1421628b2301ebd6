import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class TopicClusterList extends MqCommand {
  static override summary = 'Get cluster info for topic.'
  static override examples = ['$ pocketmq topicClusterList -t orders']
  static override flags = {
    topic: flagKinds.text({ char: 't', required: true, description: 'topic name' }),
  }

  protected override async perform(flags: FlagsOf<typeof TopicClusterList>): Promise<View<unknown>> {
    const { topics } = await this.connect('read')
    const clusters = await topics.clusters(flags.topic)
    return textView(
      clusters.map((clusterName) => ({ clusterName })),
      {
        fields: ['clusterName'],
        id: ({ clusterName }) => clusterName,
        text: ({ clusterName }) => `${clusterName}\n`,
      },
    )
  }
}

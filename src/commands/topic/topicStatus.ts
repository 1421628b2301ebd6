import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { javaText } from '../../output/java-text.ts'
import { rowsView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class TopicStatus extends MqCommand {
  static override summary = 'Examine topic Status info.'
  static override examples = ['$ pocketmq topicStatus -t orders', '$ pocketmq topicStatus -t orders --json']
  static override flags = {
    topic: flagKinds.text({ char: 't', required: true, description: 'topic name' }),
    cluster: flagKinds.text({ char: 'c', description: 'cluster name' }),
  }

  protected override async perform(flags: FlagsOf<typeof TopicStatus>): Promise<View<unknown>> {
    const { topics } = await this.connect('read')
    return rowsView(await topics.stats(flags.topic, flags.cluster), {
      fields: ['topic', 'brokerName', 'queueId', 'minOffset', 'maxOffset', 'lastUpdateTimestamp'],
      id: ({ brokerName, queueId }) => `${brokerName} ${queueId}`,
      header: '%-32s  %-4s  %-20s  %-20s    %s',
      columns: [
        { title: '#Broker Name', field: 'brokerName', cell: ({ brokerName }) => brokerName },
        { title: '#QID', field: 'queueId', cell: ({ queueId }) => queueId },
        { title: '#Min Offset', field: 'minOffset', cell: ({ minOffset }) => minOffset },
        { title: '#Max Offset', field: 'maxOffset', cell: ({ maxOffset }) => maxOffset },
        {
          title: '#Last Updated',
          field: 'lastUpdateTimestamp',
          cell: ({ lastUpdateTimestamp: at }) => (at === 0 ? '' : javaText.localTime(at, this.utc)),
        },
      ],
      // mqadmin prints 0.0 whatever brokers say
      footer: () => '\nTopic Put TPS: 0.0\n',
    })
  }
}

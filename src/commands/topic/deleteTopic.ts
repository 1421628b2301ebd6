import { flagKinds, yesFlag } from '../../command-line/flag-kinds.ts'
import { clusterOf } from '../../command-line/scope.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class DeleteTopic extends MqCommand {
  static override summary = 'Delete topic from broker and NameServer.'
  static override description =
    'Deletes the topic with its messages and the offsets groups have there. Made anew, it begins at offset 0.'
  static override examples = [
    '$ pocketmq deleteTopic -t orders --yes',
    '$ mqadmin deleteTopic -n 127.0.0.1:9876 -c DefaultCluster -t orders',
  ]
  static override flags = {
    topic: flagKinds.text({ char: 't', required: true, description: 'topic name' }),
    clusterName: flagKinds.text({ char: 'c', description: 'delete topic from which cluster' }),
    yes: yesFlag,
  }

  protected override async perform(flags: FlagsOf<typeof DeleteTopic>): Promise<View<unknown>> {
    const { topic } = flags
    const scope = clusterOf(flags.clusterName, this.target)
    this.mustConfirm(flags.yes, `delete topic ${topic} and its messages`)
    const { topics } = await this.connect('read')
    const brokerAddrs = await topics.delete(topic, scope)
    return textView([{ topic, ...scope, brokerAddrs }], {
      shape: 'one',
      fields: ['topic', 'clusterName', 'brokerAddrs'],
      id: () => topic,
      text: () =>
        `delete topic [${topic}] from cluster [${scope.clusterName}] success.\n` +
        `delete topic [${topic}] from NameServer success.\n`,
    })
  }
}

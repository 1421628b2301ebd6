import { flagKinds, readTextFile } from '../../command-line/flag-kinds.ts'
import { scopeFlags, scopeOf } from '../../command-line/scope.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { readConfigs } from '../../input/config-list.ts'
import { topicConfigFrom } from '../../input/metadata.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class UpdateTopicList extends MqCommand {
  static override summary = 'Create or update topic in batch.'
  static override description =
    "The file is a JSON array of RocketMQ's TopicConfig: all topics are taken, or none. -f - reads standard input."
  static override examples = [
    '$ pocketmq updateTopicList -f topics.json',
    `$ echo '[{"topicName":"a","readQueueNums":4,"writeQueueNums":4}]' | pocketmq updateTopicList -f -`,
  ]
  static override flags = {
    ...scopeFlags,
    filename: flagKinds.text({
      char: 'f',
      required: true,
      helpValue: 'FILE',
      description: 'JSON array of topics',
    }),
  }

  protected override async perform(flags: FlagsOf<typeof UpdateTopicList>): Promise<View<unknown>> {
    const scope = scopeOf(flags, this.target)
    const configs = readConfigs(readTextFile(flags.filename), flags.filename, topicConfigFrom)
    const { topics } = await this.connect('write')
    const addresses = await topics.updateAll(configs, scope)
    const names = configs.map(({ topicName }) => topicName)
    return textView(
      addresses.map((brokerAddr) => ({ brokerAddr, topics: names })),
      {
        fields: ['brokerAddr', 'topics'],
        id: () => names.join('\n'),
        text: ({ brokerAddr }) =>
          `submit batch of topic config to ${brokerAddr} success, please check the result later.\n`,
      },
    )
  }
}

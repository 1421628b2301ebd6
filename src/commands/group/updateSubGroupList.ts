import { flagKinds, readTextFile } from '../../command-line/flag-kinds.ts'
import { scopeFlags, scopeOf } from '../../command-line/scope.ts'
import { readConfigs } from '../../input/config-list.ts'
import { groupConfigFrom } from '../../input/metadata.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class UpdateSubGroupList extends MqCommand {
  static override summary = 'Update or create subscription group in batch.'
  static override description =
    "The file is a JSON array of RocketMQ's SubscriptionGroupConfig: all groups are taken, or none. -f - reads " +
    'standard input.'
  static override examples = [
    '$ pocketmq updateSubGroupList -f groups.json',
    `$ echo '[{"groupName":"billing","retryMaxTimes":3}]' | pocketmq updateSubGroupList -f -`,
  ]
  static override flags = {
    ...scopeFlags,
    filename: flagKinds.text({
      char: 'f',
      required: true,
      helpValue: 'FILE',
      description: 'JSON array of groups',
    }),
  }

  protected override async perform(flags: FlagsOf<typeof UpdateSubGroupList>): Promise<View<unknown>> {
    const scope = scopeOf(flags, this.target)
    const configs = readConfigs(readTextFile(flags.filename), flags.filename, groupConfigFrom)
    const { groups } = await this.connect('write')
    const addresses = await groups.update(configs, scope)
    // mqadmin's words, which differ
    const what = 'brokerAddr' in scope ? 'group' : 'subscription group'
    const names = configs.map(({ groupName }) => groupName)
    return textView(
      addresses.map((brokerAddr) => ({ brokerAddr, groups: names })),
      {
        fields: ['brokerAddr', 'groups'],
        id: () => names.join('\n'),
        text: ({ brokerAddr }) =>
          `submit batch of ${what} config to ${brokerAddr} success, please check the result later.\n`,
      },
    )
  }
}

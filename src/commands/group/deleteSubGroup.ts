import { flagKinds, yesFlag } from '../../command-line/flag-kinds.ts'
import { scopeFlags, scopeOf } from '../../command-line/scope.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class DeleteSubGroup extends MqCommand {
  static override summary = 'Delete subscription group from broker.'
  static override description =
    'With a cluster (a folder is one), the topics %RETRY%group and %DLQ%group go as well, with their messages.'
  static override examples = ['$ pocketmq deleteSubGroup -g billing -r true --yes']
  static override flags = {
    ...scopeFlags,
    groupName: flagKinds.text({ char: 'g', required: true, description: 'subscription group name' }),
    removeOffset: flagKinds.bool({ char: 'r', default: false, description: 'remove offset' }),
    yes: yesFlag,
  }

  protected override async perform(flags: FlagsOf<typeof DeleteSubGroup>): Promise<View<unknown>> {
    const { groupName } = flags
    const scope = scopeOf(flags, this.target)
    this.mustConfirm(flags.yes, `delete group ${groupName}`)
    const { groups } = await this.connect('read')
    const addresses = await groups.delete(groupName, scope, flags.removeOffset)
    const within = 'clusterName' in scope ? ` in cluster [${scope.clusterName}]` : ''
    return textView(
      addresses.map((brokerAddr) => ({ groupName, brokerAddr })),
      {
        fields: ['groupName', 'brokerAddr'],
        id: () => groupName,
        text: ({ brokerAddr }) =>
          `delete subscription group [${groupName}] from broker [${brokerAddr}]${within} success.\n`,
      },
    )
  }
}

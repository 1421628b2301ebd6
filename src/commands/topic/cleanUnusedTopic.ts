import { flagKinds, yesFlag } from '../../command-line/flag-kinds.ts'
import { reachOf } from '../../command-line/scope.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { successView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class CleanUnusedTopic extends MqCommand {
  static override summary = 'Clean unused topic on broker.'
  static override description = 'Deletes the messages of topics that have no configuration any more.'
  static override examples = ['$ pocketmq cleanUnusedTopic --yes']
  static override flags = {
    brokerAddr: flagKinds.text({ char: 'b', description: 'broker address' }),
    cluster: flagKinds.text({ char: 'c', description: 'cluster name' }),
    yes: yesFlag,
  }

  protected override async perform(flags: FlagsOf<typeof CleanUnusedTopic>): Promise<View<unknown>> {
    const reach = reachOf(flags, this.target)
    this.mustConfirm(flags.yes, 'delete the messages of topics without configuration')
    const { topics } = await this.connect('read')
    await topics.cleanUnused(reach)
    return successView()
  }
}

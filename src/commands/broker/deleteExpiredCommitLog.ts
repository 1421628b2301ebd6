import { flagKinds, yesFlag } from '../../command-line/flag-kinds.ts'
import { reachOf } from '../../command-line/scope.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { successView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class DeleteExpiredCommitLog extends MqCommand {
  static override summary = 'Delete expired CommitLog files.'
  static override description =
    'Removes segments of the log whose last message is older than fileReservedTime (72 hours), or that are more ' +
    'than fileReservedSize, now.'
  static override examples = ['$ pocketmq deleteExpiredCommitLog --yes']
  static override flags = {
    brokerAddr: flagKinds.text({ char: 'b', description: 'broker address' }),
    cluster: flagKinds.text({ char: 'c', description: 'cluster name' }),
    yes: yesFlag,
  }

  protected override async perform(flags: FlagsOf<typeof DeleteExpiredCommitLog>): Promise<View<unknown>> {
    const reach = reachOf(flags, this.target)
    this.mustConfirm(flags.yes, 'delete the segments of the log that have expired')
    const { brokers } = await this.connect('read')
    await brokers.deleteExpiredCommitLog(reach)
    return successView()
  }
}

import { flagKinds } from '../../command-line/flag-kinds.ts'
import { reachOf } from '../../command-line/scope.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { successView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class CleanExpiredCQ extends MqCommand {
  static override summary = 'Clean expired ConsumeQueue on broker.'
  static override description = 'On a folder there is nothing to do: an index goes with its segment.'
  static override examples = ['$ pocketmq cleanExpiredCQ']
  static override flags = {
    brokerAddr: flagKinds.text({ char: 'b', description: 'broker address' }),
    cluster: flagKinds.text({ char: 'c', description: 'cluster name' }),
  }

  protected override async perform(flags: FlagsOf<typeof CleanExpiredCQ>): Promise<View<unknown>> {
    const reach = reachOf(flags, this.target)
    const { brokers } = await this.connect('read')
    await brokers.cleanExpiredConsumeQueues(reach)
    return successView()
  }
}

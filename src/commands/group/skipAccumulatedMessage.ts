import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { movesView } from '../../output/moves-view.ts'
import type { View } from '../../output/view.ts'

/** What brokers take for "behind the last message". */
const end = -1

export default class SkipAccumulatedMessage extends MqCommand {
  static override summary = 'Skip all messages that are accumulated (not consumed) currently.'
  static override examples = ['$ pocketmq skipAccumulatedMessage -g billing -t orders']
  static override flags = {
    group: flagKinds.text({ char: 'g', required: true, description: 'set the consumer group' }),
    topic: flagKinds.text({ char: 't', required: true, description: 'set the topic' }),
    force: flagKinds.bool({ char: 'f', default: true, description: 'set the force rollback by timestamp' }),
    cluster: flagKinds.text({ char: 'c', description: 'cluster name' }),
  }

  protected override async perform(flags: FlagsOf<typeof SkipAccumulatedMessage>): Promise<View<unknown>> {
    const { groups } = await this.connect('read')
    const { group, topic, force, cluster } = flags
    const options = { force, ...(cluster !== undefined && { clusterName: cluster }) }
    return movesView(await groups.resetByTime(group, topic, end, options), '', 'rows')
  }
}

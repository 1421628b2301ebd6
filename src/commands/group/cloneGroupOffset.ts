import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class CloneGroupOffset extends MqCommand {
  static override summary = 'Clone offset from other group.'
  static override description =
    'Copies where a group is in all its topics, as mqadmin does; -t only names a topic its brokers are found by.'
  static override examples = ['$ pocketmq cloneGroupOffset -s billing -d billing-copy -t orders']
  static override flags = {
    srcGroup: flagKinds.text({ char: 's', required: true, description: 'set source consumer group' }),
    destGroup: flagKinds.text({ char: 'd', required: true, description: 'set destination consumer group' }),
    topic: flagKinds.text({ char: 't', required: true, description: 'set the topic' }),
    offline: flagKinds.bool({ char: 'o', description: 'without effect, as in mqadmin' }),
  }

  protected override async perform(flags: FlagsOf<typeof CloneGroupOffset>): Promise<View<unknown>> {
    const { groups, topics } = await this.connect('read')
    const { srcGroup, destGroup, topic } = flags
    const { offsets } = await groups.progress(srcGroup)
    await topics.route(topic)
    const moves = offsets.map(({ queue, consumerOffset }) => ({ ...queue, offset: consumerOffset }))
    for (const move of moves) await groups.setOffset(destGroup, move)
    const told = `clone group offset success. srcGroup[${srcGroup}], destGroup=[${destGroup}], topic[${topic}]\n`
    return textView([{ srcGroup, destGroup, offsets: moves }], {
      shape: 'one',
      fields: ['srcGroup', 'destGroup', 'offsets'],
      id: () => destGroup,
      text: () => told,
    })
  }
}

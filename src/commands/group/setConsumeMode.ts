import * as Flags from '@oclif/core/flags'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { scopeFlags, scopeOf } from '../../command-line/scope.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class SetConsumeMode extends MqCommand {
  static override summary = 'Set consume message mode. pull/pop etc.'
  static override description =
    'PULL: each member of the group has queues of its own. POP: the broker hands messages of any queue out, as ' +
    '`consumeMessage -g` has it in a folder.'
  static override examples = ['$ pocketmq setConsumeMode -t orders -g billing -m POP -q 2']
  static override flags = {
    ...scopeFlags,
    topicName: flagKinds.text({ char: 't', required: true, description: 'topic name' }),
    groupName: flagKinds.text({ char: 'g', required: true, description: 'consumer group name' }),
    mode: Flags.string({
      char: 'm',
      required: true,
      options: ['PULL', 'POP'],
      description: 'consume mode',
    }),
    popShareQueueNum: flagKinds.count({
      char: 'q',
      default: 0,
      description: 'how many members share a queue in POP mode; 0: all',
    }),
  }

  protected override async perform(flags: FlagsOf<typeof SetConsumeMode>): Promise<View<unknown>> {
    const { topicName: topic, groupName: group, mode, popShareQueueNum } = flags
    const scope = scopeOf(flags, this.target)
    const { groups } = await this.connect('write')
    const brokerAddrs = await groups.setMode(topic, group, mode, popShareQueueNum, scope)
    return textView([{ topic, group, mode, popShareQueueNum, brokerAddrs }], {
      shape: 'one',
      fields: ['topic', 'group', 'mode', 'popShareQueueNum', 'brokerAddrs'],
      id: () => group,
      text: () =>
        brokerAddrs.map((address) => `set consume mode to ${address} success.\n`).join('') +
        `topic[${topic}] group[${group}] consume mode[${mode}] popShareQueueNum[${popShareQueueNum}]\n`,
    })
  }
}

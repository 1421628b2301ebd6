import { groupConfigPairs } from '../../core/model/group.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class GetConsumerConfig extends MqCommand {
  static override summary = 'Get consumer config by subscription group name.'
  static override examples = ['$ pocketmq getConsumerConfig -g billing']
  static override flags = {
    groupName: flagKinds.text({ char: 'g', required: true, description: 'subscription group name' }),
  }

  protected override async perform(flags: FlagsOf<typeof GetConsumerConfig>): Promise<View<unknown>> {
    const { groups } = await this.connect('read')
    const configs = await groups.configs(flags.groupName)
    const line = '='.repeat(29)
    return textView(configs, {
      fields: ['clusterName', 'brokerName', 'config'],
      id: ({ config }) => config.groupName,
      text: ({ clusterName, brokerName, config }) =>
        `${line}${clusterName}:${brokerName}${line}\n` +
        groupConfigPairs(config)
          .map(([name, value]) => `${name.padEnd(40)}=  ${value === 'null' ? '' : value}\n`)
          .join(''),
    })
  }
}

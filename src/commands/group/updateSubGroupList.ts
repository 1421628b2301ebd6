import { groupConfig, type SubscriptionGroupConfig } from '../../core/model/group.ts'
import { flagKinds, readTextFile } from '../../command-line/flag-kinds.ts'
import { scopeFlags, scopeOf } from '../../command-line/scope.ts'
import { readConfigs, type ConfigReader } from '../../input/config-list.ts'
import { readRetryPolicy } from '../../input/retry-policy.ts'
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
    const configs = readConfigs(readTextFile(flags.filename), flags.filename, groupConfigOf)
    const { groups } = await this.connect('write')
    const addresses = await groups.update(configs, scope)
    const names = configs.map(({ groupName }) => groupName)
    return textView(
      addresses.map((brokerAddr) => ({ brokerAddr, groups: names })),
      {
        fields: ['brokerAddr', 'groups'],
        id: () => names.join('\n'),
        text: ({ brokerAddr }) =>
          `submit batch of subscription group config to ${brokerAddr} success, please check the result later.\n`,
      },
    )
  }
}

function groupConfigOf(from: ConfigReader): SubscriptionGroupConfig {
  const defaults = groupConfig(from.text('groupName'))
  const policy = from.object('groupRetryPolicy')
  return {
    ...defaults,
    consumeEnable: from.flag('consumeEnable', defaults.consumeEnable),
    consumeFromMinEnable: from.flag('consumeFromMinEnable', defaults.consumeFromMinEnable),
    consumeBroadcastEnable: from.flag('consumeBroadcastEnable', defaults.consumeBroadcastEnable),
    consumeMessageOrderly: from.flag('consumeMessageOrderly', defaults.consumeMessageOrderly),
    retryQueueNums: from.count('retryQueueNums', defaults.retryQueueNums),
    retryMaxTimes: from.count('retryMaxTimes', defaults.retryMaxTimes),
    groupRetryPolicy: policy === null ? defaults.groupRetryPolicy : readRetryPolicy(policy),
    brokerId: from.count('brokerId', defaults.brokerId),
    whichBrokerWhenConsumeSlowly: from.count(
      'whichBrokerWhenConsumeSlowly',
      defaults.whichBrokerWhenConsumeSlowly,
    ),
    notifyConsumerIdsChangedEnable: from.flag(
      'notifyConsumerIdsChangedEnable',
      defaults.notifyConsumerIdsChangedEnable,
    ),
    groupSysFlag: from.count('groupSysFlag', defaults.groupSysFlag),
    consumeTimeoutMinute: from.count('consumeTimeoutMinute', defaults.consumeTimeoutMinute),
    attributes: from.texts('attributes'),
  }
}

import { MqError } from '../../core/errors.ts'
import {
  groupConfig,
  groupConfigText,
  type GroupRetryPolicy,
  type SubscriptionGroupConfig,
} from '../../core/model/group.ts'
import { parseAttributes } from '../../command-line/attributes.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { scopeFlags, scopeOf } from '../../command-line/scope.ts'
import { readRetryPolicy } from '../../input/retry-policy.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class UpdateSubGroup extends MqCommand {
  static override summary = 'Update or create subscription group.'
  static override description =
    'Replaces the whole configuration of the group: what is left out falls back to its default, which for -m and ' +
    '-d is false here, as in mqadmin, though true for a group that a consumer makes.'
  static override examples = [
    '$ pocketmq updateSubGroup -g billing -d true -r 3',
    `$ pocketmq updateSubGroup -g billing -p '{"type":"CUSTOMIZED","customizedRetryPolicy":{"next":[1000,5000]}}'`,
  ]
  static override flags = {
    ...scopeFlags,
    groupName: flagKinds.text({ char: 'g', required: true, description: 'consumer group name' }),
    consumeEnable: flagKinds.bool({ char: 's', default: true, description: 'consume enable' }),
    consumeFromMinEnable: flagKinds.bool({ char: 'm', default: false, description: 'from min offset' }),
    consumeBroadcastEnable: flagKinds.bool({ char: 'd', default: false, description: 'broadcast' }),
    consumeMessageOrderly: flagKinds.bool({
      char: 'o',
      default: false,
      description: 'consume message orderly',
    }),
    retryQueueNums: flagKinds.count({ char: 'q', default: 1, description: 'retry queue nums' }),
    retryMaxTimes: flagKinds.count({ char: 'r', default: 16, description: 'retry max times' }),
    groupRetryPolicy: flagKinds.text({
      char: 'p',
      description: `{"type":"EXPONENTIAL","exponentialRetryPolicy":{"initial":5000,"max":7200000,"multiplier":2}}`,
    }),
    brokerId: flagKinds.count({ char: 'i', default: 0, description: 'consumer from which broker id' }),
    whichBrokerWhenConsumeSlowly: flagKinds.count({
      char: 'w',
      default: 1,
      description: 'which broker id when consume slowly',
    }),
    notifyConsumerIdsChanged: flagKinds.bool({
      char: 'a',
      default: true,
      description: 'notify consumerId changed',
    }),
    attributes: flagKinds.text({ description: 'attributes: +a=b,+c=d,-e' }),
  }

  protected override async perform(flags: FlagsOf<typeof UpdateSubGroup>): Promise<View<unknown>> {
    const scope = scopeOf(flags, this.target)
    const config: SubscriptionGroupConfig = {
      ...groupConfig(flags.groupName),
      consumeEnable: flags.consumeEnable,
      consumeFromMinEnable: flags.consumeFromMinEnable,
      consumeBroadcastEnable: flags.consumeBroadcastEnable,
      consumeMessageOrderly: flags.consumeMessageOrderly,
      retryQueueNums: flags.retryQueueNums,
      retryMaxTimes: flags.retryMaxTimes,
      ...(flags.groupRetryPolicy !== undefined && { groupRetryPolicy: policyOf(flags.groupRetryPolicy) }),
      brokerId: flags.brokerId,
      whichBrokerWhenConsumeSlowly: flags.whichBrokerWhenConsumeSlowly,
      notifyConsumerIdsChangedEnable: flags.notifyConsumerIdsChanged,
      attributes: parseAttributes(flags.attributes ?? ''),
    }
    const { groups } = await this.connect('write')
    const brokerAddrs = await groups.update([config], scope)
    return textView([{ brokerAddrs, config }], {
      shape: 'one',
      fields: ['brokerAddrs', 'config'],
      id: () => config.groupName,
      text: () =>
        brokerAddrs.map((address) => `create subscription group to ${address} success.\n`).join('') +
        `${groupConfigText(config)}\n`,
    })
  }
}

function policyOf(text: string): GroupRetryPolicy {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    throw new MqError('MQ_USAGE', `--groupRetryPolicy is no JSON: ${(error as Error).message}`)
  }
  return readRetryPolicy(parsed)
}

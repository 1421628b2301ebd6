import { MqError } from '../../core/errors.ts'
import { masterId } from '../../core/model/route.ts'
import { asMqError } from '../../command-line/failure.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { scopeOf } from '../../command-line/scope.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class UpdateBrokerConfig extends MqCommand {
  static override summary = "Update broker's config."
  static override description =
    'A folder and `pocketmq serve` take brokerPermission, autoCreateTopicEnable, autoCreateSubscriptionGroup, ' +
    'traceTopicEnable, useServerSideResetOffset, fileReservedTime (hours) and fileReservedSize (of the log, as 10g; ' +
    '0: any), and keep them. A RocketMQ broker takes whatever it is given, misspelt names too.'
  static override examples = [
    '$ pocketmq updateBrokerConfig -k fileReservedTime -v 168',
    '$ pocketmq updateBrokerConfig -k fileReservedSize -v 10g',
    '$ pocketmq updateBrokerConfig -n 127.0.0.1:9876 -c DefaultCluster -k autoCreateTopicEnable -v false',
  ]
  static override flags = {
    brokerAddr: flagKinds.text({ char: 'b', description: 'update which broker' }),
    clusterName: flagKinds.text({ char: 'c', description: 'update which cluster' }),
    updateAllBroker: flagKinds.bool({
      char: 'a',
      default: false,
      description: 'update all brokers include slave',
    }),
    key: flagKinds.text({ char: 'k', required: true, description: 'config key' }),
    value: flagKinds.text({ char: 'v', required: true, description: 'config value' }),
  }

  protected override async perform(flags: FlagsOf<typeof UpdateBrokerConfig>): Promise<View<unknown>> {
    const scope = scopeOf(flags, this.target)
    if (/[\r\n\0]/.test(flags.key + flags.value))
      throw new MqError('MQ_USAGE', 'a line feed in a property: one property at a time')
    const { brokers, cluster } = await this.connect('write')
    const addresses =
      'brokerAddr' in scope
        ? [scope.brokerAddr]
        : (await cluster.members(scope.clusterName))
            .filter(({ brokerId }) => flags.updateAllBroker || brokerId === masterId)
            .map(({ brokerAddr }) => brokerAddr)
    const { key, value } = flags
    const update = async (address: string): Promise<void> => brokers.updateConfig(address, key, value)
    return textView(updated(addresses, update), {
      fields: ['brokerAddr'],
      id: ({ brokerAddr }) => brokerAddr,
      text: ({ brokerAddr }) => `update broker config success, ${brokerAddr}\n`,
    })
  }
}

/** One by one: what was done is printed even when another one refuses. */
async function* updated(
  addresses: readonly string[],
  update: (address: string) => Promise<void>,
): AsyncGenerator<{ brokerAddr: string }> {
  let done = 0
  for (const brokerAddr of addresses) {
    try {
      await update(brokerAddr)
    } catch (thrown) {
      const error = asMqError(thrown)
      if (done === 0) throw error
      throw new MqError('MQ_PARTIAL', `${done} of ${addresses.length} brokers updated: ${error.message}`)
    }
    done++
    yield { brokerAddr }
  }
}

import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class UpdateKvConfig extends MqCommand {
  static override summary = 'Create or update KV config.'
  static override examples = ['$ pocketmq updateKvConfig -s ORDER_TOPIC_CONFIG -k orders -v broker-a:4']
  static override flags = {
    namespace: flagKinds.text({ char: 's', required: true, description: 'set the namespace' }),
    key: flagKinds.text({ char: 'k', required: true, description: 'set the key name' }),
    value: flagKinds.text({ char: 'v', required: true, description: 'set the key value' }),
  }

  protected override async perform(flags: FlagsOf<typeof UpdateKvConfig>): Promise<View<unknown>> {
    const { namespace, key, value } = flags
    const { nameServers } = await this.connect('write')
    await nameServers.putKv(namespace, key, value)
    return textView([{ namespace, key, value }], {
      shape: 'one',
      fields: ['namespace', 'key', 'value'],
      id: () => key,
      text: () => 'create or update kv config to namespace success.\n',
    })
  }
}

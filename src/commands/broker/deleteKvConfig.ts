import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class DeleteKvConfig extends MqCommand {
  static override summary = 'Delete KV config.'
  static override examples = ['$ pocketmq deleteKvConfig -s ORDER_TOPIC_CONFIG -k orders']
  static override flags = {
    namespace: flagKinds.text({ char: 's', required: true, description: 'set the namespace' }),
    key: flagKinds.text({ char: 'k', required: true, description: 'set the key name' }),
  }

  protected override async perform(flags: FlagsOf<typeof DeleteKvConfig>): Promise<View<unknown>> {
    const { namespace, key } = flags
    const { nameServers } = await this.connect('read')
    await nameServers.deleteKv(namespace, key)
    return textView([{ namespace, key }], {
      shape: 'one',
      fields: ['namespace', 'key'],
      id: () => key,
      text: () => 'delete kv config from namespace success.\n',
    })
  }
}

import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class UpdateNamesrvConfig extends MqCommand {
  static override summary = 'Update configs of name server.'
  static override description = 'Of a real name server: a folder and `pocketmq serve` have none to change.'
  static override examples = [
    '$ pocketmq updateNamesrvConfig -n 127.0.0.1:9876 -k orderMessageEnable -v true',
  ]
  static override flags = {
    key: flagKinds.text({ char: 'k', required: true, description: 'config key' }),
    value: flagKinds.text({ char: 'v', required: true, description: 'config value' }),
  }

  protected override async perform(flags: FlagsOf<typeof UpdateNamesrvConfig>): Promise<View<unknown>> {
    const { key, value } = flags
    const { nameServers } = await this.connect('read')
    await nameServers.updateConfig(key, value)
    const addresses = [...nameServers.addresses]
    return textView([{ addresses, key, value }], {
      shape: 'one',
      fields: ['addresses', 'key', 'value'],
      id: () => key,
      text: () => `update name server config success![${addresses.join(', ')}]\n${key} : ${value}\n`,
    })
  }
}

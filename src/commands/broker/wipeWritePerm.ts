import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class WipeWritePerm extends MqCommand {
  static override summary = 'Wipe write perm of broker in all name server you defined in the -n param.'
  static override description =
    'Name servers keep it in memory until the broker registers changed topics, or they start again.'
  static override examples = ['$ pocketmq wipeWritePerm -n 127.0.0.1:9876 -b broker-a']
  static override flags = {
    brokerName: flagKinds.text({ char: 'b', required: true, description: 'broker name' }),
  }

  protected override async perform({ brokerName }: FlagsOf<typeof WipeWritePerm>): Promise<View<unknown>> {
    const { nameServers } = await this.connect('read')
    return textView(await nameServers.writePerm(brokerName, 'wipe'), {
      fields: ['address', 'topics'],
      id: ({ address }) => address,
      text: ({ address, topics }) =>
        `wipe write perm of broker[${brokerName}] in name server[${address}] OK, ${topics}\n`,
    })
  }
}

import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class AddWritePerm extends MqCommand {
  static override summary = 'Add write perm of broker in all name server you defined in the -n param.'
  static override description =
    'Name servers keep it in memory until the broker registers changed topics, or they start again.'
  static override examples = ['$ pocketmq addWritePerm -n 127.0.0.1:9876 -b broker-a']
  static override flags = {
    brokerName: flagKinds.text({ char: 'b', required: true, description: 'broker name' }),
  }

  protected override async perform({ brokerName }: FlagsOf<typeof AddWritePerm>): Promise<View<unknown>> {
    const { nameServers } = await this.connect('read')
    return textView(await nameServers.writePerm(brokerName, 'add'), {
      fields: ['address', 'topics'],
      id: ({ address }) => address,
      text: ({ address, topics }) =>
        `add write perm of broker[${brokerName}] in name server[${address}] OK, ${topics}\n`,
    })
  }
}

import { flagKinds } from '../../command-line/flag-kinds.ts'
import { brokersOf } from '../../command-line/scope.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class Producer extends MqCommand {
  static override summary = "Query producer's instances, connection, status, etc."
  static override examples = ['$ pocketmq producer -b 127.0.0.1:10911']
  static override flags = { broker: flagKinds.text({ char: 'b', description: 'broker address' }) }

  protected override async perform(flags: FlagsOf<typeof Producer>): Promise<View<unknown>> {
    const admin = await this.connect('read')
    const [address] = await brokersOf(admin, flags.broker, this.target)
    return textView(await admin.groups.allProducers(address!), {
      fields: ['group', 'clientId', 'remoteIP', 'language', 'version', 'lastUpdateTimestamp'],
      id: ({ clientId }) => clientId,
      text: ({ group, clientId, remoteIP, language, version, lastUpdateTimestamp }) =>
        `producer group (${group}) instance : clientId=${clientId},remoteIP=${remoteIP}, ` +
        `language=${language}, version=${version}, lastUpdateTimestamp=${lastUpdateTimestamp}\n`,
    })
  }
}

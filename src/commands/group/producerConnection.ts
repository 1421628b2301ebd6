import { versionText } from '../../core/model/versions.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class ProducerConnection extends MqCommand {
  static override summary = "Query producer's socket connection and client version."
  static override examples = ['$ pocketmq producerConnection -n 127.0.0.1:9876 -g shop -t orders']
  static override flags = {
    producerGroup: flagKinds.text({ char: 'g', required: true, description: 'producer group name' }),
    topic: flagKinds.text({ char: 't', required: true, description: 'topic name' }),
  }

  protected override async perform(flags: FlagsOf<typeof ProducerConnection>): Promise<View<unknown>> {
    const { groups } = await this.connect('read')
    const connections = await groups.producers(flags.producerGroup, flags.topic)
    const rows = connections.map((connection, i) => ({
      ...connection,
      index: i + 1,
      version: versionText(connection.version),
    }))
    return textView(rows, {
      fields: ['clientId', 'clientAddr', 'language', 'version'],
      id: ({ clientId }) => clientId,
      text: ({ index, clientId, clientAddr, language, version }) =>
        `${String(index).padStart(4, '0')}  ${clientId.padEnd(32)} ${clientAddr.padEnd(22)} ` +
        `${language.padEnd(8)} ${version}\n`,
    })
  }
}

import { versionText } from '../../core/model/versions.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { rowsView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class ConsumerConnection extends MqCommand {
  static override summary = "Query consumer's socket connection, client version and subscription."
  static override examples = ['$ pocketmq consumerConnection -n 127.0.0.1:9876 -g billing']
  static override flags = {
    consumerGroup: flagKinds.text({ char: 'g', required: true, description: 'consumer group name' }),
    brokerAddr: flagKinds.text({ char: 'b', description: 'broker address' }),
  }

  protected override async perform(flags: FlagsOf<typeof ConsumerConnection>): Promise<View<unknown>> {
    const { groups } = await this.connect('read')
    const members = await groups.members(flags.consumerGroup, flags.brokerAddr)
    const { consumeType, messageModel, consumeFromWhere, subscriptions } = members
    const below = subscriptions.map(({ topic, subString }) => `${topic.padEnd(20)} ${subString}\n`).join('')
    const rows = members.connections.map((connection) => ({
      ...connection,
      version: versionText(connection.version),
      ...{ consumeType, messageModel, consumeFromWhere },
      subscriptions: subscriptions.map(({ topic, subString, expressionType }) => ({
        topic,
        subString,
        expressionType,
      })),
    }))
    return rowsView(rows, {
      fields: [
        ...(['clientId', 'clientAddr', 'language', 'version'] as const),
        ...(['consumeType', 'messageModel', 'consumeFromWhere', 'subscriptions'] as const),
      ],
      id: ({ clientId }) => clientId,
      header: '%-36s %-22s %-10s %s',
      columns: [
        { title: '#ClientId', field: 'clientId', cell: ({ clientId }) => clientId },
        { title: '#ClientAddr', field: 'clientAddr', cell: ({ clientAddr }) => clientAddr },
        { title: '#Language', field: 'language', cell: ({ language }) => language },
        { title: '#Version', field: 'version', cell: ({ version }) => version },
      ],
      footer: () =>
        `\nBelow is subscription:\n${'#Topic'.padEnd(20)} #SubExpression\n${below}\n` +
        `ConsumeType: ${consumeType}\nMessageModel: ${messageModel}\nConsumeFromWhere: ${consumeFromWhere}\n`,
    })
  }
}

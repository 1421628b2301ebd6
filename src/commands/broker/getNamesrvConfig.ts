import { MqCommand } from '../../mq-command.ts'
import { propertyLines } from '../../output/java-text.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class GetNamesrvConfig extends MqCommand {
  static override summary = 'Get configs of name server.'
  static override examples = ["$ pocketmq getNamesrvConfig -n '127.0.0.1:9876'"]

  protected override async perform(): Promise<View<unknown>> {
    const { nameServers } = await this.connect('read')
    return textView(await nameServers.config(), {
      fields: ['address', 'properties'],
      id: ({ address }) => address,
      text: ({ address, properties }) => `============${address}============\n${propertyLines(properties)}`,
    })
  }
}

import * as Flags from '@oclif/core/flags'
import type { MessageAdmin } from '../../core/client/admin.ts'
import type { Message } from '../../core/model/message.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { doneView, MessageQueryCommand, pushTo, type Done } from '../../message-query-command.ts'
import type { FlagsOf } from '../../mq-command.ts'
import type { View } from '../../output/view.ts'

export default class QueryMsgByUniqueKey extends MessageQueryCommand {
  static override summary = 'Query Message by Unique key.'
  static override description =
    'Looks in all the index there is; of several messages it shows the one stored first, with -a all. A table ' +
    'also writes the body to /tmp/rocketmq/msgbodys. With -g and -d the message is handed to that client.'
  static override examples = ['$ pocketmq queryMsgByUniqueKey -t orders -i $ID']
  static override flags = {
    msgId: flagKinds.text({ char: 'i', required: true, description: 'message id' }),
    consumerGroup: flagKinds.text({ char: 'g', description: 'consumer group name' }),
    clientId: flagKinds.text({ char: 'd', description: "the consumer's client id" }),
    topic: flagKinds.text({ char: 't', required: true, description: 'the topic of msg' }),
    showAll: Flags.boolean({ char: 'a', description: 'print all messages, the limit is 32' }),
    cluster: flagKinds.text({ char: 'c', description: 'cluster name' }),
    startTime: flagKinds.timestamp({ char: 's', description: 'stored at or after this time' }),
    endTime: flagKinds.timestamp({ char: 'e', description: 'stored at or before this time' }),
  }

  protected override async perform(flags: FlagsOf<typeof QueryMsgByUniqueKey>): Promise<View<unknown>> {
    const { topic, msgId, cluster, startTime: begin, endTime: end, consumerGroup, clientId } = flags
    const { messages } = await this.connect('read')
    const found = await messages.byUniqueKey(topic, msgId, {
      ...(cluster !== undefined && { clusterName: cluster }),
      ...(begin !== undefined && { begin }),
      ...(end !== undefined && { end }),
    })
    if (consumerGroup !== undefined && clientId !== undefined)
      return doneView([await pushTo(messages, found[0]!, consumerGroup, clientId)], ['consumeResult'])
    return doneView(this.#shown(messages, flags.showAll ? found : found.slice(0, 1)))
  }

  async *#shown(messages: MessageAdmin, found: readonly Message[]): AsyncGenerator<Done> {
    for (const message of found)
      yield await this.show(messages, message, { charset: null, withOffsetId: false })
  }
}

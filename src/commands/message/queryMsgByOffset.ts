import { MqError } from '../../core/errors.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { decoderOf, doneView, MessageQueryCommand } from '../../message-query-command.ts'
import type { FlagsOf } from '../../mq-command.ts'
import type { View } from '../../output/view.ts'

export default class QueryMsgByOffset extends MessageQueryCommand {
  static override summary = 'Query Message by offset.'
  static override examples = ['$ pocketmq queryMsgByOffset -t orders -b broker-a -i 0 -o 42 -f UTF-8']
  static override flags = {
    topic: flagKinds.text({ char: 't', required: true, description: 'topic name' }),
    brokerName: flagKinds.text({ char: 'b', required: true, description: 'broker name' }),
    queueId: flagKinds.count({ char: 'i', required: true, description: 'queue id' }),
    offset: flagKinds.count({ char: 'o', required: true, description: 'queue offset' }),
    bodyFormat: flagKinds.text({ char: 'f', description: 'print the body, decoded by this charset' }),
    routeTopic: flagKinds.text({ char: 'r', description: 'the topic whose route is used' }),
  }

  protected override async perform(flags: FlagsOf<typeof QueryMsgByOffset>): Promise<View<unknown>> {
    const { topic, brokerName, queueId, offset } = flags
    const charset = flags.bodyFormat === undefined ? null : decoderOf(flags.bodyFormat)
    const { messages } = await this.connect('read')
    const queue = { topic, brokerName, queueId }
    const { messages: found, minOffset, maxOffset } = await messages.pull(queue, offset, { maxMsgNums: 1 })
    const [message] = found
    if (message?.queueOffset !== offset) {
      throw new MqError('MQ_NO_MESSAGE', `queue ${queueId} of ${topic} has no message at offset ${offset}`, {
        hint: maxOffset === minOffset ? 'the queue is empty' : `it has ${minOffset} to ${maxOffset - 1}`,
      })
    }
    return doneView([await this.show(messages, message, { charset, withOffsetId: true })])
  }
}

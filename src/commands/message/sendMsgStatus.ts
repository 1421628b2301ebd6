import type { MessageAdmin } from '../../core/client/admin.ts'
import type { SendResult } from '../../core/model/message.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { javaText } from '../../output/java-text.ts'
import { sendResultFields } from '../../output/message-json.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

/** SendMsgStatusCommand sends a first one that is not timed. */
const firstSize = 16

export default class SendMsgStatus extends MqCommand {
  static override summary = 'Send msg to broker.'
  static override description = 'Times sends to the topic that is named like the broker.'
  static override examples = ['$ pocketmq sendMsgStatus -b broker-a -c 5']
  static override flags = {
    brokerName: flagKinds.text({ char: 'b', required: true, description: 'broker name' }),
    messageSize: flagKinds.count({ char: 's', min: 1, default: 128, description: 'message size' }),
    count: flagKinds.count({ char: 'c', min: 1, default: 50, description: 'send message count' }),
  }

  protected override async perform(flags: FlagsOf<typeof SendMsgStatus>): Promise<View<unknown>> {
    const { brokerName: topic, messageSize, count } = flags
    const { messages } = await this.connect('write')
    return textView(sends(messages, topic, messageSize, count), {
      fields: ['rtMs', ...sendResultFields],
      id: ({ msgId }) => msgId,
      text: ({ rtMs, ...result }) => `rt=${rtMs}ms, SendResult=${javaText.sendResult(topic, result)}\n`,
    })
  }
}

async function* sends(
  messages: MessageAdmin,
  topic: string,
  size: number,
  count: number,
): AsyncGenerator<SendResult & { readonly rtMs: number }> {
  const producer = messages.producer()
  await producer.send({ topic, body: Buffer.alloc(firstSize, 'a') })
  for (let i = 0; i < count; i++) {
    const startedAt = performance.now()
    const result = await producer.send({ topic, body: Buffer.alloc(size, 'a') })
    yield { ...result, rtMs: Math.round(performance.now() - startedAt) }
  }
}

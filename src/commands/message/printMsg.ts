import type { MessageAdmin } from '../../core/client/admin.ts'
import type { Message } from '../../core/model/message.ts'
import type { MessageQueue } from '../../core/model/queue.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { printed, printRange } from '../../input/print-queues.ts'
import { decoderOf } from '../../message-query-command.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { javaText } from '../../output/java-text.ts'
import { messageFields, messageJson, messageWide } from '../../output/message-json.ts'
import { printedLine } from '../../output/printed-line.ts'
import type { View } from '../../output/view.ts'

type PrintFlags = FlagsOf<typeof PrintMsg>
type Item = { readonly message: Message } | { readonly text: string }

export default class PrintMsg extends MqCommand {
  static override summary = 'Print Message Detail.'
  static override description =
    'Every message of a topic, queue by queue. `consumeMessage` with --from, --to and -f says more.'
  static override examples = ['$ pocketmq printMsg -t orders', '$ pocketmq printMsg -t orders -d false']
  static override flags = {
    topic: flagKinds.text({ char: 't', required: true, description: 'topic name' }),
    charsetName: flagKinds.text({
      char: 'c',
      default: 'UTF-8',
      description: 'charset of the bodies: UTF-8, GBK',
    }),
    subExpression: flagKinds.text({
      char: 's',
      default: '*',
      description: 'subscribe expression: TagA || TagB',
    }),
    beginTimestamp: flagKinds.timestamp({ char: 'b', description: 'stored at or after this time' }),
    endTimestamp: flagKinds.timestamp({ char: 'e', description: 'stored before this time' }),
    printBody: flagKinds.bool({ char: 'd', default: true, description: 'print body' }),
    lmqParentTopic: flagKinds.text({
      char: 'l',
      description: 'lmq parent topic, lmq is used to find the route',
    }),
  }

  protected override async perform(flags: PrintFlags): Promise<View<unknown>> {
    const decoder = decoderOf(flags.charsetName)
    const { messages } = await this.connect('read')
    const queues = await messages.queues(flags.lmqParentTopic ?? flags.topic)
    const view: View<Item> = {
      shape: 'list',
      items: this.#items(
        messages,
        queues.map((queue) => ({ ...queue, topic: flags.topic })),
        flags,
      ),
      fields: messageFields,
      wide: messageWide,
      toJson: (item) => ('message' in item ? messageJson(item.message) : null),
      toId: (item) => ('message' in item ? item.message.msgId : null),
      table: {
        kind: 'text',
        item: (item) =>
          'message' in item ? printedLine(item.message, flags.printBody ? decoder : null) : item.text,
      },
    }
    return view
  }

  async *#items(
    messages: MessageAdmin,
    queues: readonly MessageQueue[],
    flags: PrintFlags,
  ): AsyncGenerator<Item> {
    for (const queue of queues) {
      const range = await printRange(messages, queue, flags)
      const name = javaText.queue(queue)
      yield { text: `minOffset=${range.first}, maxOffset=${range.end}, ${name}\n` }
      for await (const item of printed(messages, range, flags.subExpression)) {
        if (item.kind === 'message') {
          yield item
          continue
        }
        const what = item.status === 'NO_MATCHED_MSG' ? 'no matched msg.' : 'print msg finished.'
        yield { text: `${name} ${what} status=${item.status}, offset=${item.offset}\n` }
      }
      yield { text: `${'-'.repeat(56)}\n` }
    }
  }
}

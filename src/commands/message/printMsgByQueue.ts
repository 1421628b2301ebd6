import type { MessageAdmin } from '../../core/client/admin.ts'
import type { Message } from '../../core/model/message.ts'
import type { MessageQueue } from '../../core/model/queue.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { printed, printRange } from '../../input/print-queues.ts'
import { decoderOf } from '../../message-query-command.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { messageFields, messageJson, messageWide } from '../../output/message-json.ts'
import { printedLine } from '../../output/printed-line.ts'
import type { JsonObject } from '../../output/json.ts'
import type { View } from '../../output/view.ts'

type PrintFlags = FlagsOf<typeof PrintMsgByQueue>
type Item = { readonly message: Message } | { readonly tag: string; readonly count: number }

export default class PrintMsgByQueue extends MqCommand {
  static override summary = 'Print Message Detail by queueId.'
  static override description = 'Prints nothing by itself: -p true prints messages, -f true counts by tag.'
  static override examples = [
    '$ pocketmq printMsgByQueue -t orders -a broker-a -i 0 -p true -d true',
    '$ pocketmq printMsgByQueue -t orders -a broker-a -i 0 -f true',
  ]
  static override flags = {
    topic: flagKinds.text({ char: 't', required: true, description: 'topic name' }),
    brokerName: flagKinds.text({ char: 'a', required: true, description: 'broker name' }),
    queueId: flagKinds.count({ char: 'i', required: true, description: 'queue id' }),
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
    'print-msg': flagKinds.bool({ char: 'p', default: false, description: 'print msg' }),
    printBody: flagKinds.bool({ char: 'd', default: false, description: 'print body' }),
    calculate: flagKinds.bool({ char: 'f', default: false, description: 'calculate by tag' }),
  }

  protected override async perform(flags: PrintFlags): Promise<View<unknown>> {
    const decoder = decoderOf(flags.charsetName)
    const { topic, brokerName, queueId } = flags
    const { messages } = await this.connect('read')
    const view: View<Item> = {
      shape: 'list',
      items: itemsOf(messages, { topic, brokerName, queueId }, flags),
      fields: [...messageFields, 'count'],
      wide: messageWide,
      toJson: (item): JsonObject => ('message' in item ? messageJson(item.message) : { ...item }),
      toId: (item) => ('message' in item ? item.message.msgId : item.tag),
      table: {
        kind: 'text',
        item: (item) =>
          'message' in item
            ? printedLine(item.message, flags.printBody ? decoder : null)
            : `Tag: ${item.tag.padEnd(30)} Count: ${item.count}\n`,
      },
    }
    return view
  }
}

async function* itemsOf(
  messages: MessageAdmin,
  queue: MessageQueue,
  flags: PrintFlags,
): AsyncGenerator<Item> {
  const counts = new Map<string, number>()
  const range = await printRange(messages, queue, flags)
  for await (const item of printed(messages, range, flags.subExpression)) {
    if (item.kind !== 'message') continue
    const { tag } = item.message
    if (tag !== null && tag.trim() !== '') counts.set(tag, (counts.get(tag) ?? 0) + 1)
    if (flags['print-msg']) yield item
  }
  if (!flags.calculate) return
  for (const [tag, count] of [...counts].sort(([, a], [, b]) => b - a)) yield { tag, count }
}

import type { MessageAdmin } from '../../core/client/admin.ts'
import { MqError } from '../../core/errors.ts'
import type { Message } from '../../core/model/message.ts'
import type { MessageQueue } from '../../core/model/queue.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { javaText } from '../../output/java-text.ts'
import { messageFields, messageJson, messageWide } from '../../output/message-json.ts'
import type { View } from '../../output/view.ts'

type ConsumeFlags = FlagsOf<typeof ConsumeMessage>

/** A message, or what mqadmin tells a person between them. */
type Printed = { readonly message: Message } | { readonly text: string }

interface Range {
  readonly queue: MessageQueue
  /** Offsets, both included: mqadmin asks once more at the end, and so sees that there is nothing new. */
  readonly first: number
  readonly last: number
}

export default class ConsumeMessage extends MqCommand {
  static override summary = 'Consume message.'
  static override description =
    'Prints the oldest messages of a topic or queue, at most -c of them, and moves no offset of any group.'
  static override examples = [
    '$ pocketmq consumeMessage -t orders -c 10',
    '$ pocketmq consumeMessage -t orders -b broker-a -i 0 -o 100 --output ndjson',
    "$ pocketmq consumeMessage -t orders -o template='{queueId} {queueOffset} {body}\\n'",
  ]
  static override flags = {
    topic: flagKinds.text({ char: 't', required: true, description: 'topic name' }),
    brokerName: flagKinds.text({ char: 'b', description: 'broker name' }),
    queueId: flagKinds.count({ char: 'i', description: 'queue id' }),
    offset: flagKinds.count({ char: 'o', description: 'queue offset' }),
    consumerGroup: flagKinds.text({ char: 'g', description: 'consumer group name' }),
    beginTimestamp: flagKinds.timestamp({ char: 's', description: 'stored at or after this time' }),
    endTimestamp: flagKinds.timestamp({ char: 'e', description: 'stored at or before this time' }),
    MessageNumber: flagKinds.count({
      char: 'c',
      description: 'number of messages to be consumed; default 128',
    }),
  }

  protected override async perform(flags: ConsumeFlags): Promise<View<unknown>> {
    checkFlags(flags)
    const { messages } = await this.connect('read')
    const queues = await queuesOf(messages, flags)
    const view: View<Printed> = {
      shape: 'list',
      items: this.#printed(messages, queues, flags),
      fields: messageFields,
      wide: messageWide,
      toJson: (printed) => ('message' in printed ? messageJson(printed.message) : null),
      toId: (printed) => ('message' in printed ? printed.message.msgId : null),
      table: {
        kind: 'text',
        item: (printed) => ('message' in printed ? line(printed.message) : printed.text),
      },
    }
    return view
  }

  async *#printed(
    messages: MessageAdmin,
    queues: readonly MessageQueue[],
    flags: ConsumeFlags,
  ): AsyncGenerator<Printed> {
    let left = flags.MessageNumber ?? countDefault
    for (const queue of queues) {
      if (left === 0) return
      const range = await rangeOf(messages, queue, flags)
      const bounded = range.last - range.first > left
      if (bounded) {
        this.#noteBound(flags)
        yield { text: boundText(left, queue, flags) }
      }
      const last = bounded ? range.first + left - 1 : range.last
      for await (const printed of pulled(messages, { ...range, last }, left, flags)) {
        if ('message' in printed) left--
        yield printed
      }
    }
  }

  /** A person reads it in mqadmin's text; a script must not take a part for the whole. */
  #noteBound({ MessageNumber }: ConsumeFlags): void {
    if (MessageNumber !== undefined || this.printsTable) return
    this.note(`note: the topic has more than ${countDefault} messages: ask for them with -c`)
  }
}

const countDefault = 128

function checkFlags(flags: ConsumeFlags): void {
  const now = Date.now()
  const { beginTimestamp = 0, endTimestamp } = flags
  const faults: readonly (readonly [boolean, string])[] = [
    [flags.MessageNumber === 0, 'Please input a positive messageNumber!'],
    [
      flags.queueId !== undefined && flags.brokerName === undefined,
      'Please set the brokerName before queueId!',
    ],
    [flags.offset !== undefined && flags.queueId === undefined, 'Please set queueId before offset!'],
    [beginTimestamp > now, 'Please set the beginTimestamp before now!'],
    [(endTimestamp ?? 0) > now, 'Please set the endTimestamp before now!'],
    [
      endTimestamp !== undefined && beginTimestamp > endTimestamp,
      'Please make sure that the beginTimestamp is less than or equal to the endTimestamp',
    ],
  ]
  const fault = faults.find(([applies]) => applies)
  if (fault !== undefined) throw new MqError('MQ_USAGE', fault[1])
}

async function queuesOf(messages: MessageAdmin, flags: ConsumeFlags): Promise<readonly MessageQueue[]> {
  const { topic, brokerName, queueId } = flags
  if (brokerName !== undefined && queueId !== undefined) return [{ topic, brokerName, queueId }]
  const queues = await messages.queues(topic)
  if (brokerName === undefined) return queues
  const own = queues.filter((queue) => queue.brokerName === brokerName)
  if (own.length > 0) return own
  throw new MqError('MQ_BROKER_NOT_EXIST', `broker [${brokerName}] has no readable queue of topic ${topic}`)
}

async function rangeOf(messages: MessageAdmin, queue: MessageQueue, flags: ConsumeFlags): Promise<Range> {
  const { beginTimestamp = 0, endTimestamp = 0, offset = 0 } = flags
  const first =
    beginTimestamp > 0 ? await messages.searchOffset(queue, beginTimestamp) : await messages.minOffset(queue)
  const last =
    endTimestamp > 0 ? await messages.searchOffset(queue, endTimestamp) : await messages.maxOffset(queue)
  if (offset > last) {
    throw new MqError('MQ_NO_MESSAGE', `${javaText.queue(queue)} no matched msg, offset=${offset}`, {
      hint: `the queue has offsets up to ${last}`,
    })
  }
  return { queue, first: Math.max(first, offset), last }
}

/** "oldler" is mqadmin's own. */
function boundText(count: number, { queueId }: MessageQueue, flags: ConsumeFlags): string {
  return flags.queueId === undefined
    ? `The older ${count} message of the ${queueId} queue will be provided\n`
    : `The oldler ${count} message will be provided\n`
}

async function* pulled(
  messages: MessageAdmin,
  { queue, first, last }: Range,
  countMax: number,
  flags: ConsumeFlags,
): AsyncGenerator<Printed> {
  const options = flags.consumerGroup === undefined ? {} : { group: flags.consumerGroup }
  const until = flags.endTimestamp ?? Infinity
  let left = countMax
  for (let offset = first; offset <= last && left > 0;) {
    const maxMsgNums = Math.min(last - offset + 1, left)
    const result = await messages.pull(queue, offset, { ...options, maxMsgNums })
    offset = result.nextBeginOffset
    const where = `status=${result.status}, offset=${offset}\n`
    if (result.status === 'NO_MATCHED_MSG') {
      yield { text: `${javaText.queue(queue)} no matched msg. ${where}` }
    } else if (result.status !== 'FOUND') {
      yield { text: `${javaText.queue(queue)} print msg finished. ${where}` }
      return
    } else {
      yield { text: 'Consume ok\n' }
      // the offset of a time is that of the next message, which may be later
      const within = result.messages.filter((message) => message.storeTimestamp <= until)
      for (const message of within) yield { message }
      left -= within.length
    }
  }
}

/** PrintMessageByQueueCommand.printMessage */
function line(message: Message): string {
  return `MSGID: ${message.msgId} ${javaText.message(message)} BODY: ${message.body.toString('utf8')}\n`
}

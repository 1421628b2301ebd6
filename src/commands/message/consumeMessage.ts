import * as Flags from '@oclif/core/flags'
import type { MessageAdmin } from '../../core/client/admin.ts'
import { MqError } from '../../core/errors.ts'
import type { Message } from '../../core/model/message.ts'
import type { MessageQueue } from '../../core/model/queue.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { parsePosition, type Position } from '../../command-line/position.ts'
import { readTopic } from '../../input/topic-reader.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { javaText } from '../../output/java-text.ts'
import { compileMessageFormat } from '../../output/message-format.ts'
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
    'Prints the oldest messages of a topic or queue, at most -c of them, and moves no offset of any group.\n\n' +
    'With any of --follow, --from, --to, --tag, --grep, -f, or -c and --timeout together, it prints nothing but ' +
    'messages, all of them unless -c says how many; -c N with --timeout T waits for them, and ends with status 6 ' +
    'when fewer came in time.'
  static override examples = [
    '$ pocketmq consumeMessage -t orders -c 10',
    '$ pocketmq consumeMessage -t orders -b broker-a -i 0 -o 100 --output ndjson',
    "$ pocketmq consumeMessage -t orders -o template='{queueId} {queueOffset} {body}\\n'",
    "$ pocketmq consumeMessage -t orders --follow --tag 'paid || sent' -f '%t[%q]@%o %k %b\\n'",
    '$ pocketmq consumeMessage -t orders --from @-1h --to end --grep 42 -o ndjson',
    '$ pocketmq consumeMessage -t orders --from end -c 1 --timeout 10s',
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
    follow: Flags.boolean({ description: 'wait for more at the end' }),
    from: Flags.string({
      helpValue: 'PLACE',
      description: 'first message: earliest, latest, an offset, -10, @-2h, @2026-11-24T10:00 or @<epoch ms>',
    }),
    to: Flags.string({ helpValue: 'PLACE', description: 'last message, said in the same way' }),
    tag: Flags.string({ helpValue: "'A || B'", description: 'messages with one of these tags' }),
    grep: Flags.string({ helpValue: 'REGEX', description: 'messages whose body matches' }),
    format: Flags.string({
      char: 'f',
      helpValue: 'FORMAT',
      description: 'print each message as this says: %t %q %o %k %g %b %T %i %P{name} \\n',
    }),
  }

  protected override async perform(flags: ConsumeFlags): Promise<View<unknown>> {
    checkFlags(flags)
    const reading = readingOf(flags, this.timeoutMs)
    const { messages } = await this.connect('read')
    const queues = await queuesOf(messages, flags)
    if (reading !== null) return messagesView(selected(messages, queues, reading), reading)
    const view: View<Printed> = {
      ...messageShape,
      items: this.#printed(messages, queues, flags),
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
const messageShape = { shape: 'list', fields: messageFields, wide: messageWide } as const

/** What is asked for beyond mqadmin's own consumeMessage. */
interface Reading {
  readonly from: Position
  readonly to: Position | null
  readonly follow: boolean
  readonly tag: string | undefined
  readonly group: string | undefined
  readonly grep: RegExp | null
  readonly format: ((message: Message) => Buffer) | null
  readonly countMax: number
  /** How long to wait for so many; null: not at all, or for ever. */
  readonly withinMs: number | null
}

/** Null: mqadmin's own flags only, and so its own output. */
function readingOf(flags: ConsumeFlags, timeoutMs: number | undefined): Reading | null {
  const { follow, from, to, tag, grep, format, MessageNumber, beginTimestamp, endTimestamp, offset } = flags
  const waits = MessageNumber !== undefined && timeoutMs !== undefined
  const ours = [from, to, tag, grep, format].some((value) => value !== undefined) || follow || waits
  if (!ours) return null
  if (from !== undefined && (beginTimestamp ?? offset) !== undefined)
    throw new MqError('MQ_USAGE', '--from and -s or -o: two places to begin at')
  if (to !== undefined && endTimestamp !== undefined)
    throw new MqError('MQ_USAGE', '--to and -e: two places to end at')
  const now = Date.now()
  const place = (text: string | undefined, time: number | undefined): Position | null => {
    if (text !== undefined) return parsePosition(text, now)
    return time === undefined ? null : { kind: 'time', time }
  }
  const begin: Position = offset === undefined ? { kind: 'earliest' } : { kind: 'offset', offset }
  return {
    from: place(from, beginTimestamp) ?? begin,
    to: place(to, endTimestamp),
    follow: follow || waits,
    tag,
    group: flags.consumerGroup,
    grep: grep === undefined ? null : parseRegex(grep),
    format: format === undefined ? null : compileMessageFormat(format),
    countMax: MessageNumber ?? Infinity,
    withinMs: waits ? timeoutMs : null,
  }
}

function parseRegex(source: string): RegExp {
  try {
    return new RegExp(source, 'u')
  } catch (error) {
    throw new MqError('MQ_USAGE', (error as Error).message, {
      hint: '--grep is a JavaScript regular expression',
    })
  }
}

/** @throws MQ_TIMEOUT when fewer came in time than were asked for */
async function* selected(
  messages: MessageAdmin,
  queues: readonly MessageQueue[],
  { from, to, follow, tag, group, grep, countMax, withinMs }: Reading,
): AsyncGenerator<Message> {
  const deadline = withinMs === null ? Infinity : Date.now() + withinMs
  const ended = (): boolean => Date.now() >= deadline
  const options = {
    from,
    to,
    follow,
    ended,
    ...(tag !== undefined && { tag }),
    ...(group !== undefined && { group }),
  }
  let count = 0
  for await (const message of readTopic(messages, queues, options)) {
    if (grep !== null && !grep.test(message.body.toString('utf8'))) continue
    yield message
    if (++count === countMax) return
  }
  if (withinMs === null) return
  throw new MqError('MQ_TIMEOUT', `${count} of ${countMax} messages came within ${withinMs} ms`, {
    hint: 'allow more with --timeout, or ask for fewer with -c',
  })
}

function messagesView(items: AsyncIterable<Message>, { format }: Reading): View<unknown> {
  const view: View<Message> = {
    ...messageShape,
    items,
    toJson: messageJson,
    toId: ({ msgId }) => msgId,
    table: { kind: 'text', item: format ?? line },
  }
  return view
}

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

import * as Flags from '@oclif/core/flags'
import type { MessageAdmin } from '../../core/client/admin.ts'
import { MqError } from '../../core/errors.ts'
import type { Message } from '../../core/model/message.ts'
import { groupNameFault } from '../../core/model/names.ts'
import type { MessageQueue } from '../../core/model/queue.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { BroadcastPlaces } from '../../input/broadcast-places.ts'
import { counted } from '../../input/counted.ts'
import { readGroup } from '../../input/group-reader.ts'
import { runJobs } from '../../input/job-queue.ts'
import { readingOf, selected, type Broadcast } from '../../input/reading.ts'
import { sharingOf, type Sharing } from '../../input/sharing.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { javaText } from '../../output/java-text.ts'
import { jobsView } from '../../output/jobs-view.ts'
import { compileMessageFormat, messageFormatHelp } from '../../output/message-format.ts'
import { messageJson } from '../../output/message-json.ts'
import { MessageLines } from '../../output/message-lines.ts'
import { messageLine, messageShape, messagesView } from '../../output/message-view.ts'
import { Batches, type View } from '../../output/view.ts'

type ConsumeFlags = FlagsOf<typeof ConsumeMessage>

/** A message, or what mqadmin tells a person between them. */
type Printed = Message | string

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
    'With any of --follow, --from, --to, --tag, --where, --grep, -f, or -c and --timeout together, it prints nothing but ' +
    'messages, all of them unless -c says how many; -c N with --timeout T waits for them, and ends with status 6 ' +
    'when fewer came in time.\n\n' +
    'With -g and --commit or --exec, it shares the messages of the topic with all others of the group, each to ' +
    'one of them: --commit acknowledges what was written out, --exec runs a command for each message (body on ' +
    'stdin, MQ_TOPIC, MQ_KEYS, MQ_TAG, MQ_MSG_ID, MQ_RECONSUME_TIMES, MQ_PROPERTY_name … in the environment); ' +
    'status 0 acknowledges, anything else has it tried again later, at last to go to %DLQ%group. Without ' +
    '--follow it ends when there is nothing to hand out. --orderly keeps each queue in order: a message is handed ' +
    'out when the one before is done, and one that failed is tried again after a second, before those behind it.\n\n' +
    'With -g and --broadcast, it prints everything since the last time on this machine, and takes nothing from others.\n\n' +
    "--where takes RocketMQ's SQL92 over properties: = <> < <= > >=, BETWEEN, IN, IS NULL, CONTAINS, STARTSWITH, " +
    'ENDSWITH, AND, OR, NOT. Numbers are ordered, texts in single quotes are equal or not. A property that is no ' +
    'number matches no comparison with one. The broker filters; one with enablePropertyFilter=false sends all.'
  static override examples = [
    '$ pocketmq consumeMessage -t orders -c 10',
    '$ pocketmq consumeMessage -t orders -b broker-a -i 0 -o 100 --output ndjson',
    "$ pocketmq consumeMessage -t orders -o template='{queueId} {queueOffset} {body}\\n'",
    "$ pocketmq consumeMessage -t orders --follow --tag 'paid || sent' -f '%t[%q]@%o %k %b\\n'",
    '$ pocketmq consumeMessage -t orders --where "price > 10 AND region = \'EU\'"',
    '$ pocketmq consumeMessage -t orders --from @-1h --to end --grep 42 -o ndjson',
    '$ pocketmq consumeMessage -t orders --from end -c 1 --timeout 10s',
    '$ pocketmq consumeMessage -t orders -g billing --commit -o ndjson',
    '$ pocketmq consumeMessage -t jobs -g workers --exec ./job.sh --parallel 4 --follow',
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
    where: flagKinds.sql92({
      description: "messages whose properties match, like price > 10 AND region = 'EU'; the broker filters",
    }),
    grep: Flags.string({ helpValue: 'REGEX', description: 'messages whose body matches' }),
    format: Flags.string({
      char: 'f',
      helpValue: 'FORMAT',
      description: `print each message as this says: ${messageFormatHelp}`,
    }),
    commit: Flags.boolean({ description: 'with -g: acknowledge for the group what was written out' }),
    exec: Flags.string({
      helpValue: 'COMMAND',
      description: 'with -g: run this with sh for each message; status 0 acknowledges it',
    }),
    'exec-batch': flagKinds.count({
      min: 1,
      max: 32,
      description: 'messages a run of --exec, which then reads a JSON object a line; default 1',
    }),
    broadcast: Flags.boolean({
      description:
        'with -g: everything, as every other one of the group; this machine remembers how far it is',
    }),
    orderly: Flags.boolean({
      description: 'with -g: a queue in order, its next message only when the one before is done',
    }),
    parallel: flagKinds.count({ min: 1, max: 1000, description: 'runs of --exec at once; default 1' }),
    invisible: flagKinds.duration({
      description: 'hidden from others for so long, renewed while --exec runs; default 60s',
    }),
  }

  #sharesGroup = false
  #notedWhereHere = false

  readonly #noteWhereHere = (): void => {
    if (this.#notedWhereHere) return
    this.#notedWhereHere = true
    this.note(
      'note: the broker does not filter by SQL92 (enablePropertyFilter=false): --where is evaluated here',
    )
  }

  /** Jobs that run are waited for, and what was printed is acknowledged. */
  protected override get endsItself(): boolean {
    return this.#sharesGroup
  }

  protected override async perform(flags: ConsumeFlags): Promise<View<unknown>> {
    checkFlags(flags)
    if ((flags.commit || flags.broadcast) && this.printsAtEnd) {
      throw new MqError('MQ_USAGE', 'wide prints at the end, and a group counts what is printed by then', {
        hint: 'leave -o wide out, or give -o ndjson',
      })
    }
    const sharing = sharingOf(flags, this.timeoutMs, this.#noteWhereHere)
    const reading = readingOf(flags, this.timeoutMs, this.#noteWhereHere)
    if (sharing !== null) return this.#share(flags, sharing)
    const { messages } = await this.connect('read')
    const queues = await queuesOf(messages, flags)
    if (reading !== null) {
      const broadcast = flags.broadcast ? this.#broadcast(flags) : undefined
      const batches = new Batches(selected(messages, queues, reading, broadcast))
      return messagesView(batches, reading.format)
    }
    return printedView(new Batches(this.#printed(messages, queues, flags)))
  }

  #broadcast({ consumerGroup }: ConsumeFlags): Broadcast {
    return {
      places: new BroadcastPlaces(consumerGroup!, this.target, this.env),
      written: () => this.outputWritten(),
    }
  }

  async #share(flags: ConsumeFlags, sharing: Sharing): Promise<View<unknown>> {
    this.#sharesGroup = true
    const { messages } = await this.connect('write')
    await messages.queues(flags.topic)
    const { group, options, withinMs } = sharing
    const consumer = messages.popConsumer(flags.topic, group, options)
    const deadline = withinMs === null ? Infinity : Date.now() + withinMs
    const ended = (): boolean => this.interrupted.aborted || Date.now() >= deadline
    const { countMax, follow, command, parallel, batch } = sharing
    const { invisibleMs, order } = options
    if (command === null) {
      const written = (): Promise<void> => this.outputWritten()
      const format = flags.format === undefined ? null : compileMessageFormat(flags.format)
      const items = readGroup(consumer, { countMax, follow, ended, written })
      return messagesView(this.#counted(items, sharing), format)
    }
    const outputTo = this.printsTable ? 1 : 2
    const jobs = { command, parallel, batch, invisibleMs, order, countMax, follow, ended, outputTo } as const
    // a person sees what the jobs print
    return jobsView(this.#counted(runJobs(consumer, jobs), sharing), null)
  }

  #counted<T extends object>(items: AsyncIterable<T>, sharing: Sharing): AsyncGenerator<T> {
    const { countMax, withinMs, options } = sharing
    const again = options.order ? 'after a second' : "later by RocketMQ's back-off: 10 s, 30 s, 1 min …"
    return counted(items, { countMax, withinMs, interrupted: this.interrupted, again })
  }

  async *#printed(
    messages: MessageAdmin,
    queues: readonly MessageQueue[],
    flags: ConsumeFlags,
  ): AsyncGenerator<readonly Printed[]> {
    let left = flags.MessageNumber ?? countDefault
    for (const queue of queues) {
      if (left === 0) return
      const range = await rangeOf(messages, queue, flags)
      const bounded = range.last - range.first > left
      if (bounded) {
        this.#noteBound(flags)
        yield [boundText(left, queue, flags)]
      }
      const last = bounded ? range.first + left - 1 : range.last
      for await (const batch of pulled(messages, { ...range, last }, left, flags)) {
        left -= batch.filter(isMessage).length
        yield batch
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
/** More at a time would only fill memory. */
const pullMax = 1024

function isMessage(printed: Printed): printed is Message {
  return typeof printed !== 'string'
}

function printedView(items: Batches<Printed>): View<unknown> {
  const view: View<Printed> = {
    ...messageShape,
    items,
    toJson: (printed) => (isMessage(printed) ? messageJson(printed) : null),
    toLines: (fields) => {
      const writer = new MessageLines(fields)
      return { lines: (batch) => writer.lines(batch.filter(isMessage)) }
    },
    toId: (printed) => (isMessage(printed) ? printed.msgId : null),
    table: { kind: 'text', item: (printed) => (isMessage(printed) ? messageLine(printed) : printed) },
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
  const groupFault = flags.consumerGroup === undefined ? null : groupNameFault(flags.consumerGroup)
  if (groupFault !== null) throw new MqError('MQ_USAGE', groupFault)
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
): AsyncGenerator<readonly Printed[]> {
  const group = flags.consumerGroup === undefined ? {} : { group: flags.consumerGroup }
  const until = flags.endTimestamp ?? Infinity
  let left = countMax
  for (let offset = first; offset <= last && left > 0;) {
    const maxMsgNums = Math.min(last - offset + 1, left, pullMax)
    const result = await messages.pull(queue, offset, { ...group, maxMsgNums, lazily: true })
    offset = result.nextBeginOffset
    const where = `status=${result.status}, offset=${offset}\n`
    if (result.status === 'NO_MATCHED_MSG') {
      yield [`${javaText.queue(queue)} no matched msg. ${where}`]
    } else if (result.status !== 'FOUND') {
      yield [`${javaText.queue(queue)} print msg finished. ${where}`]
      return
    } else {
      // the offset of a time is that of the next message, which may be later
      const within = result.messages.filter((message) => message.storeTimestamp <= until)
      yield ['Consume ok\n', ...within]
      left -= within.length
    }
  }
}

import * as Flags from '@oclif/core/flags'
import { addAbortSignal } from 'node:stream'
import type { QueueChoice } from '../../core/client/admin.ts'
import { MqError } from '../../core/errors.ts'
import type { NewMessage, SendResult } from '../../core/model/message.ts'
import { keySeparator } from '../../core/model/properties.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { AtomicBulk, type AtomicSent } from '../../input/atomic-send.ts'
import { bodyOf } from '../../input/body.ts'
import { BulkSend } from '../../input/bulk-send.ts'
import { csvDrafts } from '../../input/csv-drafts.ts'
import { checkedKey, type Drafts } from '../../input/draft.ts'
import { FailedMessages } from '../../input/failed-messages.ts'
import { lineDrafts } from '../../input/line-drafts.ts'
import { nul } from '../../input/lines.ts'
import { ndjsonDrafts } from '../../input/ndjson-drafts.ts'
import { laterFlags, laterOf } from '../../input/send-later.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { sendResultFields, sendResultJson } from '../../output/message-json.ts'
import { textView } from '../../output/rows.ts'
import { Batches, type ColumnTable, type TextTable, type View } from '../../output/view.ts'

type SendFlags = FlagsOf<typeof SendMessage>

const progressEveryMs = 200

export default class SendMessage extends MqCommand {
  static override summary = 'Send a message.'
  static override description =
    'One message with -p, or one a line (--lines), JSON object (--ndjson) or CSV row (--csv) of stdin. ' +
    'Many are sent in constant memory; the first that cannot be read or sent ends it, and the error says how ' +
    'many were sent, unless --failed keeps what was not acknowledged and goes on.\n\n' +
    'NDJSON: {"body":"…"} or {"bodyBase64":"…"}, and tag, keys, properties, shardingKey, delayLevel, deliverAt, dedupKey; ' +
    'other fields are left alone, so the output of consumeMessage -o ndjson can be sent again.\n' +
    '--atomic: all of stdin or nothing. Consumers see the messages when the last one is stored; whatever stops it ' +
    'before, none of them is ever seen. In a folder and through `serve`; a RocketMQ broker cannot.\n' +
    'CSV: the body is the row as a JSON object of texts; --key and --tag name columns of the header.'
  static override examples = [
    '$ pocketmq sendMessage -t orders -p hello -k order-1 -c created',
    '$ pocketmq sendMessage -t orders -p - < picture.png',
    '$ pocketmq sendMessage -t reminders -p "call back" --delay 90s --json',
    '$ id=$(pocketmq sendMessage -t orders -p "order 42" --transaction --quiet) && pocketmq endTransaction commit $id',
    '$ pocketmq sendMessage -t orders --ndjson --failed again.ndjson --retry 5 < orders.ndjson',
    '$ pocketmq sendMessage -t orders --ndjson --atomic < orders.ndjson',
    '$ find . -name "*.json" -print0 | pocketmq sendMessage -t files --lines -z',
    '$ pocketmq sendMessage -t airports --csv --key iata --tag state < airports.csv',
  ]
  static override flags = {
    topic: flagKinds.text({ char: 't', required: true, description: 'topic name' }),
    body: flagKinds.text({
      char: 'p',
      description: 'message body, blanks around it removed; - for all of stdin',
    }),
    lines: Flags.boolean({ description: 'a message for each line of stdin that is not empty' }),
    null: Flags.boolean({ char: 'z', description: 'of --lines: a NUL ends each, as find -print0 writes' }),
    ndjson: Flags.boolean({ description: 'a message for each JSON object of stdin, one a line' }),
    'keep-ids': Flags.boolean({
      description: 'of --ndjson: a copy of a message keeps its unique key (msgId), the property UNIQ_KEY',
    }),
    csv: Flags.boolean({ description: 'a message for each row of stdin, which has a header' }),
    key: flagKinds.text({
      char: 'k',
      description: 'message keys, with blanks between; of --csv: column of the key',
    }),
    tags: flagKinds.text({
      char: 'c',
      aliases: ['tag'],
      description: 'message tag; of --csv: column of the tag',
    }),
    broker: flagKinds.text({ char: 'b', description: 'send to this broker' }),
    qid: flagKinds.count({ char: 'i', description: 'send to this queue of the broker' }),
    ...laterFlags,
    transaction: Flags.boolean({
      description: 'consumers see it when `endTransaction commit` is said; see `transactions`',
    }),
    atomic: Flags.boolean({
      description: 'all of stdin or nothing: consumers see it when the last message is stored',
    }),
    'dedup-key': flagKinds.text({
      description: 'store it only if no message of the topic with this key was stored in the window',
    }),
    'dedup-window': flagKinds.duration({ description: 'how long a --dedup-key is remembered; default 5m' }),
    'producer-group': flagKinds.text({ description: 'group of the producer; default TOOLS_PRODUCER' }),
    retry: flagKinds.count({
      max: 1000,
      description: 'attempts after the first one that failed, each on another queue; default 2',
    }),
    failed: flagKinds.text({
      helpValue: 'FILE',
      description: 'keep what was not acknowledged in this file, as NDJSON to send again, and send the rest',
    }),
    'segment-size': flagKinds.segmentSize(),
    msgTraceEnable: flagKinds.bool({
      char: 'm',
      default: false,
      description: 'trace; only false is supported',
    }),
  }

  #ofMany = false

  protected override get endsItself(): boolean {
    return this.#ofMany
  }

  protected override async perform(flags: SendFlags): Promise<View<unknown>> {
    checkFlags(flags)
    laterOf(flags)
    this.#ofMany = flags.body === undefined
    const drafts = this.#ofMany
      ? this.#readDrafts(flags)
      : [[{ line: null, message: await this.#one(flags) }]]
    const { messages, transactions } = await this.connect('write', flags['segment-size'])
    const { timeoutMs } = this
    const group = flags['producer-group']
    const producer = messages.producer({
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(group !== undefined && { group }),
      ...(flags.retry !== undefined && { retries: flags.retry }),
    })
    if (flags.atomic) {
      const send = await transactions.beginAtomic(flags.topic, flags.broker ?? null)
      const bulk = new AtomicBulk(send, producer, flags.qid, this.interrupted)
      return atomicView(this.#withProgress(bulk.result(flags.topic, drafts), bulk))
    }
    const bulk = new BulkSend(producer, queueChoice(flags), this.interrupted, this.#keepFailed(flags))
    const results = bulk.results(drafts)
    const view: View<SendResult> = {
      shape: this.#ofMany ? 'list' : 'one',
      items: new Batches(this.#ofMany ? this.#withProgress(results, bulk) : results),
      fields: sendResultFields,
      toJson: sendResultJson,
      toId: ({ msgId }) => msgId,
      table: this.#ofMany ? countText(flags.topic, bulk) : resultTable,
    }
    return view
  }

  #keepFailed(flags: SendFlags): FailedMessages | null {
    if (flags.failed === undefined) return null
    const failed = new FailedMessages(flags.failed, commandAgain(flags))
    this.closeAtEnd(failed)
    return failed
  }

  async #one(flags: SendFlags): Promise<NewMessage> {
    const body = await bodyOf(flags.body ?? '', () => this.stdin)
    const { later, ...message } = defaultsOf(flags)
    return { ...message, ...later, body }
  }

  #readDrafts(flags: SendFlags): Drafts {
    const { stdin } = this
    addAbortSignal(this.interrupted, stdin)
    if (flags.ndjson) return ndjsonDrafts(stdin, defaultsOf(flags))
    if (flags.lines) return lineDrafts(stdin, defaultsOf(flags), flags.null ? nul : undefined)
    const { topic, key, tags } = flags
    return csvDrafts(stdin, {
      topic,
      later: laterOf(flags),
      transaction: flags.transaction,
      ...(key !== undefined && { key }),
      ...(tags !== undefined && { tag: tags }),
    })
  }

  async *#withProgress<T>(results: AsyncGenerator<T>, bulk: { readonly sent: number }): AsyncGenerator<T> {
    if (!this.showsProgress) {
      yield* results
      return
    }
    const { default: ora } = await import('ora')
    const started = Date.now()
    const spinner = ora({ text: 'sending', stream: process.stderr, discardStdin: false }).start()
    const timer = setInterval(() => {
      const rate = Math.round((bulk.sent * 1000) / (Date.now() - started))
      spinner.text = `${bulk.sent} sent, ${rate}/s`
    }, progressEveryMs)
    try {
      yield* results
    } finally {
      clearInterval(timer)
      spinner.stop()
    }
  }
}

function checkFlags(flags: SendFlags): void {
  const sources = [flags.body !== undefined, flags.lines, flags.ndjson, flags.csv].filter(Boolean).length
  if (sources !== 1) {
    throw new MqError(
      'MQ_USAGE',
      sources === 0 ? 'no message: -p is missing' : 'more than one source of messages',
      {
        hint: 'give one of -p BODY, -p -, --lines, --ndjson and --csv',
      },
    )
  }
  if (flags.qid !== undefined && flags.broker === undefined) {
    throw new MqError('MQ_USAGE', 'Broker name must be set if the queue is chosen!', {
      hint: 'add -b <brokerName>',
    })
  }
  if (flags['dedup-key'] !== undefined && (flags.body === undefined || flags.transaction)) {
    throw new MqError('MQ_USAGE', '--dedup-key is for one message (-p), outside of transactions', {
      hint: 'messages of --ndjson each have their "dedupKey"',
    })
  }
  const alone = flags.body !== undefined || flags.transaction || flags.failed !== undefined
  if (flags.atomic && alone) {
    throw new MqError('MQ_USAGE', '--atomic is for many messages: leave -p, --transaction and --failed out', {
      hint: 'give it one of --lines, --ndjson and --csv',
    })
  }
  if (flags['keep-ids'] && !flags.ndjson) throw new MqError('MQ_USAGE', '--keep-ids goes with --ndjson')
  if (flags.null && !flags.lines) throw new MqError('MQ_USAGE', '-z, --null goes with --lines')
  if (flags.failed !== undefined && flags.body !== undefined)
    throw new MqError('MQ_USAGE', '--failed is for many messages: --lines, --ndjson or --csv')
  if (flags.msgTraceEnable) {
    throw new MqError('MQ_NOT_SUPPORTED', 'message traces are not written', { hint: 'leave -m out' })
  }
}

function defaultsOf(flags: SendFlags) {
  const { topic, tags, key } = flags
  const keys = key?.split(keySeparator).filter((part) => part !== '')
  return {
    topic,
    ...(tags !== undefined && tags !== '' && { tag: tags }),
    ...(keys !== undefined && { keys }),
    later: laterOf(flags),
    ...(flags.transaction && { transaction: true }),
    ...(flags['keep-ids'] && { keepIds: true }),
    ...(flags['dedup-key'] !== undefined && { dedupKey: checkedKey(flags['dedup-key'], null) }),
    ...(flags['dedup-window'] !== undefined && { dedupWindowMs: flags['dedup-window'] }),
  }
}

/** What sends messages of this command that were not acknowledged, from NDJSON. */
function commandAgain(flags: SendFlags): string {
  const { topic, transaction, broker, qid, 'producer-group': group, 'dedup-window': windowMs } = flags
  return [
    `pocketmq sendMessage -t ${topic} --ndjson`,
    ...(broker === undefined ? [] : [`-b ${broker}`]),
    ...(qid === undefined ? [] : [`-i ${qid}`]),
    ...(transaction ? ['--transaction'] : []),
    ...(flags['keep-ids'] ? ['--keep-ids'] : []),
    ...(group === undefined ? [] : [`--producer-group ${group}`]),
    ...(windowMs === undefined ? [] : [`--dedup-window ${windowMs}ms`]),
  ].join(' ')
}

function queueChoice({ broker, qid }: SendFlags): QueueChoice | null {
  if (broker === undefined) return null
  return { brokerName: broker, ...(qid !== undefined && { queueId: qid }) }
}

function atomicView(items: AsyncIterable<AtomicSent>): View<unknown> {
  return textView(items, {
    shape: 'one',
    fields: ['topic', 'atomicId', 'count'],
    id: ({ atomicId }) => atomicId,
    text: ({ topic, count }) => `send ${count} messages to ${topic} success.\n`,
  })
}

const lineFormat = '%-32s  %-4s  %-20s    %s'

const resultTable: ColumnTable<SendResult> = {
  kind: 'columns',
  headerFormat: lineFormat,
  rowFormat: lineFormat,
  columns: [
    { title: '#Broker Name', field: 'brokerName', cell: ({ brokerName }) => brokerName },
    { title: '#QID', field: 'queueId', cell: ({ queueId }) => queueId },
    { title: '#Send Result', field: 'sendStatus', cell: ({ sendStatus }) => sendStatus },
    { title: '#MsgId', field: 'msgId', cell: ({ msgId }) => msgId },
  ],
}

/** A line for all of them; `-o ndjson` and --quiet have a line for each. */
function countText(topic: string, bulk: BulkSend): TextTable<SendResult> {
  const known = (): string =>
    bulk.duplicates === 0 ? '' : `, ${bulk.duplicates} of them had been stored before`
  return {
    kind: 'text',
    item: () => '',
    end: () => `send ${bulk.sent} messages to ${topic} success${known()}.\n`,
  }
}

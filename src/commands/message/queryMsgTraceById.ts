import type { Message } from '../../core/model/message.ts'
import { traceTopic } from '../../core/model/names.ts'
import { decodeTraces, type Trace } from '../../core/model/trace.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { javaText } from '../../output/java-text.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

interface Row extends Omit<Trace, 'success'> {
  readonly clientHost: string
  readonly status: 'success' | 'failed'
}

export default class QueryMsgTraceById extends MqCommand {
  static override summary = 'Query a message trace.'
  static override description =
    'What producers and consumers that have trace on said of a message: by its unique key, or one of its keys.'
  static override examples = [
    '$ pocketmq queryMsgTraceById -i $ID',
    '$ pocketmq queryMsgTraceById -i $ID --json',
  ]
  static override flags = {
    msgId: flagKinds.text({ char: 'i', required: true, description: 'message id' }),
    traceTopic: flagKinds.text({
      char: 't',
      default: traceTopic,
      description: 'the name value of message trace topic',
    }),
    beginTimestamp: flagKinds.timestamp({ char: 'b', description: 'traced at or after this time' }),
    endTimestamp: flagKinds.timestamp({ char: 'e', description: 'traced at or before this time' }),
    maxNum: flagKinds.count({
      char: 'c',
      min: 1,
      default: 64,
      description: 'the maximum number of messages of the trace topic that each broker looks through',
    }),
  }

  protected override async perform(flags: FlagsOf<typeof QueryMsgTraceById>): Promise<View<unknown>> {
    const { msgId, maxNum, beginTimestamp: begin, endTimestamp: end } = flags
    const { messages } = await this.connect('read')
    const found = await messages.byKey(flags.traceTopic, msgId, {
      maxNum,
      ...(begin !== undefined && { begin }),
      ...(end !== undefined && { end }),
    })
    const rows = found.flatMap(tracesOf).filter((row) => row.msgId === msgId)
    // sent before consumed, a group's consumption together: mqadmin's order
    rows.sort((a, b) => order(a.type, b.type) || order(a.group, b.group) || a.timestamp - b.timestamp)
    return textView(rows, {
      fields: ['type', 'msgId', 'group', 'clientHost', 'timestamp', 'costMs', 'status'],
      id: (row) => row.msgId,
      text: (row) => this.#text(row, rows),
    })
  }

  /** A table for each time it was sent, and one for each group that consumed it. */
  #text(row: Row, rows: readonly Row[]): string {
    const at = rows.indexOf(row)
    const alone = row.type === 'Pub'
    const begins = alone || !sameTable(row, rows[at - 1])
    const ends = alone || !sameTable(row, rows[at + 1])
    const titles = alone ? ['#ProducerGroup', '#SendTime'] : ['#ConsumerGroup', '#ConsumerTime']
    const header = line('#Type', titles[0]!, '#ClientHost', titles[1]!, '#CostTimes', '#Status')
    const time = javaText.seconds(row.timestamp, this.utc)
    const own = line(row.type, row.group, row.clientHost, time, `${row.costMs}ms`, row.status)
    return `${begins ? header : ''}${own}${ends ? '\n' : ''}`
  }
}

function tracesOf({ body, bornHost }: Message): Row[] {
  const clientHost = bornHost.slice(0, bornHost.lastIndexOf(':'))
  return decodeTraces(body).map(({ success, ...trace }) => ({
    ...trace,
    clientHost,
    status: success ? 'success' : 'failed',
  }))
}

function sameTable(a: Row, b: Row | undefined): boolean {
  return b?.type === a.type && b.group === a.group
}

function order(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}

function line(...cells: readonly string[]): string {
  const widths = [10, 20, 20, 20, 10, 10]
  return `${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' ')}\n`
}

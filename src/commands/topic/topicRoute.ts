import * as Flags from '@oclif/core/flags'
import type { BrokerData, QueueData, TopicRoute as Route } from '../../core/model/route.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { javaText } from '../../output/java-text.ts'
import { formatLine, parsePieces } from '../../output/printf.ts'
import type { View } from '../../output/view.ts'

const lineFormat = '%-45s %-32s %-50s %-10s %-11s %-5s'

export default class TopicRoute extends MqCommand {
  static override summary = 'Examine topic route info.'
  static override examples = ['$ pocketmq topicRoute -t orders', '$ pocketmq topicRoute -t orders -l']
  static override flags = {
    topic: flagKinds.text({ char: 't', required: true, description: 'topic name' }),
    list: Flags.boolean({ char: 'l', description: 'use list format to print data' }),
  }

  protected override async perform(flags: FlagsOf<typeof TopicRoute>): Promise<View<unknown>> {
    const { topics } = await this.connect('read')
    const route = await topics.route(flags.topic)
    return flags.list ? brokersView(route) : routeView(route)
  }
}

function routeView(route: Route): View<Route> {
  return {
    shape: 'one',
    items: [route],
    fields: ['brokerDatas', 'filterServerTable', 'orderTopicConf', 'queueDatas'],
    toJson: ({ brokerDatas, queueDatas, ...rest }) => ({
      brokerDatas: brokerDatas.map((broker) => ({ ...broker, brokerAddrs: { ...broker.brokerAddrs } })),
      ...rest,
      queueDatas: queueDatas.map((queue) => ({ ...queue })),
    }),
    toId: ({ brokerDatas }) => brokerDatas.map(({ brokerName }) => brokerName).join('\n'),
    table: { kind: 'text', item: (item) => `${javaText.route(item)}\n` },
  }
}

interface BrokerRow extends BrokerData {
  readonly queue: QueueData | undefined
}

function brokersView(route: Route): View<BrokerRow> {
  const queues = new Map(route.queueDatas.map((queue) => [queue.brokerName, queue]))
  const rows = route.brokerDatas.map((broker) => ({ ...broker, queue: queues.get(broker.brokerName) }))
  rows.sort((a, b) => (a.brokerName < b.brokerName ? -1 : 1))
  return {
    shape: 'list',
    items: rows,
    fields: ['cluster', 'brokerName', 'brokerAddrs', 'readQueueNums', 'writeQueueNums', 'perm'],
    toJson: ({ cluster, brokerName, brokerAddrs, queue }) => ({
      cluster,
      brokerName,
      brokerAddrs: { ...brokerAddrs },
      readQueueNums: queue?.readQueueNums ?? null,
      writeQueueNums: queue?.writeQueueNums ?? null,
      perm: queue?.perm ?? null,
    }),
    toId: ({ brokerName }) => brokerName,
    table: {
      kind: 'columns',
      headerFormat: lineFormat,
      rowFormat: lineFormat,
      columns: [
        { title: '#ClusterName', field: 'cluster', cell: ({ cluster }) => cluster },
        { title: '#BrokerName', field: 'brokerName', cell: ({ brokerName }) => brokerName },
        { title: '#BrokerAddrs', field: 'brokerAddrs', cell: (row) => javaText.map(row.brokerAddrs) },
        { title: '#ReadQueue', field: 'readQueueNums', cell: ({ queue }) => queue?.readQueueNums ?? null },
        { title: '#WriteQueue', field: 'writeQueueNums', cell: ({ queue }) => queue?.writeQueueNums ?? null },
        { title: '#Perm', field: 'perm', cell: ({ queue }) => queue?.perm ?? null },
      ],
      footer: () => totalLines([...queues.values()]),
    },
  }
}

function totalLines(queues: readonly QueueData[]): string {
  const reads = queues.reduce((sum, queue) => sum + queue.readQueueNums, 0)
  const writes = queues.reduce((sum, queue) => sum + queue.writeQueueNums, 0)
  const cells = ['Total:', String(queues.length), '', String(reads), String(writes), '']
  return `${'-'.repeat(158)}\n${formatLine(parsePieces(lineFormat), cells)}\n`
}

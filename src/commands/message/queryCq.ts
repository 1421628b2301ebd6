import { MqError } from '../../core/errors.ts'
import type { ConsumeQueue, ConsumeQueueData } from '../../core/model/stats.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { javaText } from '../../output/java-text.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

const line = `${'='.repeat(38)}\n`

export default class QueryCq extends MqCommand {
  static override summary = 'Query cq command.'
  static override description = 'Entries of the index of a queue: where in the log its messages are.'
  static override examples = ['$ pocketmq queryCq -t orders -q 0 -i 0 -c 2']
  static override flags = {
    topic: flagKinds.text({ char: 't', required: true, description: 'topic name' }),
    queue: flagKinds.count({ char: 'q', required: true, description: 'queue num' }),
    index: flagKinds.count({ char: 'i', required: true, description: 'start queue index' }),
    count: flagKinds.count({ char: 'c', default: 10, description: 'how many' }),
    broker: flagKinds.text({ char: 'b', description: 'broker addr' }),
    consumer: flagKinds.text({ char: 'g', description: 'consumer group' }),
  }

  protected override async perform(flags: FlagsOf<typeof QueryCq>): Promise<View<unknown>> {
    const { topic, queue: queueId, index, count, broker, consumer } = flags
    const { topics, brokers } = await this.connect('read')
    const [first] = (await topics.route(topic)).brokerDatas
    if (first === undefined) throw new MqError('MQ_BROKER_NOT_EXIST', `no broker has topic ${topic}`)
    const queue = { topic, brokerName: first.brokerName, queueId }
    const found = await brokers.consumeQueue(queue, index, count, {
      ...(consumer !== undefined && { group: consumer }),
      ...(broker !== undefined && { address: broker }),
    })
    return entriesView(found, Math.max(index, found.minQueueIndex))
  }
}

/** QueryConsumeQueueCommand */
function entriesView(found: ConsumeQueue, index: number): View<ConsumeQueueData & { queueOffset: number }> {
  const { subscription, filterData, maxQueueIndex: max, minQueueIndex: min } = found
  const rows = found.entries.map((entry, i) => ({ queueOffset: index + i, ...entry }))
  const subscribed =
    subscription === null ? '' : `Subscription data: \n${javaText.pretty({ ...subscription })}\n${line}`
  const filtered = filterData === null ? '' : `Filter data: \n${filterData}\n${line}`
  return {
    ...textView(rows, {
      fields: ['queueOffset', 'physicOffset', 'physicSize', 'tagsCode'],
      id: ({ physicOffset }) => String(physicOffset),
      text: ({
        queueOffset,
        physicOffset,
        physicSize,
        tagsCode,
        extendDataJson,
        bitMap,
        eval: matches,
        msg,
      }) =>
        `idx: ${queueOffset}\nConsumeQueueData{physicOffset=${physicOffset}, physicSize=${physicSize}, ` +
        `tagsCode=${tagsCode}, extendDataJson='${extendDataJson ?? 'null'}', bitMap='${bitMap ?? 'null'}', ` +
        `eval=${matches}, msg='${msg ?? 'null'}'}\n${line}`,
    }),
    intro: `${subscribed}${filtered}Queue data: \nmax: ${max}, min: ${min}\n${line}`,
  }
}

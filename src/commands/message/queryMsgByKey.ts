import type { Message } from '../../core/model/message.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { messageFields, messageJson, messageWide } from '../../output/message-json.ts'
import type { View } from '../../output/view.ts'

const hourMs = 3_600_000

export default class QueryMsgByKey extends MqCommand {
  static override summary = 'Query Message by Key.'
  static override description = 'A message has several keys where blanks stand between them.'
  static override examples = [
    '$ pocketmq queryMsgByKey -t orders -k order-42',
    '$ pocketmq queryMsgByKey -t orders -k order-42 -o ndjson | jq -r .body',
  ]
  static override flags = {
    topic: flagKinds.text({ char: 't', required: true, description: 'topic name' }),
    msgKey: flagKinds.text({ char: 'k', required: true, description: 'message key' }),
    beginTimestamp: flagKinds.timestamp({ char: 'b', description: 'stored at or after this time' }),
    endTimestamp: flagKinds.timestamp({ char: 'e', description: 'stored at or before this time' }),
    maxNum: flagKinds.count({
      char: 'm',
      min: 1,
      default: 64,
      description: 'the maximum number of messages returned by each broker',
    }),
    cluster: flagKinds.text({ char: 'c', description: 'cluster name' }),
  }

  protected override async perform(flags: FlagsOf<typeof QueryMsgByKey>): Promise<View<unknown>> {
    const { topic, msgKey, maxNum, cluster, beginTimestamp: begin, endTimestamp: end } = flags
    const { messages } = await this.connect('read')
    const found = await messages.byKey(topic, msgKey, {
      maxNum,
      ...(cluster !== undefined && { clusterName: cluster }),
      ...(begin !== undefined && { begin }),
      ...(end !== undefined && { end }),
    })
    return keyView(found, msgKey)
  }
}

function keyView(found: readonly Message[], key: string): View<Message> {
  return {
    shape: 'list',
    items: found,
    fields: messageFields,
    wide: messageWide,
    toJson: messageJson,
    toId: ({ msgId }) => msgId,
    table: {
      kind: 'columns',
      headerFormat: '%-50s %4s %40s %s',
      rowFormat: '%-50s %4s %40s %s',
      columns: [
        { title: '#Message ID', field: 'msgId', cell: ({ msgId }) => msgId },
        { title: '#QID', field: 'queueId', cell: ({ queueId }) => queueId },
        { title: '#Offset', field: 'queueOffset', cell: ({ queueOffset }) => queueOffset },
        { title: '#IndexKey', field: 'keys', cell: (message) => indexKey(message, key) },
      ],
    },
  }
}

/** 5.5.0's name for an entry of its key index. */
function indexKey({ storeTimestamp, topic, msgId, commitLogOffset }: Message, key: string): string {
  const hour = storeTimestamp - (storeTimestamp % hourMs)
  return `${hour}@${topic}@K@${key}@${msgId}@${commitLogOffset}`
}

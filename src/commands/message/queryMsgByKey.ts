import * as Flags from '@oclif/core/flags'
import { indexKey, indexTypes, type IndexType } from '../../core/model/index-key.ts'
import type { Message } from '../../core/model/message.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { messageFields, messageJson, messageWide } from '../../output/message-json.ts'
import type { View } from '../../output/view.ts'

export default class QueryMsgByKey extends MqCommand {
  static override summary = 'Query Message by Key.'
  static override description = 'A message has several keys where blanks stand between them.'
  static override examples = [
    '$ pocketmq queryMsgByKey -t orders -k order-42',
    '$ pocketmq queryMsgByKey -t orders -k order-42 -o ndjson | jq -r .body',
    '$ pocketmq queryMsgByKey -t orders -k created -p T -m 10',
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
    keyType: Flags.option({
      char: 'p',
      options: indexTypes,
      default: 'K' as const,
      description: 'what -k is: K a key, T a tag',
    })(),
    lastKey: flagKinds.text({
      char: 'l',
      description: 'an #IndexKey that was printed before: go on behind it',
    }),
  }

  protected override async perform(flags: FlagsOf<typeof QueryMsgByKey>): Promise<View<unknown>> {
    const { topic, msgKey, maxNum, cluster, keyType, lastKey } = flags
    const { beginTimestamp: begin, endTimestamp: end } = flags
    const { messages } = await this.connect('read')
    const found = await messages.byKey(topic, msgKey, {
      maxNum,
      ...(cluster !== undefined && { clusterName: cluster }),
      ...(begin !== undefined && { begin }),
      ...(end !== undefined && { end }),
      ...(keyType !== 'K' && { indexType: keyType }),
      ...(lastKey !== undefined && { lastKey }),
    })
    return keyView(found, keyType, msgKey)
  }
}

function keyView(found: readonly Message[], keyType: IndexType, key: string): View<Message> {
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
        { title: '#IndexKey', field: 'keys', cell: (message) => indexKey(message, keyType, key) },
      ],
    },
  }
}

import * as Flags from '@oclif/core/flags'
import type { TopicAdmin } from '../../core/client/admin.ts'
import { MqError } from '../../core/errors.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class UpdateOrderConf extends MqCommand {
  static override summary = 'Create or update or delete order conf.'
  static override examples = [
    '$ pocketmq updateOrderConf -t orders -m put -v broker-a:4',
    '$ pocketmq updateOrderConf -t orders -m get',
    '$ pocketmq updateOrderConf -t orders -m delete',
  ]
  static override flags = {
    topic: flagKinds.text({ char: 't', required: true, description: 'topic name' }),
    orderConf: flagKinds.text({ char: 'v', description: 'set order conf: brokerName1:num;brokerName2:num' }),
    method: Flags.string({
      char: 'm',
      required: true,
      options: ['put', 'get', 'delete'],
      description: 'what to do with it',
    }),
  }

  protected override async perform(flags: FlagsOf<typeof UpdateOrderConf>): Promise<View<unknown>> {
    const { topic, method } = flags
    const wanted = method === 'put' ? orderConfOf(flags.orderConf) : ''
    const { topics } = await this.connect(method === 'put' ? 'write' : 'read')
    const orderConf = await act(topics, method, topic, wanted)
    const about = `topic=[${topic}]`
    const told = orderConf === null ? about : `${about}, orderConf=[${orderConf}]`
    const verb = method === 'put' ? 'update' : method
    return textView([{ topic, orderConf }], {
      shape: 'one',
      fields: ['topic', 'orderConf'],
      id: () => orderConf,
      // mqadmin leaves the line feed out
      text: () => `${verb} orderConf success. ${told}\n`,
    })
  }
}

/** Null: there is none any more. @throws MQ_NOT_FOUND */
async function act(
  topics: TopicAdmin,
  method: string,
  topic: string,
  wanted: string,
): Promise<string | null> {
  if (method === 'put') {
    await topics.setOrderConf(topic, wanted)
    return wanted
  }
  if (method === 'delete') {
    await topics.deleteOrderConf(topic)
    return null
  }
  const known = await topics.orderConf(topic)
  if (known === null) throw new MqError('MQ_NOT_FOUND', `topic ${topic} has no order configuration`)
  return known
}

/** What a client can read: it takes the number behind each broker's name for its queues. */
function orderConfOf(text: string | undefined): string {
  if (text !== undefined && /^[^:;]+:\d+(;[^:;]+:\d+)*;?$/.test(text)) return text
  throw new MqError('MQ_USAGE', `"${text ?? ''}" is no order configuration`, {
    hint: 'write -v brokerName:queues, several with semicolons between',
  })
}

import { MqError } from '../../core/errors.ts'
import { allocateAveragely, type MessageQueue } from '../../core/model/queue.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { textView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

export default class AllocateMQ extends MqCommand {
  static override summary = 'Allocate MQ.'
  static override description = 'Which queues each of some consumers would have, shared out averagely.'
  static override examples = ['$ pocketmq allocateMQ -t orders -i 10.0.0.1,10.0.0.2']
  static override flags = {
    topic: flagKinds.text({ char: 't', required: true, description: 'topic name' }),
    ipList: flagKinds.text({ char: 'i', required: true, description: 'consumers, with commas between' }),
  }

  protected override async perform(flags: FlagsOf<typeof AllocateMQ>): Promise<View<unknown>> {
    const consumers = flags.ipList
      .split(',')
      .map((ip) => ip.trim())
      .filter((ip) => ip !== '')
    if (consumers.length === 0) throw new MqError('MQ_USAGE', '-i names no consumer')
    const { messages } = await this.connect('read')
    const queues = await messages.queues(flags.topic)
    const result = Object.fromEntries(
      consumers.map((consumer, i) => [consumer, allocateAveragely(queues, i, consumers.length).map(ordered)]),
    )
    return textView([{ result }], {
      shape: 'one',
      fields: ['result'],
      id: () => null,
      text: (item) => `${JSON.stringify(item)}\n`,
    })
  }
}

/** In fastjson's order of members. */
function ordered({ brokerName, queueId, topic }: MessageQueue): MessageQueue {
  return { brokerName, queueId, topic }
}

import { MqError } from '../../core/errors.ts'
import type { MessageAdmin } from '../../core/client/admin.ts'
import type { MessageQueue } from '../../core/model/queue.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { averageRt, timedSend } from '../../input/timed-send.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { rowsView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

/** One send. */
interface Sent {
  readonly brokerName: string
  readonly queueId: number
  readonly sendResult: boolean
  readonly rtMs: number
}

export default class CheckMsgSendRT extends MqCommand {
  static override summary = 'Check message send response time.'
  static override description =
    'Sends to the queues of the topic in turns; the first send does not count for the average. Ends with status 7 ' +
    'when a send failed.'
  static override examples = ['$ pocketmq checkMsgSendRT -t probe -a 10 -s 128']
  static override flags = {
    topic: flagKinds.text({ char: 't', required: true, description: 'topic name' }),
    amount: flagKinds.count({ char: 'a', min: 1, default: 100, description: 'message amount' }),
    size: flagKinds.count({ char: 's', min: 1, default: 128, description: 'message size in bytes' }),
  }

  protected override async perform(flags: FlagsOf<typeof CheckMsgSendRT>): Promise<View<unknown>> {
    const { topic, amount, size } = flags
    const { messages } = await this.connect('write')
    const queues = await messages.publishQueues(topic)
    return rowsView(sends(messages, queues, amount, Buffer.alloc(size, 'a')), {
      fields: ['brokerName', 'queueId', 'sendResult', 'rtMs'],
      id: ({ rtMs }) => String(rtMs),
      header: '%-32s  %-4s  %-20s    %s',
      columns: [
        { title: '#Broker Name', field: 'brokerName', cell: ({ brokerName }) => brokerName },
        { title: '#QID', field: 'queueId', cell: ({ queueId }) => queueId },
        { title: '#Send Result', field: 'sendResult', cell: ({ sendResult }) => sendResult },
        { title: '#RT', field: 'rtMs', cell: ({ rtMs }) => rtMs },
      ],
      footer: (all) => `Avg RT: ${averageRt(all).toFixed(2)}\n`,
    })
  }
}

/** @throws MQ_CHECK_FAILED at the end, when one failed */
async function* sends(
  messages: MessageAdmin,
  queues: readonly MessageQueue[],
  amount: number,
  body: Buffer,
): AsyncGenerator<Sent> {
  const producer = messages.producer({ retries: 0 })
  const failures: MqError[] = []
  for (let i = 0; i < amount; i++) {
    const { topic, brokerName, queueId } = queues[i % queues.length]!
    const { failure, rtMs } = await timedSend(producer, { topic, body }, { brokerName, queueId })
    if (failure !== null) failures.push(failure)
    yield { brokerName, queueId, sendResult: failure === null, rtMs }
  }
  if (failures.length === 0) return
  throw new MqError(
    'MQ_CHECK_FAILED',
    `${failures.length} of ${amount} sends failed: ${failures[0]!.message}`,
  )
}

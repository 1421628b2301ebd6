import { MqError } from '../../core/errors.ts'
import type { QueueOffset } from '../../core/model/stats.ts'
import { flagKinds, parseTimestamp } from '../../command-line/flag-kinds.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { movesView } from '../../output/moves-view.ts'
import type { View } from '../../output/view.ts'

/** What brokers take for the end of every queue. */
const endOfQueues = -1

type ResetFlags = FlagsOf<typeof ResetOffsetByTime>

export default class ResetOffsetByTime extends MqCommand {
  static override summary = 'Reset consumer offset by timestamp(without client restart).'
  static override description =
    'Moves a group in all queues of a topic to the first message stored at or after a time; with -b and -q in ' +
    'one queue only, there to -o if given. Reads back, and fails when a queue did not move. `resetOffset` says ' +
    'more, and shows first what it would do.'
  static override examples = [
    '$ pocketmq resetOffsetByTime -g billing -t orders -s now',
    '$ pocketmq resetOffsetByTime -g billing -t orders -s 2026-11-23#10:00:00:000',
  ]
  static override flags = {
    group: flagKinds.text({ char: 'g', required: true, description: 'set the consumer group' }),
    topic: flagKinds.text({ char: 't', required: true, description: 'set the topic' }),
    timestamp: flagKinds.text({
      char: 's',
      required: true,
      description: 'set the timestamp: now, epoch ms, yyyy-MM-dd#HH:mm:ss:SSS, or -1: the end',
    }),
    force: flagKinds.bool({ char: 'f', default: true, description: 'set the force rollback by timestamp' }),
    cluster: flagKinds.text({ char: 'c', description: 'cluster name' }),
    broker: flagKinds.text({ char: 'b', description: 'broker addr' }),
    queue: flagKinds.count({ char: 'q', description: 'queue id' }),
    offset: flagKinds.count({ char: 'o', description: 'expect offset, with -b and -q' }),
  }

  protected override async perform(flags: ResetFlags): Promise<View<unknown>> {
    const { group, topic, force } = flags
    if ((flags.broker === undefined) !== (flags.queue === undefined))
      throw new MqError('MQ_USAGE', '-b and -q go together')
    if (flags.offset !== undefined && flags.queue === undefined)
      throw new MqError('MQ_USAGE', '-o needs -b and -q')
    const timestamp = timestampOf(flags.timestamp)
    const times = `timestamp(string)[${flags.timestamp}], timestamp(long)[${timestamp}]`
    if (flags.broker !== undefined) {
      const move = await this.#resetQueue(flags, timestamp)
      const what = `group[${group}], topic[${topic}], queueId[${move.queueId}], broker[${flags.broker}], ${times}`
      return movesView(
        [move],
        `start reset consumer offset by specified, ${what}\nreset consumer offset to ${move.offset}\n`,
        'text',
      )
    }
    const { groups } = await this.connect('read')
    const options = { force, ...(flags.cluster !== undefined && { clusterName: flags.cluster }) }
    const moves = await groups.resetByTime(group, topic, timestamp, options)
    const what = `group[${group}], topic[${topic}], force[${force}], ${times}`
    return movesView(moves, `start reset consumer offset by specified, ${what}\n`, 'rows')
  }

  async #resetQueue(
    { group, topic, broker, queue, offset }: ResetFlags,
    timestamp: number,
  ): Promise<QueueOffset> {
    const { groups, topics, messages } = await this.connect('read')
    const { brokerDatas } = await topics.route(topic)
    const found = brokerDatas.find(({ brokerAddrs }) => Object.values(brokerAddrs).includes(broker!))
    if (found === undefined) throw new MqError('MQ_BROKER_NOT_EXIST', `no broker at ${broker!} has ${topic}`)
    const where = { topic, brokerName: found.brokerName, queueId: queue! }
    const time = timestamp === endOfQueues ? Date.now() : timestamp
    const move = { ...where, offset: offset ?? (await messages.searchOffset(where, time)) }
    await groups.reset(group, [move])
    return move
  }
}

/** Epoch ms, or endOfQueues. @throws MQ_USAGE */
function timestampOf(text: string): number {
  if (text === 'now') return Date.now()
  return text === String(endOfQueues) ? endOfQueues : parseTimestamp(text)
}

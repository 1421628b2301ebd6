import * as Flags from '@oclif/core/flags'
import type { MessageAdmin } from '../../core/client/admin.ts'
import { MqError } from '../../core/errors.ts'
import type { MessageQueue } from '../../core/model/queue.ts'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { parsePosition, type Position } from '../../command-line/position.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { rowsView } from '../../output/rows.ts'
import type { View } from '../../output/view.ts'

/** One queue's move. */
interface Move extends MessageQueue {
  /** Null: the group never consumed there. */
  readonly from: number | null
  readonly offset: number
  /** Messages consumed again; below 0: messages never consumed. */
  readonly replayed: number
}

export default class ResetOffset extends MqCommand {
  static override summary = 'Move a consumer group to a place in a topic.'
  static override description =
    'Prints for each queue where the group was, where it goes, and how many messages it will see again (below 0: ' +
    'skip). --dry-run prints the same and changes nothing. Reads back, and fails when a queue did not move. Members that ' +
    'are connected are told at their next pull.'
  static override examples = [
    '$ pocketmq resetOffset -g billing -t orders --to @-2h --dry-run',
    '$ pocketmq resetOffset -g billing -t orders --to earliest',
    '$ pocketmq resetOffset -g billing -t orders --to 4200 --queue 3',
  ]
  static override flags = {
    group: flagKinds.text({ char: 'g', required: true, description: 'consumer group' }),
    topic: flagKinds.text({ char: 't', required: true, description: 'topic' }),
    to: Flags.string({
      required: true,
      helpValue: 'PLACE',
      description: 'earliest, latest, an offset, -10, @-2h, @2026-11-24T10:00 or @<epoch ms>',
    }),
    brokerName: flagKinds.text({ char: 'b', description: 'only queues of this broker' }),
    queue: flagKinds.count({ char: 'q', description: 'only the queue with this id' }),
    'dry-run': Flags.boolean({ description: 'show it, change nothing' }),
  }

  protected override async perform(flags: FlagsOf<typeof ResetOffset>): Promise<View<unknown>> {
    const { group, topic, brokerName, queue: queueId } = flags
    const to = parsePosition(flags.to, Date.now())
    const { groups, messages } = await this.connect('read')
    const queues = (await messages.queues(topic)).filter(
      (each) =>
        (brokerName === undefined || each.brokerName === brokerName) &&
        (queueId === undefined || each.queueId === queueId),
    )
    if (queues.length === 0) throw new MqError('MQ_QUEUE_NOT_EXIST', `topic ${topic} has no such queue`)
    await groups.configs(group)
    const moves: Move[] = []
    for (const queue of queues) {
      const from = await groups.offset(group, queue)
      const offset = await placeIn(messages, queue, to)
      moves.push({ ...queue, from, offset, replayed: (from ?? 0) - offset })
    }
    if (!flags['dry-run']) await groups.reset(group, moves)
    else this.note('note: nothing was changed; leave --dry-run out to do it')
    return movedView(moves)
  }
}

/** An offset that lies outside of the queue is the end it lies behind. */
async function placeIn(messages: MessageAdmin, queue: MessageQueue, to: Position): Promise<number> {
  const [min, max] = [await messages.minOffset(queue), await messages.maxOffset(queue)]
  switch (to.kind) {
    case 'earliest':
      return min
    case 'latest':
      return max
    case 'last':
      return Math.max(min, max - to.count)
    case 'offset':
      return Math.max(min, Math.min(max, to.offset))
    case 'time':
      return Math.max(min, Math.min(max, await messages.searchOffset(queue, to.time)))
  }
}

function movedView(moves: readonly Move[]): View<Move> {
  return rowsView(moves, {
    fields: ['topic', 'brokerName', 'queueId', 'from', 'offset', 'replayed'],
    id: ({ brokerName, queueId }) => `${brokerName} ${queueId}`,
    header: '%-32s  %-4s  %-20s  %-20s  %s',
    columns: [
      { title: '#Broker Name', field: 'brokerName', cell: ({ brokerName }) => brokerName },
      { title: '#QID', field: 'queueId', cell: ({ queueId }) => queueId },
      { title: '#From', field: 'from', cell: ({ from }) => from ?? '-' },
      { title: '#To', field: 'offset', cell: ({ offset }) => offset },
      { title: '#Replayed', field: 'replayed', cell: ({ replayed }) => replayed },
    ],
  })
}

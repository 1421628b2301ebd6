import { flagKinds } from '../../command-line/flag-kinds.ts'
import * as Flags from '@oclif/core/flags'
import { answering } from '../../input/answering.ts'
import { counted } from '../../input/counted.ts'
import { runJobs } from '../../input/job-queue.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { jobsView } from '../../output/jobs-view.ts'
import type { View } from '../../output/view.ts'

type ReplyFlags = FlagsOf<typeof Reply>

const invisibleMsDefault = 60_000

export default class Reply extends MqCommand {
  static override summary = 'Answer the requests of a topic with what a command prints.'
  static override description =
    'Runs a command for each message of the topic, shared with all others of the group, until it is interrupted ' +
    'or -c requests are answered: the body on stdin, MQ_TOPIC, MQ_KEYS, MQ_TAG, MQ_MSG_ID, MQ_PROPERTY_name … in ' +
    'the environment. With status 0 what it printed is the answer, an empty line if that is nothing; anything else ' +
    'has the request tried again after a second, at last to go to %DLQ%group. A request whose time is over is passed over: ' +
    'nobody waits. A message that asks for no answer is run and acknowledged.\n\n' +
    'Answers `request`, and what producers in any language send as a request.'
  static override examples = [
    '$ pocketmq reply -t prices -g pricing --exec ./price.sh',
    '$ pocketmq reply -t prices -g pricing --exec "tr a-z A-Z" --parallel 4',
    '$ pocketmq reply -t prices -g pricing --exec ./price.sh -c 1 --timeout 30s',
  ]
  static override flags = {
    topic: flagKinds.text({ char: 't', required: true, description: 'topic name' }),
    consumerGroup: flagKinds.text({ char: 'g', required: true, description: 'consumer group name' }),
    exec: Flags.string({
      required: true,
      helpValue: 'COMMAND',
      description: 'run this with sh for each request; what it prints is the answer',
    }),
    MessageNumber: flagKinds.count({
      char: 'c',
      min: 1,
      description: 'end after so many requests; with --timeout: with status 6 when fewer came in time',
    }),
    parallel: flagKinds.count({ min: 1, max: 1000, description: 'runs of --exec at once; default 1' }),
    invisible: flagKinds.duration({
      description: 'hidden from others for so long, renewed while --exec runs; default 60s',
    }),
  }

  /** Jobs that run are waited for, and answered. */
  protected override get endsItself(): boolean {
    return true
  }

  protected override async perform(flags: ReplyFlags): Promise<View<unknown>> {
    const { topic, consumerGroup: group, exec: command, parallel = 1, MessageNumber: count } = flags
    const { invisible: invisibleMs = invisibleMsDefault } = flags
    const { messages, requests } = await this.connect('write')
    await messages.queues(topic)
    const consumer = messages.popConsumer(topic, group, { invisibleMs })
    const countMax = count ?? Infinity
    const withinMs = count === undefined ? null : (this.timeoutMs ?? null)
    const deadline = withinMs === null ? Infinity : Date.now() + withinMs
    const jobs = runJobs(consumer, {
      ...{ command, parallel, batch: 1, invisibleMs, order: false, countMax, follow: true, outputTo: 2 },
      ended: () => this.interrupted.aborted || Date.now() >= deadline,
      answering: answering(requests, invisibleMs, (text) => this.note(text)),
    })
    const { interrupted } = this
    return jobsView(counted(jobs, { countMax, withinMs, interrupted, again: 'after a second' }), 'rows')
  }
}

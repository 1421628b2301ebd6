import * as Flags from '@oclif/core/flags'
import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqError } from '../../core/errors.ts'
import { checkAfterMs } from '../../core/model/transaction.ts'
import { askAll, openOf } from '../../input/transaction-check.ts'
import { MqCommand, type FlagsOf } from '../../mq-command.ts'
import { transactionView } from '../../output/transaction-view.ts'
import type { View } from '../../output/view.ts'

type TransactionFlags = FlagsOf<typeof Transactions>

export default class Transactions extends MqCommand {
  static override summary = 'List messages that are neither committed nor rolled back, or decide about them.'
  static override description =
    'With --exec a command is run for each one that is old enough (--after), as a producer is asked that did not ' +
    'say: the body on stdin, MQ_TOPIC, MQ_KEYS, MQ_TAG, MQ_MSG_ID (the transaction id), MQ_PROPERTY_name … in the ' +
    'environment. Status 0 commits it, 1 rolls it back, anything else says that it is not known yet: it is asked ' +
    'about again half a minute later. With --listen it goes on until it is interrupted.'
  static override examples = [
    '$ pocketmq transactions',
    '$ pocketmq transactions -g PG --json',
    '$ pocketmq transactions --listen -g PG --exec ./decide.sh',
  ]
  static override flags = {
    producerGroup: flagKinds.text({ char: 'g', description: 'those of this producer group' }),
    exec: Flags.string({
      helpValue: 'COMMAND',
      description: 'with -g: run this with sh, its status decides',
    }),
    listen: Flags.boolean({ description: 'with --exec: wait for more' }),
    after: flagKinds.duration({
      description: 'with --exec: leave younger ones to their producer; default 6s',
    }),
  }

  #listens = false

  /** A command that runs is waited for. */
  protected override get endsItself(): boolean {
    return this.#listens
  }

  protected override async perform(flags: TransactionFlags): Promise<View<unknown>> {
    const { producerGroup: group, exec: command, listen, after = checkAfterMs } = flags
    if (command === undefined) {
      if (listen || flags.after !== undefined)
        throw new MqError('MQ_USAGE', '--listen and --after are for --exec')
      const { transactions } = await this.connect('read')
      return transactionView(openOf(transactions, group ?? null))
    }
    if (group === undefined) throw new MqError('MQ_USAGE', '--exec decides for a group: -g is missing')
    this.#listens = true
    const { transactions } = await this.connect('write')
    const ended = (): boolean => this.interrupted.aborted
    const outputTo = this.printsTable ? 1 : 2
    return transactionView(askAll(transactions, { group, command, listen, afterMs: after, ended, outputTo }))
  }
}

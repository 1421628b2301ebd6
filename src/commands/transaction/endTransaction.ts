import * as Args from '@oclif/core/args'
import type { TransactionAdmin } from '../../core/client/transaction-admin.ts'
import { MqError } from '../../core/errors.ts'
import { MqCommand, type ArgsOf } from '../../mq-command.ts'
import { transactionView, type Ended } from '../../output/transaction-view.ts'
import type { View } from '../../output/view.ts'

export default class EndTransaction extends MqCommand {
  static override summary = 'Commit or roll back messages that were sent with --transaction.'
  static override description =
    'Ids are those of `sendMessage --transaction --quiet` or `transactions --quiet`, several with commas between. ' +
    'What is committed is delivered; what is rolled back never is. Each can be decided once: deciding it again ' +
    'is status 1.'
  static override examples = [
    '$ pocketmq endTransaction commit C000020277453158F8B672687B7C0000',
    '$ pocketmq endTransaction rollback $(pocketmq transactions -g PG --quiet | paste -sd,)',
  ]
  static override args = {
    decision: Args.string({ required: true, ignoreStdin: true, description: 'commit or rollback' }),
    ids: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'transaction ids, with commas between',
    }),
  }

  protected override async perform(
    _flags: object,
    { decision, ids }: ArgsOf<typeof EndTransaction>,
  ): Promise<View<unknown>> {
    const word = decision.trim().toLowerCase()
    if (word !== 'commit' && word !== 'rollback')
      throw new MqError('MQ_USAGE', `"${decision}" is not commit or rollback`)
    const wanted = ids.split(',').map((id) => id.trim())
    if (wanted.includes('')) throw new MqError('MQ_USAGE', 'an id is empty')
    const { transactions } = await this.connect('read')
    return transactionView(ended(transactions, word, wanted))
  }
}

async function* ended(
  transactions: TransactionAdmin,
  decision: 'commit' | 'rollback',
  ids: readonly string[],
): AsyncGenerator<Ended> {
  for (const id of ids) {
    const transaction = await transactions.find(id)
    await transactions.end(transaction, decision)
    yield { transaction, outcome: decision }
  }
}

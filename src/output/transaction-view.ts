import type { OpenTransaction } from '../core/client/transaction-admin.ts'
import type { View } from './view.ts'

/** A half message, and what has become of it. */
export interface Ended {
  readonly transaction: OpenTransaction
  /** `late`: it was decided by someone else meanwhile. */
  readonly outcome: 'open' | 'commit' | 'rollback' | 'unknown' | 'late'
}

const fields = [
  ...([
    'transactionId',
    'outcome',
    'producerGroup',
    'topic',
    'brokerName',
    'queueId',
    'tag',
    'keys',
  ] as const),
  ...(['bornTimestamp', 'checkTimes', 'halfOffset', 'commitLogOffset'] as const),
]
const format = '%-32s  %-8s  %-20s  %-20s  %s'

export function transactionView(items: AsyncIterable<Ended>): View<unknown> {
  const view: View<Ended> = {
    shape: 'list',
    items,
    fields,
    toJson: ({ transaction, outcome }) => {
      const { transactionId, producerGroup, checkTimes, message } = transaction
      const { topic, brokerName, queueId, tag, keys, bornTimestamp, commitLogOffset } = message
      return {
        ...{ transactionId, outcome, producerGroup, topic, brokerName, queueId, tag, keys, bornTimestamp },
        ...{ checkTimes, halfOffset: message.queueOffset, commitLogOffset },
      }
    },
    toId: ({ transaction }) => transaction.transactionId,
    table: {
      kind: 'columns',
      headerFormat: format,
      rowFormat: format,
      columns: [
        { title: '#TransactionId', field: 'transactionId', cell: (each) => each.transaction.transactionId },
        { title: '#State', field: 'outcome', cell: ({ outcome }) => outcome },
        { title: '#ProducerGroup', field: 'producerGroup', cell: (each) => each.transaction.producerGroup },
        { title: '#Topic', field: 'topic', cell: ({ transaction }) => transaction.message.topic },
        { title: '#Keys', field: 'keys', cell: ({ transaction }) => transaction.message.keys.join(' ') },
      ],
    },
  }
  return view
}

import type { QueueOffset } from '../core/model/stats.ts'
import { rowsView, textView } from './rows.ts'
import type { View } from './view.ts'

const fields = ['topic', 'brokerName', 'queueId', 'offset'] as const
const id = ({ brokerName, queueId }: QueueOffset): string => `${brokerName} ${queueId}`
const format = '%-40s  %-40s  %-40s'

/** Where a group was put in each queue: rows below `told`, or that text alone; ResetOffsetByTimeCommand. */
export function movesView(
  moves: readonly QueueOffset[],
  told: string,
  as: 'rows' | 'text',
): View<QueueOffset> {
  if (as === 'text') return textView(moves, { fields, id, text: () => told })
  return {
    ...rowsView(moves, {
      fields,
      id,
      header: format,
      columns: [
        { title: '#brokerName', field: 'brokerName', cell: ({ brokerName }) => brokerName },
        { title: '#queueId', field: 'queueId', cell: ({ queueId }) => queueId },
        { title: '#offset', field: 'offset', cell: ({ offset }) => offset },
      ],
    }),
    ...(told !== '' && { intro: told }),
  }
}

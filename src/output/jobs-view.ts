import type { JobOutcome } from '../input/job-queue.ts'
import type { ColumnTable, View } from './view.ts'

const rowFormat = '%-32s  %-8s  %-6s  %s'

const outcomeTable: ColumnTable<JobOutcome> = {
  kind: 'columns',
  headerFormat: rowFormat,
  rowFormat,
  columns: [
    { title: '#MsgId', field: 'msgId', cell: ({ message }) => message.msgId },
    { title: '#Outcome', field: 'outcome', cell: ({ outcome }) => outcome },
    { title: '#Status', field: 'status', cell: ({ status }) => status ?? '' },
    { title: '#ReconsumeTimes', field: 'reconsumeTimes', cell: ({ message }) => message.reconsumeTimes },
  ],
}

/** What became of jobs. @param person null: sees what the jobs print; else a row for each of them */
export function jobsView(items: AsyncIterable<JobOutcome>, person: 'rows' | null): View<JobOutcome> {
  return {
    shape: 'list',
    items,
    fields: ['msgId', 'queueId', 'queueOffset', 'reconsumeTimes', 'outcome', 'status'],
    toJson: ({ message, outcome, status }) => {
      const { msgId, queueId, queueOffset, reconsumeTimes } = message
      return { msgId, queueId, queueOffset, reconsumeTimes, outcome, status }
    },
    toId: ({ message }) => message.msgId,
    table: person === 'rows' ? outcomeTable : { kind: 'text', item: () => '' },
  }
}

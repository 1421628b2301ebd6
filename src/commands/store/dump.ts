import { flagKinds } from '../../command-line/flag-kinds.ts'
import { MqError } from '../../core/errors.ts'
import type { FlagsOf } from '../../mq-command.ts'
import { javaText } from '../../output/java-text.ts'
import { StoreCommand } from '../../store-command.ts'
import type { JsonObject } from '../../output/json.ts'
import type { View } from '../../output/view.ts'

const fields = [
  'kind',
  'offset',
  'size',
  'version',
  'topic',
  'queueId',
  'queueOffset',
  'tag',
  'keys',
  'uniqueKey',
  'sysFlag',
  'bornTimestamp',
  'storeTimestamp',
  'storeHost',
  'bornHost',
  'preparedTransactionOffset',
  'bodySize',
  'crc',
  'why',
]

export default class StoreDump extends StoreCommand {
  static override summary = 'List the records of a log as they stand there.'
  static override description =
    'Every record has been checked; damaged parts are listed with their reason. Half messages and others ' +
    'that no consumer sees are shown as well.'
  static override examples = [
    '$ pocketmq store dump --store ./data --to 65536',
    '$ pocketmq store dump --output ndjson | jq -c .topic | sort | uniq -c',
  ]
  static override flags = {
    from: flagKinds.count({ description: 'log offset to begin at; default the begin of the log' }),
    to: flagKinds.count({ description: 'log offset to stop at; default the end of the log' }),
  }

  protected override perform({ from, to }: FlagsOf<typeof StoreDump>): Promise<View<unknown>> {
    if (from !== undefined && to !== undefined && to < from) {
      throw new MqError('MQ_USAGE', `--to ${to} lies before --from ${from}`)
    }
    const range = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
    return this.maintain(null, (maintenance) => Promise.resolve(dumpView(maintenance.dump(range), this.utc)))
  }
}

/** An entry as the maintenance gives it, in the fields of its JSON. */
type Entry = JsonObject & { readonly kind: string; readonly offset: number; readonly size: number }

function dumpView(items: AsyncIterable<Entry>, utc: boolean): View<Entry> {
  const text = (field: string) => (entry: Entry) => {
    const value = entry[field]
    return typeof value === 'string' || typeof value === 'number' ? value : null
  }
  const column = (title: string, field: string, cell = text(field)) => ({ title, field, cell })
  return {
    shape: 'list',
    items,
    fields,
    toJson: (entry) => ({ ...entry }),
    toId: ({ offset }) => String(offset),
    table: {
      kind: 'columns',
      headerFormat: '%-14s  %-8s  %-32s  %-4s  %-10s  %-23s  %-6s  %s',
      rowFormat: '%-14s  %-8s  %-32s  %-4s  %-10s  %-23s  %-6s  %s',
      columns: [
        column('#Offset', 'offset'),
        column('#Size', 'size'),
        column('#Topic', 'topic', (entry) => text('topic')(entry) ?? `DAMAGED: ${text('why')(entry)}`),
        column('#QID', 'queueId'),
        column('#QueueOffset', 'queueOffset'),
        column('#StoreTime', 'storeTimestamp', ({ storeTimestamp }) =>
          typeof storeTimestamp === 'number' ? javaText.localTime(storeTimestamp, utc) : null,
        ),
        column('#CRC', 'crc'),
        column('#Keys', 'keys', ({ keys }) => (Array.isArray(keys) ? keys.join(' ') : null)),
      ],
    },
  }
}

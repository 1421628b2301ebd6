import { MqError } from '../../core/errors.ts'
import { StoreCommand } from '../../store-command.ts'
import type { View } from '../../output/view.ts'

export default class StoreVerify extends StoreCommand {
  static override summary = 'Check a folder: log, index and state, without changing anything.'
  static override description =
    'Reads every record and compares the index with what the log says. Exit status 7 when something is wrong. ' +
    "Of a RocketMQ broker's folder the log and the configuration are checked."
  static override examples = ['$ pocketmq store verify --store ./data', '$ pocketmq store verify --json']

  protected override async perform(): Promise<View<unknown>> {
    const report = await this.maintain('verifying', (maintenance) => maintenance.verify())
    const view: View<typeof report> = {
      shape: 'one',
      items: [report],
      fields: ['ok', 'segments', 'records', 'queues', 'logBegin', 'logEnd', 'problemCount', 'problems'],
      toJson: ({ problems, ...rest }) => ({ ...rest, problems: problems.map((each) => ({ ...each })) }),
      toId: ({ ok }) => (ok ? 'ok' : null),
      table: { kind: 'text', item: verifyText },
    }
    if (report.ok) return view
    const error = new MqError('MQ_CHECK_FAILED', `${report.problemCount} problems in ${this.folder}`, {
      hint: 'copy the folder; `store rebuild` mends an index, damaged records are passed over and stay lost',
    })
    return { ...view, until: Promise.reject(error) }
  }
}

interface Report {
  readonly ok: boolean
  readonly segments: number
  readonly records: number
  readonly queues: number
  readonly problemCount: number
  readonly problems: readonly {
    readonly part: string
    readonly offset: number | null
    readonly message: string
  }[]
}

function verifyText({ ok, segments, records, queues, problems, problemCount }: Report): string {
  const lines = problems.map(({ part, offset, message }) =>
    offset === null ? `${part}: ${message}` : `${part} at ${offset}: ${message}`,
  )
  if (problemCount > problems.length) lines.push(`and ${problemCount - problems.length} more`)
  const summary = `${records} records in ${segments} segments, ${queues} queues`
  return [...lines, `${summary}: ${ok ? 'ok' : `${problemCount} problems`}`, ''].join('\n')
}

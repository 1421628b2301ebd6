import { clientNames, type ClientName } from './drivers.ts'
import { features } from './features.ts'

export type Outcome = 'pass' | 'fail' | 'unsupported'

/** docs/clients.md. */
export function clientsMarkdown(outcomes: ReadonlyMap<string, ReadonlyMap<ClientName, Outcome>>): string {
  const lines = [
    '# Clients',
    '',
    "What Apache RocketMQ's own clients, unmodified, do with `pocketmq serve`. Written by `npm run test:interop`, which",
    'runs each feature with each client and fails when this page says something else. `unsupported`: the client has no',
    'such thing.',
    '',
  ]
  for (const [area, rows] of Object.entries(features)) {
    lines.push(
      `## ${area}`,
      '',
      `| | ${clientNames.join(' | ')} |`,
      `|---${'|---'.repeat(clientNames.length)}|`,
    )
    for (const { name } of rows) {
      const cells = clientNames.map((client) => outcomes.get(name)?.get(client) ?? 'not run')
      lines.push(`| ${name} | ${cells.join(' | ')} |`)
    }
    lines.push('')
    for (const { name, note } of rows) if (note !== undefined) lines.push(`- ${name}: ${note}.`)
    if (lines.at(-1) !== '') lines.push('')
  }
  return lines.join('\n')
}

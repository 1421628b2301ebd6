import { requestNames, requestSpec, type RequestName } from '../src/core/remoting/requests/index.ts'
import type { AnyBody, Field, Fields, RequestSpec } from '../src/core/remoting/schema.ts'

const receivers = { broker: 'a broker', namesrv: 'a name server', client: 'a client' } as const
const types = { str: 'text', i32: 'int32', i64: 'int64', bool: 'boolean' } as const

/** docs/protocol.md, from the request table. */
export function protocolMarkdown(): string {
  const names = [...requestNames].sort((a, b) => requestSpec(a).code - requestSpec(b).code)
  return `${[
    '# The requests of the Remoting protocol',
    [
      'Generated from the request table, `src/core/remoting/requests`, by `npm run docs`; do not edit. Every request',
      'that pocketmq sends or answers is here. Frames and headers are those of Apache RocketMQ: ext fields travel as',
      'text, `int64` beyond ±(2⁵³ − 1) is read as that bound, unknown fields are ignored. *ro* requests change nothing,',
      '*rw* ones do.',
    ].join('\n'),
    overview(names),
    ...names.map((name) => section(name, requestSpec(name))),
  ].join('\n\n')}\n`
}

function overview(names: readonly RequestName[]): string {
  const rows = names.map((name) => {
    const { code, to, impact, about } = requestSpec(name)
    return [String(code), `[${name}](#${name.toLowerCase()})`, receivers[to], impact, about]
  })
  return table(['code', 'request', 'to', 'impact', 'about'], rows)
}

function section(name: RequestName, spec: RequestSpec): string {
  const { code, to, impact, about, header, body, reply } = spec
  const parts = [`## ${name}`, `Code ${code}, to ${receivers[to]}, ${impact}. ${about}`]
  parts.push(...fieldTable('Header', header), ...bodyLine('Body', body))
  parts.push(...fieldTable('Answer header', reply.header ?? {}), ...bodyLine('Answer body', reply.body))
  return parts.join('\n\n')
}

function fieldTable(title: string, fields: Fields): string[] {
  const rows = Object.entries(fields).map(([name, field]) => fieldRow(name, field))
  if (rows.length === 0) return []
  return [`${title}:`, table(['field', 'on the wire', 'type', 'optional', 'meaning'], rows)]
}

function fieldRow(name: string, { wireName, kind, required, about }: Field): string[] {
  return [`\`${name}\``, `\`${wireName ?? name}\``, types[kind], required ? '' : 'yes', about]
}

function bodyLine(title: string, body: AnyBody | undefined): string[] {
  return body === undefined ? [] : [`${title}: ${body.about}.`]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|')
}

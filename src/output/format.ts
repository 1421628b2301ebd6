import { MqError } from '../core/errors.ts'

export type Format =
  | { readonly kind: 'table' | 'wide' | 'json' | 'ndjson' | 'quiet' }
  | { readonly kind: 'template'; readonly template: string }

const words = ['table', 'wide', 'json', 'ndjson'] as const
const templatePrefix = 'template='

export const formatWords = `${words.join('|')}|${templatePrefix}…`

/** True for what `-o` takes as a format; any other value is mqadmin's own `-o`. */
export function isFormatWord(value: string): boolean {
  return (words as readonly string[]).includes(value) || value.startsWith(templatePrefix)
}

/** The one format asked for. @throws MQ_USAGE */
export function chooseFormat(flags: { output?: string; json?: boolean; quiet?: boolean }): Format {
  const asked: Format[] = []
  if (flags.output !== undefined) asked.push(parseFormat(flags.output))
  if (flags.json === true) asked.push({ kind: 'json' })
  if (flags.quiet === true) asked.push({ kind: 'quiet' })
  const kinds = new Set(asked.map((format) => format.kind))
  if (kinds.size > 1) {
    throw new MqError('MQ_USAGE', 'more than one format asked for', {
      hint: 'give one of --output, --json and --quiet',
    })
  }
  return asked[0] ?? { kind: 'table' }
}

function parseFormat(value: string): Format {
  if (value.startsWith(templatePrefix)) {
    return { kind: 'template', template: value.slice(templatePrefix.length) }
  }
  const word = words.find((known) => known === value)
  if (word === undefined) {
    throw new MqError('MQ_USAGE', `unknown format "${value}"`, { hint: `formats: ${formatWords}` })
  }
  return { kind: word }
}

import { MqError } from '../core/errors.ts'
import { plainText } from './columns.ts'
import type { Json, JsonObject } from './json.ts'

export type Template = (item: JsonObject) => string

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '0': '\0',
  '\\': '\\',
  '{': '{',
  '}': '}',
}

/**
 * Reads `{topic} {properties.a}\n`: dotted paths in braces, and the escapes \n \t \r \0 \\ \{ \}. What an
 * item lacks prints as nothing; a first name that no item can have is an error.
 * @throws MQ_USAGE
 */
export function compileTemplate(source: string, fields: readonly string[]): Template {
  const pieces: (string | readonly string[])[] = []
  let text = ''
  for (let at = 0; at < source.length; at++) {
    const char = source[at]!
    if (char === '\\') {
      text += unescape(source, ++at)
    } else if (char === '{') {
      const end = source.indexOf('}', at)
      if (end === -1) throw badTemplate(source, 'a "{" without its "}"', fields)
      pieces.push(text, pathOf(source.slice(at + 1, end).trim(), source, fields))
      text = ''
      at = end
    } else {
      text += char
    }
  }
  pieces.push(text)
  return (item) => pieces.map((piece) => (typeof piece === 'string' ? piece : valueAt(item, piece))).join('')
}

function unescape(source: string, at: number): string {
  const char = source[at]
  const text = char === undefined ? undefined : escapes[char]
  if (text === undefined) throw badTemplate(source, `unknown escape "\\${char ?? ''}"`, [])
  return text
}

/** `properties.a.b`: a property may have dots in its name, so valueAt tries the whole rest first. */
function pathOf(path: string, source: string, fields: readonly string[]): readonly string[] {
  const [first = ''] = path.split('.', 1)
  if (!fields.includes(first)) throw badTemplate(source, `no field "${first}"`, fields)
  return path.split('.')
}

function valueAt(item: JsonObject, path: readonly string[]): string {
  let value: Json | undefined = item
  for (let i = 0; i < path.length; i++) {
    if (typeof value !== 'object' || value === null) return ''
    const holder: JsonObject = value as JsonObject
    const rest = path.slice(i).join('.')
    if (Object.hasOwn(holder, rest)) return plainText(holder[rest])
    value = Object.hasOwn(holder, path[i]!) ? holder[path[i]!] : undefined
  }
  return plainText(value)
}

function badTemplate(source: string, why: string, fields: readonly string[]): MqError {
  const hint =
    fields.length === 0
      ? 'escapes: \\n \\t \\r \\0 \\\\ \\{ \\}'
      : `write {field} or {field.part}; fields: ${fields.join(', ')}`
  return new MqError('MQ_USAGE', `template "${source}": ${why}`, { hint })
}

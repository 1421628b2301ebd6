import type { CommandHeader, ExtFields } from './frame.ts'
import type { FrameWriter } from './frame-writer.ts'
import type { HeaderPlan } from './header-plan.ts'
import type { Fields, HeaderOf } from './schema.ts'

/** The JSON header, keys in the alphabetical order Java writes them. */
export function encodeJsonHeader(header: CommandHeader): Buffer {
  return Buffer.from(
    JSON.stringify({
      code: header.code,
      ...(isEmpty(header.ext) ? {} : { extFields: header.ext }),
      flag: header.flag,
      language: header.language,
      opaque: header.opaque,
      ...(header.remark === null ? {} : { remark: header.remark }),
      serializeTypeCurrentRPC: 'JSON',
      version: header.version,
    }),
  )
}

function isEmpty(ext: ExtFields): boolean {
  for (const _name in ext) return false
  return true
}

/** The same, written where it goes. @param plan writes `values` as ext fields; null: there are none */
export function writeJsonHeader(
  out: FrameWriter,
  { code, language, version, opaque, flag, remark }: Omit<CommandHeader, 'ext'>,
  plan: HeaderPlan<Fields> | null,
  values: HeaderOf<Fields>,
): void {
  out.putText(`{"code":${code}`)
  if (plan !== null) {
    const extAt = out.at
    out.putText(',"extFields":{')
    const fieldsAt = out.at
    plan.writeJson(out, values)
    if (out.at === fieldsAt) out.at = extAt
    else out.putText('}')
  }
  out.putText(`,"flag":${flag},"language":"${language}","opaque":${opaque}`)
  if (remark !== null) {
    out.putText(',"remark":"')
    out.putJsonText(remark)
    out.putText('"')
  }
  out.putText(`,"serializeTypeCurrentRPC":"JSON","version":${version}}`)
}

/** A header whose ext fields are as they were parsed: of any type, and with a prototype. */
export interface JsonHeader extends Omit<CommandHeader, 'ext'> {
  readonly parsedExt: ParsedExt
}

/** Ask it only for names of the table. */
export type ParsedExt = Readonly<Record<string, unknown>>

const noExt: ParsedExt = Object.freeze({})

/** Only `code` and `opaque` are indispensable (measured on 5.5.0). @throws SyntaxError, TypeError */
export function decodeJsonHeader(source: Buffer, at: number, end: number): JsonHeader {
  const parsed = JSON.parse(source.toString('utf8', at, end)) as Record<string, unknown> | null
  if (typeof parsed !== 'object' || parsed === null) throw new TypeError('not an object')
  const ext = parsed['extFields']
  return {
    code: integer(parsed['code'], 'code'),
    language: typeof parsed['language'] === 'string' ? parsed['language'] : 'OTHER',
    version: integer(parsed['version'] ?? 0, 'version'),
    opaque: integer(parsed['opaque'], 'opaque'),
    flag: integer(parsed['flag'] ?? 0, 'flag'),
    remark: typeof parsed['remark'] === 'string' ? parsed['remark'] : null,
    parsedExt: typeof ext === 'object' && ext !== null ? (ext as ParsedExt) : noExt,
  }
}

function integer(value: unknown, name: string): number {
  if (typeof value !== 'number' || value !== (value | 0)) throw new TypeError(`${name} is no 32-bit integer`)
  return value
}

/** All of them as text. */
export function extFieldsOfParsed(parsed: ParsedExt): ExtFields {
  const fields = Object.create(null) as ExtFields
  for (const [name, value] of Object.entries(parsed)) {
    const text = extText(value)
    if (text !== undefined) fields[name] = text
  }
  return fields
}

/** The text of a parsed ext field; undefined: it counts as absent. */
export function extText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

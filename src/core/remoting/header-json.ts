import type { CommandHeader, ExtFields } from './frame.ts'

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

/** Only `code` and `opaque` are indispensable (measured on 5.5.0). @throws SyntaxError, TypeError */
export function decodeJsonHeader(source: Buffer, at: number, end: number): CommandHeader {
  const parsed = JSON.parse(source.toString('utf8', at, end)) as Record<string, unknown> | null
  if (typeof parsed !== 'object' || parsed === null) throw new TypeError('not an object')
  return {
    code: integer(parsed['code'], 'code'),
    language: typeof parsed['language'] === 'string' ? parsed['language'] : 'OTHER',
    version: integer(parsed['version'] ?? 0, 'version'),
    opaque: integer(parsed['opaque'], 'opaque'),
    flag: integer(parsed['flag'] ?? 0, 'flag'),
    remark: typeof parsed['remark'] === 'string' ? parsed['remark'] : null,
    ext: extFields(parsed['extFields']),
  }
}

function integer(value: unknown, name: string): number {
  if (typeof value !== 'number' || value !== (value | 0)) throw new TypeError(`${name} is no 32-bit integer`)
  return value
}

function extFields(value: unknown): ExtFields {
  const fields = Object.create(null) as ExtFields
  if (typeof value !== 'object' || value === null) return fields
  for (const [name, text] of Object.entries(value)) {
    if (typeof text === 'string') fields[name] = text
    else if (typeof text === 'number' || typeof text === 'boolean') fields[name] = String(text)
  }
  return fields
}

import type { CommandHeader, ExtFields } from './frame.ts'
import type { FrameWriter } from './frame-writer.ts'
import type { HeaderPlan } from './header-plan.ts'
import { languageCode, languageName } from './languages.ts'
import type { Fields, HeaderOf } from './schema.ts'

/**
 * RocketMQSerializable: code i16 | language u8 | version i16 | opaque i32 | flag i32 | remark length i32,
 * remark | ext length i32, then entries of key length i16, key, value length i32, value.
 */
const fixedSize = 2 + 1 + 2 + 4 + 4

/** @throws RangeError for a code beyond 16 bits: the POP family cannot travel in binary headers. */
export function encodeBinaryHeader(header: CommandHeader): Buffer {
  if (header.code > 32767) throw new RangeError(`code ${header.code} does not fit a binary header`)
  const remark = header.remark ?? ''
  const remarkSize = Buffer.byteLength(remark)
  let extSize = 0
  for (const name in header.ext) {
    extSize += 2 + Buffer.byteLength(name) + 4 + Buffer.byteLength(header.ext[name]!)
  }
  const bytes = Buffer.allocUnsafe(fixedSize + 4 + remarkSize + 4 + extSize)
  bytes.writeInt16BE(header.code, 0)
  bytes.writeUInt8(languageCode(header.language), 2)
  bytes.writeInt16BE(header.version, 3)
  bytes.writeInt32BE(header.opaque, 5)
  bytes.writeInt32BE(header.flag, 9)
  bytes.writeInt32BE(remarkSize, 13)
  let at = 17 + bytes.write(remark, 17)
  at = bytes.writeInt32BE(extSize, at)
  for (const name in header.ext) {
    const nameSize = bytes.write(name, at + 2)
    bytes.writeInt16BE(nameSize, at)
    at += 2 + nameSize
    const valueSize = bytes.write(header.ext[name]!, at + 4)
    bytes.writeInt32BE(valueSize, at)
    at += 4 + valueSize
  }
  return bytes
}

/** The same, written where it goes. @param plan writes `values` as ext fields; null: there are none */
export function writeBinaryHeader(
  out: FrameWriter,
  header: Omit<CommandHeader, 'ext'>,
  plan: HeaderPlan<Fields> | null,
  values: HeaderOf<Fields>,
): void {
  const { code, version } = header
  out.putI32((code << 16) | (languageCode(header.language) << 8) | ((version >> 8) & 0xff))
  out.putI8(version)
  out.putI32(header.opaque)
  out.putI32(header.flag)
  const remarkSizeAt = out.at
  out.putI32(0)
  out.putText(header.remark ?? '')
  out.setI32(remarkSizeAt, out.at - remarkSizeAt - 4)
  const extSizeAt = out.at
  out.putI32(0)
  plan?.writeBinary(out, values)
  out.setI32(extSizeAt, out.at - extSizeAt - 4)
}

/** Where the ext fields of a binary header lie, and what stands before them. */
export interface BinaryHeader extends Omit<CommandHeader, 'ext'> {
  readonly extAt: number
  readonly extEnd: number
}

/** @throws RangeError when a length points outside of the header */
export function decodeBinaryHeader(source: Buffer, at: number, end: number): BinaryHeader {
  if (end - at < fixedSize + 8) throw new RangeError('too short')
  const remarkSize = length(source.readInt32BE(at + 13), at + 17, end)
  const extSizeAt = at + 17 + remarkSize
  if (extSizeAt + 4 > end) throw new RangeError('too short')
  const extSize = length(source.readInt32BE(extSizeAt), extSizeAt + 4, end)
  const extAt = extSizeAt + 4
  checkExtFields(source, extAt, extAt + extSize)
  return {
    code: source.readInt16BE(at),
    language: languageName(source.readUInt8(at + 2)),
    version: source.readInt16BE(at + 3),
    opaque: source.readInt32BE(at + 5),
    flag: source.readInt32BE(at + 9),
    remark: remarkSize === 0 ? null : source.toString('utf8', at + 17, extSizeAt),
    extAt,
    extEnd: extAt + extSize,
  }
}

/** @throws RangeError */
function checkExtFields(source: Buffer, start: number, end: number): void {
  for (let at = start; at < end;) {
    if (at + 2 > end) throw new RangeError('too short')
    const valueSizeAt = at + 2 + length(source.readInt16BE(at), at + 2, end)
    if (valueSizeAt + 4 > end) throw new RangeError('too short')
    at = valueSizeAt + 4 + length(source.readInt32BE(valueSizeAt), valueSizeAt + 4, end)
  }
}

function length(value: number, from: number, end: number): number {
  if (value < 0 || from + value > end) throw new RangeError(`length ${value} does not fit`)
  return value
}

/** Steps through the ext fields of a header that was decoded, without making anything of them. */
export class ExtEntries {
  nameAt = 0
  nameEnd = 0
  valueAt = 0
  valueEnd: number
  readonly #source: Buffer
  readonly #end: number

  constructor(source: Buffer, at: number, end: number) {
    this.#source = source
    this.#end = end
    this.valueEnd = at
  }

  /** @returns false behind the last one */
  next(): boolean {
    const at = this.valueEnd
    if (at >= this.#end) return false
    this.nameAt = at + 2
    this.nameEnd = at + 2 + this.#source.readInt16BE(at)
    this.valueAt = this.nameEnd + 4
    this.valueEnd = this.valueAt + this.#source.readInt32BE(this.nameEnd)
    return true
  }
}

/** All of them as text. */
export function extFieldsOf(source: Buffer, at: number, end: number): ExtFields {
  const fields = Object.create(null) as ExtFields
  const entries = new ExtEntries(source, at, end)
  while (entries.next()) {
    const name = source.toString('utf8', entries.nameAt, entries.nameEnd)
    fields[name] = source.toString('utf8', entries.valueAt, entries.valueEnd)
  }
  return fields
}

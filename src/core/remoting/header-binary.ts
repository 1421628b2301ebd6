import type { CommandHeader, ExtFields } from './frame.ts'
import { languageCode, languageName } from './languages.ts'

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

/** @throws RangeError when a length points outside of the header */
export function decodeBinaryHeader(source: Buffer, at: number, end: number): CommandHeader {
  if (end - at < fixedSize + 8) throw new RangeError('too short')
  const remarkSize = length(source.readInt32BE(at + 13), at + 17, end)
  const extSizeAt = at + 17 + remarkSize
  if (extSizeAt + 4 > end) throw new RangeError('too short')
  const extSize = length(source.readInt32BE(extSizeAt), extSizeAt + 4, end)
  return {
    code: source.readInt16BE(at),
    language: languageName(source.readUInt8(at + 2)),
    version: source.readInt16BE(at + 3),
    opaque: source.readInt32BE(at + 5),
    flag: source.readInt32BE(at + 9),
    remark: remarkSize === 0 ? null : source.toString('utf8', at + 17, extSizeAt),
    ext: extFields(source, extSizeAt + 4, extSizeAt + 4 + extSize),
  }
}

function extFields(source: Buffer, start: number, end: number): ExtFields {
  const fields = Object.create(null) as ExtFields
  let at = start
  while (at < end) {
    if (at + 2 > end) throw new RangeError('too short')
    const nameSize = length(source.readInt16BE(at), at + 2, end)
    const valueSizeAt = at + 2 + nameSize
    if (valueSizeAt + 4 > end) throw new RangeError('too short')
    const valueSize = length(source.readInt32BE(valueSizeAt), valueSizeAt + 4, end)
    const valueAt = valueSizeAt + 4
    fields[source.toString('utf8', at + 2, valueSizeAt)] = source.toString(
      'utf8',
      valueAt,
      valueAt + valueSize,
    )
    at = valueAt + valueSize
  }
  return fields
}

function length(value: number, from: number, end: number): number {
  if (value < 0 || from + value > end) throw new RangeError(`length ${value} does not fit`)
  return value
}

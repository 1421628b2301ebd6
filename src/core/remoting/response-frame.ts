import { ourVersion } from '../model/versions.ts'
import type { EncodedAnswer } from './codec.ts'
import { CommandFlag, encodeFrame, type Command, type SerializeType } from './frame.ts'
import { ourLanguage } from './languages.ts'

/** An answer, in the serialize type it was asked in. */
export function responseFrame(command: Command, encoded: EncodedAnswer): Buffer {
  return encodeFrame({
    ...encoded,
    serializeType: responseType(command.serializeType, encoded.code),
    language: ourLanguage,
    version: ourVersion,
    opaque: command.opaque,
    flag: CommandFlag.response,
  })
}

/** Codes beyond 16 bits do not fit a binary header. */
function responseType(asked: SerializeType, code: number): SerializeType {
  return code > 32767 ? 'json' : asked
}

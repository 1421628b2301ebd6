import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  encodeFrame,
  type Command,
  type ExtFields,
  type SerializeType,
} from '../../src/core/remoting/frame.ts'
import { requestNames, requestSpec } from '../../src/core/remoting/requests/index.ts'
import type { Field, RequestSpec } from '../../src/core/remoting/schema.ts'

/** Requests of real 5.5.0 clients in both codecs, and one of each row of the table. */
export function requestCorpus(): Buffer[] {
  return [...recordedRequests('json'), ...recordedRequests('binary'), ...tableRequests()]
}

export function recordedRequests(name: SerializeType): Buffer[] {
  const lines = readFileSync(join(import.meta.dirname, '../golden/wire', `${name}.ndjson`), 'utf8').trimEnd()
  return lines
    .split('\n')
    .map((line) => Buffer.from((JSON.parse(line) as { request: string }).request, 'hex'))
}

const command: Omit<Command, 'code' | 'ext' | 'body' | 'serializeType'> = {
  language: 'JAVA',
  version: 513,
  opaque: 1,
  flag: 0,
  remark: null,
}

function tableRequests(): Buffer[] {
  return requestNames.map(requestSpec).flatMap((spec) => {
    // codes beyond 16 bits do not fit a binary header
    const types = spec.code > 32767 ? (['json'] as const) : (['json', 'binary'] as const)
    return types.map((serializeType) =>
      encodeFrame({ ...command, serializeType, code: spec.code, ext: extOf(spec), body: bodyOf(spec) }),
    )
  })
}

function extOf({ header }: RequestSpec): ExtFields {
  return Object.fromEntries(
    Object.entries(header).map(([name, field]) => [field.wireName ?? name, valueOf(name, field)]),
  )
}

/** Of topics and groups that the recorded ones name, so that some of it is there. */
function valueOf(name: string, { kind }: Field): string {
  if (kind === 'bool') return 'false'
  if (kind !== 'str') return '1'
  if (/topic/i.test(name)) return 'WireT'
  return /group/i.test(name) ? 'WireG' : 'wire'
}

function bodyOf({ body }: RequestSpec): Buffer {
  if (body === undefined) return Buffer.alloc(0)
  return Buffer.from(body.requestSizeMax === undefined ? 'bytes' : '{"clientID":"c","a":[{"b":1}]}')
}

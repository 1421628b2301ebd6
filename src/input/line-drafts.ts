import type { Readable } from 'node:stream'
import { draftsOf, type Drafts } from './draft.ts'
import { readLines } from './lines.ts'
import type { Defaults } from './ndjson-drafts.ts'

/**
 * One message a line, or what another delimiter ends, its bytes as they are. RocketMQ has no empty messages:
 * empty lines are left out.
 */
export function lineDrafts(stream: Readable, defaults: Defaults, delimiter?: number): Drafts {
  const { later, ...message } = defaults
  return draftsOf(readLines(stream, delimiter), ({ number: line, bytes }) =>
    bytes.length === 0 ? null : { line, message: { ...message, ...later, body: bytes } },
  )
}

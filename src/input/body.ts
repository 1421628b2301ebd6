import type { Readable } from 'node:stream'
import { readWhole } from './lines.ts'

/** A body that is `-` comes from stdin, whole. */
const stdinMark = '-'

/** The body of one message as the command line has it. */
export async function bodyOf(text: string, stdin: () => Readable): Promise<Buffer> {
  return text === stdinMark ? readWhole(stdin()) : Buffer.from(text)
}

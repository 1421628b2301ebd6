import { MqError } from '../../errors.ts'
import { javaHash } from '../../lib/hash.ts'
import { parseTags } from '../../model/tag-expression.ts'

/** Decides on an index entry alone, by its tag's hash; the client compares the text again. */
export type EntryFilter = (tagsCode: number) => boolean

export const everyEntry: EntryFilter = () => true

/** A message without tag matches no list. @throws MQ_SUBSCRIPTION_PARSE_FAILED */
export function tagFilter(expression: string): EntryFilter {
  const tags = parseTags(expression)
  if (tags === null) return everyEntry
  if (tags.length === 0) throw new MqError('MQ_SUBSCRIPTION_PARSE_FAILED', `no tag in: ${expression}`)
  const hashes = new Set(tags.map(javaHash))
  return (tagsCode) => hashes.has(tagsCode | 0)
}

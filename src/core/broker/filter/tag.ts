import { javaHash } from '../../lib/hash.ts'
import { MqError } from '../../errors.ts'

/** Decides on an index entry alone, by its tag's hash; the client compares the text again. */
export type EntryFilter = (tagsCode: number) => boolean

export const everyEntry: EntryFilter = () => true

/**
 * A TAG expression: `*` or blank is all, else tags joined with `||` (FilterAPI.buildSubscriptionData). A
 * message without tag matches no list.
 * @throws MQ_SUBSCRIPTION_PARSE_FAILED
 */
export function tagFilter(expression: string): EntryFilter {
  const tags = parseTags(expression)
  if (tags === null) return everyEntry
  const hashes = new Set(tags.map(javaHash))
  return (tagsCode) => hashes.has(tagsCode | 0)
}

/** The tags of an expression, or null for all. @throws MQ_SUBSCRIPTION_PARSE_FAILED */
export function parseTags(expression: string): string[] | null {
  const text = expression.trim()
  if (text === '' || text === '*') return null
  const tags = text.split('||').map((tag) => tag.trim())
  const named = tags.filter((tag) => tag !== '')
  if (named.length === 0) throw new MqError('MQ_SUBSCRIPTION_PARSE_FAILED', `no tag in: ${expression}`)
  return named
}

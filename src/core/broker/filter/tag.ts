import { MqError } from '../../errors.ts'
import { javaHash } from '../../lib/hash.ts'
import { parseTags } from '../../model/tag-expression.ts'
import { everyMessage, type MessageFilter } from './message-filter.ts'

/**
 * Decides on an index entry alone, by its tag's hash; the client compares the text again. A message without
 * tag matches no list.
 * @throws MQ_SUBSCRIPTION_PARSE_FAILED
 */
export function tagFilter(expression: string): MessageFilter {
  const tags = parseTags(expression)
  if (tags === null) return everyMessage
  if (tags.length === 0) throw new MqError('MQ_SUBSCRIPTION_PARSE_FAILED', `no tag in: ${expression}`)
  const hashes = new Set(tags.map(javaHash))
  return { entry: (tagsCode) => hashes.has(tagsCode | 0), record: null }
}

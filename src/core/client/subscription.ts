import { javaHash } from '../lib/hash.ts'
import type { Subscription } from '../model/client-data.ts'
import { parseTags } from '../model/tag-expression.ts'

/** One by tags; FilterAPI.buildSubscriptionData. */
export function tagSubscription(topic: string, subString: string, subVersion: number): Subscription {
  const tagsSet = parseTags(subString) ?? []
  return {
    topic,
    subString: tagsSet.length === 0 ? '*' : subString,
    expressionType: 'TAG',
    tagsSet,
    codeSet: tagsSet.map(javaHash),
    subVersion,
    classFilterMode: false,
  }
}

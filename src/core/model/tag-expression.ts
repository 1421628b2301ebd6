/**
 * The tags of a TAG expression, or null for all: `*` or blank is all, else tags joined with `||`. No tag at
 * all (`||`) is no expression: FilterAPI.buildSubscriptionData refuses it.
 */
export function parseTags(expression: string): string[] | null {
  const text = expression.trim()
  if (text === '' || text === '*') return null
  const tags = text.split('||').map((tag) => tag.trim())
  return tags.filter((tag) => tag !== '')
}

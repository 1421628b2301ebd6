/** How long a key is remembered unless its message says otherwise. */
export const dedupWindowMsDefault = 300_000

/** Under which a message with a key of its own kind is indexed: no word of KEYS has a blank. */
export function dedupIndexKey(key: string): string {
  return `DEDUP_KEY ${key}`
}

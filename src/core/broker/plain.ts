import { Property } from '../model/properties.ts'

/** Names with which a message is not only stored, or which a broker would add. */
const neverPlain: ReadonlySet<string> = new Set([
  Property.popCheckpoint,
  Property.crc32,
  Property.delayLevel,
  Property.transactionPrepared,
  Property.dedupKey,
  Property.cluster,
  Property.region,
  Property.traceOn,
])
const [uniqueKeyHead, ...harmlessHeads] = [
  Property.uniqueKey,
  Property.keys,
  Property.waitStoreOk,
  Property.tags,
].map((name) => `${name}\u0001`)

/** Whether a property section has a unique key and nothing that wants more than storing: one look at it. */
export function isPlain(section: string): boolean {
  let hasUniqueKey = false
  for (let at = 0; at < section.length;) {
    const end = section.indexOf('\u0002', at)
    if (end === -1) return false
    if (section.startsWith(uniqueKeyHead!, at)) {
      if (hasUniqueKey || end === at + uniqueKeyHead!.length) return false
      hasUniqueKey = true
    } else if (!harmlessHeads.some((head) => section.startsWith(head, at))) {
      const name = section.slice(at, section.indexOf('\u0001', at))
      if (neverPlain.has(name) || name.startsWith('TIMER_')) return false
    }
    at = end + 1
  }
  return hasUniqueKey
}

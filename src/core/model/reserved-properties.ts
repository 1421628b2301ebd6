import { Property } from './properties.ts'

/** What broker, client or the message's own fields put there: a copy of a message must not carry it. */
const reservedNames: ReadonlySet<string> = new Set([
  Property.keys,
  Property.tags,
  Property.shardingKey,
  Property.waitStoreOk,
  Property.uniqueKey,
  Property.cluster,
  Property.region,
  Property.traceOn,
  Property.delayLevel,
  Property.transactionPrepared,
  Property.atomicId,
  Property.retryTopic,
  Property.originMessageId,
  Property.popCheckpoint,
  Property.crc32,
  Property.dedupKey,
  Property.dedupWindowMs,
])

const reservedPrefixes = ['TIMER_', 'REAL_', 'INNER_']

export function isReservedProperty(name: string): boolean {
  return reservedNames.has(name) || reservedPrefixes.some((prefix) => name.startsWith(prefix))
}

import type { Message } from './message.ts'

/** What an index entry is of: K a key, T a tag; MessageConst.INDEX_KEY_TYPE, INDEX_TAG_TYPE. */
export const indexTypes = ['K', 'T'] as const
export type IndexType = (typeof indexTypes)[number]

const hourMs = 3_600_000

/** 5.5.0's name of an entry of its key index, as IndexRocksDBRecord.getKeyBytes has it. */
export function indexKey(message: Message, type: IndexType, key: string): string {
  const { storeTimestamp, topic, msgId, commitLogOffset } = message
  const hour = storeTimestamp - (storeTimestamp % hourMs)
  return [hour, topic, type, key, msgId, commitLogOffset].join('@')
}

/** The log offset at the end of an index key, or null: it is none. */
export function commitLogOffsetOf(indexKey: string): number | null {
  const offset = /@(\d{1,15})$/.exec(indexKey)?.[1]
  return offset === undefined ? null : Number(offset)
}

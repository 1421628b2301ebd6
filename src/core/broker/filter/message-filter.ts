/** What a consumer wants of a queue's messages. */
export interface MessageFilter {
  /** By the tag's hash in the index entry alone: false rules the message out. */
  readonly entry: (tagsCode: number) => boolean
  /** By the record as stored; null: the entry decides. */
  readonly record: ((record: Buffer) => boolean) | null
}

export const everyMessage: MessageFilter = { entry: () => true, record: null }

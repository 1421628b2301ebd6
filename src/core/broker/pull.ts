import type { QueueExtent } from '../store/index-db.ts'
import type { MessageStore } from '../store/message-store.ts'
import type { MessageFilter } from './filter/message-filter.ts'
import { selectJoined } from './select.ts'

/** RocketMQ's GetMessageStatus: the remark of a pull answer. */
export type GetMessageStatus =
  | 'FOUND'
  | 'NO_MATCHED_MESSAGE'
  | 'MESSAGE_WAS_REMOVING'
  | 'OFFSET_OVERFLOW_BADLY'
  | 'OFFSET_OVERFLOW_ONE'
  | 'OFFSET_TOO_SMALL'
  | 'NO_MESSAGE_IN_QUEUE'
  | 'OFFSET_RESET'

/** Where and how a consumer reads; PULL_MESSAGE's header. */
export interface PullRequest {
  readonly group: string
  readonly topic: string
  readonly queueId: number
  readonly offset: number
  readonly messagesMax: number
  readonly bytesMax: number | null
  /** Null: the one the group registered by heartbeat. */
  readonly subscription: { readonly expression: string; readonly type: string } | null
  readonly subVersion: number
  /** Stored as the group's offset first; null: not. */
  readonly commitOffset: number | null
  /** How long to wait when there is nothing; 0: not at all. */
  readonly suspendMs: number
}

export interface PullAnswer {
  readonly status: GetMessageStatus
  readonly nextBeginOffset: number
  readonly minOffset: number
  readonly maxOffset: number
  /** Records as stored, one behind the other. */
  readonly records: Buffer
  /** Messages in `records`. */
  readonly count: number
}

/** How much one answer may carry; the first message comes whatever its size. */
export interface PullCaps {
  readonly messagesMax: number
  readonly bytesMax: number
}

/** maxTransferCountOnMessageInMemory and …Bytes…: what a RocketMQ broker sends. */
export const remotePullCaps: PullCaps = { messagesMax: 32, bytesMax: 256 * 1024 }
/** No socket in between: whole batches. */
export const loopbackPullCaps: PullCaps = { messagesMax: 65_536, bytesMax: 4 * 1024 * 1024 }

const none = Buffer.alloc(0)

/** The group was moved: its member goes on there. */
export function resetAnswer(extent: QueueExtent, nextBeginOffset: number): PullAnswer {
  const { minOffset, endOffset: maxOffset } = extent
  return { status: 'OFFSET_RESET', nextBeginOffset, minOffset, maxOffset, records: none, count: 0 }
}

/** DefaultMessageStore.getMessage. */
export function getMessages(
  store: MessageStore,
  topic: string,
  queueId: number,
  offset: number,
  wanted: PullCaps,
  filter: MessageFilter,
): PullAnswer {
  const { minOffset, endOffset: maxOffset } = store.extent(topic, queueId)
  const empty = (status: GetMessageStatus, nextBeginOffset: number): PullAnswer => ({
    status,
    nextBeginOffset,
    minOffset,
    maxOffset,
    records: none,
    count: 0,
  })
  if (maxOffset === 0) return empty('NO_MESSAGE_IN_QUEUE', 0)
  if (offset < minOffset) return empty('OFFSET_TOO_SMALL', minOffset)
  if (offset === maxOffset) return empty('OFFSET_OVERFLOW_ONE', offset)
  if (offset > maxOffset) return empty('OFFSET_OVERFLOW_BADLY', maxOffset)
  // a damaged or expired record is passed over: nobody is served it, and nobody waits for it
  const { records, count, next, matched } = selectJoined(store, topic, queueId, offset, wanted, filter)
  if (count === 0)
    return empty(matched ? 'MESSAGE_WAS_REMOVING' : 'NO_MATCHED_MESSAGE', Math.max(next, offset + 1))
  return {
    status: 'FOUND',
    nextBeginOffset: next,
    minOffset,
    maxOffset,
    records,
    count,
  }
}

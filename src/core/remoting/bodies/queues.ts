import type { MessageQueue } from '../../model/queue.ts'
import type { QueueOffset } from '../../model/stats.ts'
import { json, JsonObject } from './codecs.ts'

/** A MessageQueue that fastjson wrote as the key of a map. */
export function readQueue(key: string): MessageQueue {
  return queueOf(new JsonObject(JSON.parse(key)))
}

export function queueOf(from: JsonObject): MessageQueue {
  return { topic: from.text('topic'), brokerName: from.text('brokerName'), queueId: from.number('queueId') }
}

/** Its members only: what is written as the key of a map. */
export function queueKey({ topic, brokerName, queueId }: MessageQueue): MessageQueue {
  return { topic, brokerName, queueId }
}

/** A Map<MessageQueue, Long>. */
export function readOffsets(from: JsonObject): QueueOffset[] {
  return from.names.map((key) => ({ ...readQueue(key), offset: from.number(key) }))
}

export const resetOffsetBody = json<readonly QueueOffset[]>(
  'ResetOffsetBody',
  (from) => readOffsets(from.object('offsetTable')),
  (offsets) => ({ offsetTable: new Map(offsets.map((each) => [queueKey(each), each.offset])) }),
)

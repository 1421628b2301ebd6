import type { JobOutcome } from '../input/job-queue.ts'
import type { JsonObject } from './json.ts'

export const jobFields = ['msgId', 'queueId', 'queueOffset', 'reconsumeTimes', 'outcome', 'status'] as const

export function jobJson({ message, outcome, status }: JobOutcome): JsonObject {
  const { msgId, queueId, queueOffset, reconsumeTimes } = message
  return { msgId, queueId, queueOffset, reconsumeTimes, outcome, status }
}

import { MqError } from '../core/errors.ts'
import { isDone, type JobOutcome } from './job-queue.ts'
import { tooFew } from './reading.ts'

export interface CountOptions {
  readonly countMax: number
  /** How long so many were waited for, ms; null: they were not. */
  readonly withinMs: number | null
  readonly interrupted: AbortSignal
  /** When messages of jobs that failed come again. */
  readonly again: string
}

/**
 * What a group is handed out, and at the end whether it was what was asked for.
 * @throws MQ_TIMEOUT for fewer than were waited for, MQ_PARTIAL when jobs failed, MQ_INTERRUPTED
 */
export async function* counted<T extends object>(
  items: AsyncIterable<T>,
  { countMax, withinMs, interrupted, again }: CountOptions,
): AsyncGenerator<T> {
  let [count, failed] = [0, 0]
  for await (const item of items) {
    const outcome = isOutcome(item) ? item : null
    // who asked is gone: it was no work
    if (outcome?.outcome !== 'expired') count++
    if (outcome !== null && !isDone(outcome)) failed++
    yield item
  }
  if (interrupted.aborted) throw new MqError('MQ_INTERRUPTED', `interrupted after ${count} messages`)
  if (failed > 0) {
    throw new MqError('MQ_PARTIAL', `${failed} of ${count} jobs failed: their messages come again`, {
      hint: `${again}; at last they are in %DLQ%group`,
    })
  }
  if (withinMs !== null && count < countMax) throw tooFew(count, countMax, withinMs)
}

function isOutcome(item: object): item is JobOutcome {
  return 'outcome' in item
}

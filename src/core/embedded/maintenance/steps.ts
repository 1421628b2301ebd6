import { setImmediate as nextTurn } from 'node:timers/promises'
import { MqError } from '../../errors.ts'

/** How a long operation is watched and stopped. */
export interface Watch {
  /** Aborted: the operation ends at its next step, with everything put back in order. */
  readonly signal?: AbortSignal
  /** Bytes of the log that are done, and all there are. */
  readonly onProgress?: (done: number, total: number) => void
}

/** Without a pause signals are not delivered, and nothing is drawn. */
const pauseEveryMs = 50

/**
 * Runs steps that yield how many bytes they have done.
 * @throws MQ_INTERRUPTED, and what the steps throw
 */
export async function runSteps<T>(steps: Generator<number, T>, total: number, watch: Watch): Promise<T> {
  try {
    for (let pausedAt = Date.now(); ;) {
      const step = steps.next()
      if (step.done === true) return step.value
      if (Date.now() - pausedAt < pauseEveryMs) continue
      watch.onProgress?.(step.value, total)
      await nextTurn()
      if (watch.signal?.aborted === true) throw new MqError('MQ_INTERRUPTED', 'interrupted')
      pausedAt = Date.now()
    }
  } finally {
    // lets the steps put back what they hold
    steps.return(undefined as T)
  }
}

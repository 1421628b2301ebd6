import type { AppendRequest } from '../store/append-batch.ts'
import type { Broker } from './broker.ts'
import type { PutDone, PutRequest } from './put.ts'

/** Called once for each message, by its place. */
export type PutAllDone = (i: number, ...answer: Parameters<PutDone>) => void
/** Likewise, with what `put` would throw. */
export type PutAllFail = (i: number, error: unknown) => void

/**
 * Stores many messages in their order, each as by `put`. Those of which there is nothing to say but that they
 * are stored go to the store together: with an object and a callback for each layer they cost three times as
 * much.
 */
export function putAll(
  broker: Broker,
  requests: readonly PutRequest[],
  done: PutAllDone,
  fail: PutAllFail,
): void {
  let appends: AppendRequest[] = []
  let first = 0
  const store = (): void => {
    const together = appends
    appends = []
    if (together.length > 0) storeTogether(broker, together, first, done, fail)
  }
  requests.forEach((request, i) => {
    try {
      const append = broker.checks.plain(request)
      if (append === null) {
        store()
        broker.put(request, (...answer) => done(i, ...answer))
      } else {
        if (appends.length === 0) first = i
        appends.push(append)
      }
    } catch (error) {
      store()
      fail(i, error)
    }
  })
  store()
}

function storeTogether(
  { store, stats }: Broker,
  appends: readonly AppendRequest[],
  first: number,
  done: PutAllDone,
  fail: PutAllFail,
): void {
  try {
    store.appendAll(appends, (error, results) => {
      const bytes = appends.reduce((sum, { body }) => sum + body.length, 0)
      if (error === null) stats.put(appends.length, bytes)
      appends.forEach(({ queueId }, i) => done(first + i, error, queueId, results?.[i] ?? null, null))
    })
  } catch (error) {
    appends.forEach((_, i) => fail(first + i, error))
  }
}

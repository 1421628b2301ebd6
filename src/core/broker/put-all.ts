import type { MqError } from '../errors.ts'
import type { AppendedRun } from '../store/append-batch.ts'
import type { Broker } from './broker.ts'
import type { PlainCheck, PutKind } from './put.ts'

/** Messages that are alike but for queue, properties and body, in columns. */
export interface PutBatch extends PutKind {
  readonly queueIds: readonly number[]
  readonly properties: readonly string[]
  readonly bodies: readonly Buffer[]
}

/** What becomes of each message, by its place. */
export interface PutOutcomes {
  /** Neighbours from this place on are stored. */
  stored(first: number, placed: AppendedRun): void
  /** Is to put one by itself: more is to be said of it. May throw. */
  put(i: number): void
  refused(i: number, error: MqError): void
  /** `put` would have thrown this. */
  fail(i: number, error: unknown): void
}

/**
 * Stores many messages in their order, each as by `put`. Those of which there is nothing to say but that they
 * are stored go to the store together.
 */
export function putAll(broker: Broker, batch: PutBatch, outcomes: PutOutcomes): void {
  const { queueIds, properties, bodies } = batch
  let check: PlainCheck | null
  try {
    check = broker.checks.plainOf(batch)
  } catch (error) {
    bodies.forEach((_, i) => outcomes.fail(i, error))
    return
  }
  let sections: string[] = []
  let first = 0
  const store = (): void => {
    const run = sections
    sections = []
    if (run.length > 0) storeRun(broker, batch, run, first, outcomes)
  }
  for (let i = 0; i < bodies.length; i++) {
    try {
      const section = check === null ? null : check(queueIds[i]!, properties[i]!, bodies[i]!)
      if (section === null) {
        store()
        outcomes.put(i)
      } else {
        if (sections.length === 0) first = i
        sections.push(section)
      }
    } catch (error) {
      store()
      outcomes.fail(i, error)
    }
  }
  store()
}

function storeRun(
  { store, stats }: Broker,
  { topic, flag, sysFlag, bornTimestamp, bornHost, storeHost, reconsumeTimes, ...columns }: PutBatch,
  properties: readonly string[],
  first: number,
  outcomes: PutOutcomes,
): void {
  const kind = { topic, flag, sysFlag, bornTimestamp, bornHost, storeHost, reconsumeTimes }
  const end = first + properties.length
  const queueIds = columns.queueIds.slice(first, end)
  const bodies = columns.bodies.slice(first, end)
  try {
    store.appendAll(
      { ...kind, preparedTransactionOffset: 0, queueIds, properties, bodies },
      (error, placed) => {
        if (placed === null) return properties.forEach((_, i) => outcomes.refused(first + i, error!))
        const bytes = bodies.reduce((sum, { length }) => sum + length, 0)
        stats.put(properties.length, bytes)
        outcomes.stored(first, placed)
      },
    )
  } catch (error) {
    properties.forEach((_, i) => outcomes.fail(first + i, error))
  }
}

import type { Producer, QueueChoice } from '../core/client/admin.ts'
import type { MqError } from '../core/errors.ts'
import type { NewMessage } from '../core/model/message.ts'
import { asMqError } from '../command-line/failure.ts'

export interface TimedSend {
  /** Null: it was stored. */
  readonly failure: MqError | null
  readonly rtMs: number
}

export async function timedSend(
  producer: Producer,
  message: NewMessage,
  queue?: QueueChoice,
): Promise<TimedSend> {
  const startedAt = performance.now()
  const failure = await producer.send(message, queue).then(
    () => null,
    (error: unknown) => asMqError(error),
  )
  return { failure, rtMs: Math.round(performance.now() - startedAt) }
}

/** Ms. The first send, which opens connections, does not count; NaN when there is no other. */
export function averageRt([, ...counted]: readonly { readonly rtMs: number }[]): number {
  const sum = counted.reduce((total, { rtMs }) => total + rtMs, 0)
  return counted.length === 0 ? NaN : sum / counted.length
}

import { flagKinds } from '../command-line/flag-kinds.ts'
import { MqError } from '../core/errors.ts'
import type { NewMessage } from '../core/model/message.ts'

/** Flags of a message that waits before consumers see it. */
export const laterFlags = {
  delay: flagKinds.duration({ description: 'deliver it after this time: 90s, 10m, 2h; three days at most' }),
  'delay-level': flagKinds.count({
    min: 1,
    description:
      "deliver it after the time of a level of the broker's messageDelayLevel: 1s 5s 10s 30s 1m 2m …",
  }),
  'deliver-at': flagKinds.moment({ description: 'deliver it at this time; at once when it is over' }),
}

interface LaterValues {
  readonly delay?: number | undefined
  readonly 'delay-level'?: number | undefined
  readonly 'deliver-at'?: number | undefined
}

/** When a message is delivered; nothing: at once. */
export type Later = Pick<NewMessage, 'delayLevel' | 'deliverAt' | 'delayMs'>

/** @throws MQ_USAGE for more than one of them */
export function laterOf(flags: LaterValues): Later {
  const { delay: delayMs, 'delay-level': delayLevel, 'deliver-at': deliverAt } = flags
  if ([delayMs, delayLevel, deliverAt].filter((value) => value !== undefined).length > 1)
    throw new MqError('MQ_USAGE', '--delay, --delay-level and --deliver-at: more than one time to deliver at')
  return {
    ...(delayMs !== undefined && { delayMs }),
    ...(delayLevel !== undefined && { delayLevel }),
    ...(deliverAt !== undefined && { deliverAt }),
  }
}

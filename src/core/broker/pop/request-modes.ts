import { MqError } from '../../errors.ts'
import type { Statement } from '../../store/sqlite.ts'
import type { StateDb } from '../../store/state-db.ts'

export type RequestMode = 'PULL' | 'POP'

/** BrokerConfig.defaultPopShareQueueNum */
const shareQueuesDefault = -1

/** Whether a group pulls a topic or pops it; MessageRequestModeManager. */
export class RequestModes {
  readonly #state: StateDb
  readonly #select: Statement<[string, string], { mode: RequestMode; shareQueues: number }>
  readonly #upsert: Statement<[string, string, RequestMode, number]>

  constructor(state: StateDb) {
    this.#state = state
    this.#select = state.db.prepare(
      'SELECT mode, share_queues AS shareQueues FROM request_mode WHERE topic = ? AND group_name = ?',
    )
    this.#upsert = state.db.prepare(
      `INSERT INTO request_mode VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET mode = excluded.mode, share_queues = excluded.share_queues`,
    )
  }

  /** Null: neither yet. */
  of(topic: string, group: string): RequestMode | null {
    return this.#select.get(topic, group)?.mode ?? null
  }

  /** With how many others a client shares its queues when it pops; 0 and below: all of them with all. */
  shareQueues(topic: string, group: string): number {
    return this.#select.get(topic, group)?.shareQueues ?? shareQueuesDefault
  }

  set(topic: string, group: string, mode: RequestMode, shareQueues = shareQueuesDefault): void {
    this.#state.durably(() => this.#upsert.run(topic, group, mode, shareQueues))
  }

  /** Keeps the first one. @throws MQ_NO_PERMISSION for the other */
  use(topic: string, group: string, mode: RequestMode): void {
    const known = this.of(topic, group)
    if (known === null) return this.set(topic, group, mode)
    if (known === mode) return
    throw new MqError('MQ_NO_PERMISSION', `group ${group} consumes ${topic} in ${known} mode, not ${mode}`, {
      hint: 'both at once would consume twice: use another group, or change it with `setConsumeMode`',
    })
  }
}

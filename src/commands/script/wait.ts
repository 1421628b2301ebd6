import * as Args from '@oclif/core/args'
import { setTimeout as pause } from 'node:timers/promises'
import { MqError } from '../../core/errors.ts'
import { parseCondition, stateOf, type Condition, type ConditionState } from '../../input/wait-conditions.ts'
import { MqCommand, type ArgsOf } from '../../mq-command.ts'
import type { View } from '../../output/view.ts'

const waitMsDefault = 30_000
/** How often it looks. */
const lookEveryMs = 100
/** For one request: no longer than what is left, but long enough to be answered. */
const [requestMsMin, requestMsMax] = [500, 5000]

export default class Wait extends MqCommand {
  static override summary = 'Wait until a broker, a topic or a group is as it should be.'
  static override description =
    'Ends with 0 as soon as all conditions hold at once, with 6 after --timeout (here for all of it, default 30s), ' +
    'saying what is missing.\n\n' +
    'broker, broker/NAME: it is registered and answers. topic/NAME: it has a route; topic/NAME:queues=N, ' +
    'topic/NAME:messages=N. group/NAME: a broker knows it; group/NAME:members=N: so many clients are connected; ' +
    'group/NAME:lag=N: so many messages are not consumed, in all its topics. Instead of = also < <= > >= (in quotes).'
  static override examples = [
    '$ pocketmq wait --timeout 30s broker topic/orders group/pay:members=2 group/pay:lag=0',
    "$ pocketmq wait -n 127.0.0.1:9876 'topic/orders:messages>=100'",
  ]
  static override args = {
    condition: Args.string({
      required: true,
      multiple: true,
      ignoreStdin: true,
      description: 'what to wait for',
    }),
  }

  protected override async perform(_flags: object, args: ArgsOf<typeof Wait>): Promise<View<unknown>> {
    const conditions = args.condition.map(parseCondition)
    const waitMs = this.timeoutMs ?? waitMsDefault
    const deadline = Date.now() + waitMs
    for (;;) {
      const states = await this.#look(conditions, deadline - Date.now())
      const missing = states.filter(({ met }) => !met)
      if (missing.length === 0) return statesView(states)
      const leftMs = deadline - Date.now()
      if (leftMs <= 0) throw timedOut(missing, waitMs)
      await pause(Math.min(lookEveryMs, leftMs))
    }
  }

  /** Connects anew each time: a server may have taken the folder meanwhile, a broker another address. */
  async #look(conditions: readonly Condition[], leftMs: number): Promise<readonly ConditionState[]> {
    const admin = await this.connectAnew(Math.max(requestMsMin, Math.min(requestMsMax, leftMs)))
    try {
      return await Promise.all(conditions.map((condition) => stateOf(admin, condition)))
    } finally {
      await admin.close()
    }
  }
}

function timedOut(missing: readonly ConditionState[], waitMs: number): MqError {
  const told = missing.map(({ condition, state }) => `${condition} (${state})`)
  return new MqError('MQ_TIMEOUT', `still missing after ${waitMs} ms: ${told.join(', ')}`)
}

const format = '%-40s  %s'

function statesView(states: readonly ConditionState[]): View<unknown> {
  const view: View<ConditionState> = {
    shape: 'list',
    items: states,
    fields: ['condition', 'state'],
    toJson: ({ condition, state }) => ({ condition, state }),
    toId: ({ condition }) => condition,
    table: {
      kind: 'columns',
      headerFormat: format,
      rowFormat: format,
      columns: [
        { title: '#Condition', field: 'condition', cell: ({ condition }) => condition },
        { title: '#State', field: 'state', cell: ({ state }) => state },
      ],
    },
  }
  return view
}

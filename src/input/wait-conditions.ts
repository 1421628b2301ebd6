import type { MqAdmin } from '../core/client/admin.ts'
import { MqError, type ErrorCode } from '../core/errors.ts'

/** Something to wait for, as a user says it: `broker`, `topic/orders`, `group/pay:lag=0`. */
export interface Condition {
  readonly text: string
  readonly kind: 'broker' | 'topic' | 'group'
  /** Null: any broker. */
  readonly name: string | null
  /** Null: that it is there. */
  readonly measure: Measure | null
}

interface Measure {
  readonly of: 'queues' | 'messages' | 'members' | 'lag'
  readonly operator: Operator
  readonly value: number
}

type Operator = '=' | '<' | '<=' | '>' | '>='

export interface ConditionState {
  readonly condition: string
  readonly met: boolean
  /** What there is, for a person. */
  readonly state: string
}

const measures: Readonly<Record<Condition['kind'], readonly string[]>> = {
  broker: [],
  topic: ['queues', 'messages'],
  group: ['members', 'lag'],
}

const syntax = /^(broker|topic|group)(?:\/([^:]+))?(?::([a-z]+)(=|<=|>=|<|>)(\d+))?$/

/** @throws MQ_USAGE */
export function parseCondition(text: string): Condition {
  const [, kindText, name, of, operator, digits] = syntax.exec(text) ?? []
  const kind = kindText as Condition['kind'] | undefined
  const unknown = kind === undefined || (of !== undefined && !measures[kind].includes(of))
  if (unknown || (kind !== 'broker' && name === undefined)) {
    throw new MqError('MQ_USAGE', `"${text}" is nothing to wait for`, {
      hint: 'write broker, topic/orders, topic/orders:messages>=1, group/pay, group/pay:members=2, group/pay:lag=0',
    })
  }
  const measure =
    of === undefined
      ? null
      : { of: of as Measure['of'], operator: operator as Operator, value: Number(digits) }
  return { text, kind, name: name ?? null, measure }
}

/** They go by themselves: what is asked for may be on its way. */
const passing: readonly ErrorCode[] = ['MQ_SYSTEM_BUSY', 'MQ_SERVICE_NOT_AVAILABLE', 'MQ_STORE_IN_USE']

/** @throws what does not go by itself, like a damaged folder */
export async function stateOf(admin: MqAdmin, condition: Condition): Promise<ConditionState> {
  try {
    return { condition: condition.text, ...(await look(admin, condition)) }
  } catch (error) {
    if (!(error instanceof MqError)) throw error
    if (![4, 5, 6].includes(error.exit) && !passing.includes(error.code)) throw error
    return { condition: condition.text, met: false, state: error.message }
  }
}

type Look = Pick<ConditionState, 'met' | 'state'>

function look(admin: MqAdmin, { kind, name, measure }: Condition): Promise<Look> {
  switch (measure?.of) {
    case undefined:
      return kind === 'broker' ? lookForBroker(admin, name) : isThere(admin, kind, name!)
    case 'queues':
      return measured(measure, async () => (await admin.messages.queues(name!)).length)
    case 'messages':
      return measured(measure, async () => {
        const queues = await admin.topics.stats(name!)
        return queues.reduce((sum, { minOffset, maxOffset }) => sum + maxOffset - minOffset, 0)
      })
    case 'members':
      return measured(measure, () => memberCount(admin, name!))
    case 'lag':
      return measured(measure, async () => {
        const { offsets } = await admin.groups.progress(name!)
        return offsets.reduce((sum, row) => sum + Math.max(0, row.brokerOffset - row.consumerOffset), 0)
      })
  }
}

/** One that answers. */
async function lookForBroker({ cluster }: MqAdmin, name: string | null): Promise<Look> {
  const known = (await cluster.list()).filter(({ brokerName }) => name === null || brokerName === name)
  const alive = known.find(({ runtime }) => runtime !== null)
  if (alive !== undefined) return { met: true, state: `${alive.brokerName} at ${alive.brokerAddr}` }
  const [silent] = known
  return {
    met: false,
    state: silent?.failure ?? 'not registered',
  }
}

async function isThere({ topics, groups }: MqAdmin, kind: 'topic' | 'group', name: string): Promise<Look> {
  if (kind === 'group') {
    const on = (await groups.configs(name)).map(({ brokerName }) => brokerName)
    return { met: true, state: `on ${on.join(', ')}` }
  }
  const on = (await topics.route(name)).brokerDatas.map(({ brokerName }) => brokerName)
  return { met: true, state: `on ${on.join(', ')}` }
}

/** Each client once. */
async function memberCount({ groups }: MqAdmin, group: string): Promise<number> {
  try {
    const { connections } = await groups.members(group)
    return new Set(connections.map(({ clientId }) => clientId)).size
  } catch (error) {
    if (error instanceof MqError && error.code === 'MQ_CONSUMER_NOT_ONLINE') return 0
    throw error
  }
}

async function measured({ of, operator, value }: Measure, count: () => Promise<number>): Promise<Look> {
  const found = await count()
  return { met: holds(found, operator, value), state: `${of}=${found}` }
}

function holds(found: number, operator: Operator, value: number): boolean {
  switch (operator) {
    case '=':
      return found === value
    case '<':
      return found < value
    case '<=':
      return found <= value
    case '>':
      return found > value
    case '>=':
      return found >= value
  }
}

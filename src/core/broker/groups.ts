import type { Clock } from '../lib/clock.ts'
import { MqError } from '../errors.ts'
import { groupNameFault } from '../model/names.ts'
import type { StateDb } from '../store/state-db.ts'
import type { Statement } from '../store/sqlite.ts'

/** RocketMQ's SubscriptionGroupConfig, the part that is looked at. */
export interface GroupConfig {
  readonly groupName: string
  readonly consumeEnable: boolean
  readonly consumeBroadcastEnable: boolean
}

/** SubscriptionGroupManager.init */
const systemGroups = new Set([
  'TOOLS_CONSUMER',
  'FILTERSRV_CONSUMER',
  'SELF_TEST_C_GROUP',
  'CID_ONS-HTTP-PROXY',
  'CID_ONSAPI_PULL',
  'CID_ONSAPI_PERMISSION',
  'CID_ONSAPI_OWNER',
  'CID_RMQ_SYS_TRANS',
])

/** Consumer groups, kept in state.db; SubscriptionGroupManager. */
export class Groups {
  readonly #state: StateDb
  readonly #clock: Clock
  readonly #select: Statement<[string], { config: string }>
  readonly #insert: Statement<[string, string]>

  constructor(state: StateDb, clock: Clock) {
    this.#state = state
    this.#clock = clock
    this.#select = state.db.prepare('SELECT config FROM subscription_group WHERE name = ?')
    this.#insert = state.db.prepare('INSERT OR IGNORE INTO subscription_group VALUES (?, ?)')
  }

  /**
   * autoCreateSubscriptionGroup is on: an unknown group is made with defaults.
   * @throws MQ_GROUP_NOT_EXIST for illegal names
   */
  getOrCreate(name: string): GroupConfig {
    const defaults: GroupConfig = { groupName: name, consumeEnable: true, consumeBroadcastEnable: true }
    if (systemGroups.has(name)) return defaults
    const row = this.#select.get(name)
    if (row !== undefined) return JSON.parse(row.config) as GroupConfig
    const fault = groupNameFault(name)
    if (fault !== null) throw new MqError('MQ_GROUP_NOT_EXIST', fault)
    this.#state.durably(() => {
      this.#insert.run(name, JSON.stringify(defaults))
      this.#state.raiseDataVersion('group', this.#clock.now())
    })
    return defaults
  }
}

import type { Clock } from '../lib/clock.ts'
import { MqError } from '../errors.ts'
import { groupConfig, type SubscriptionGroupConfig } from '../model/group.ts'
import { groupNameFault, systemGroups } from '../model/names.ts'
import type { StateDb } from '../store/state-db.ts'
import type { Statement } from '../store/sqlite.ts'
import { attributesAfter, groupAttributes } from './attributes.ts'

/** Consumer groups, kept in state.db; SubscriptionGroupManager. */
export class Groups {
  readonly #state: StateDb
  readonly #clock: Clock
  readonly #autoCreates: () => boolean
  readonly #cache = new Map<string, SubscriptionGroupConfig>()
  #cacheVersion = -1
  readonly #select: Statement<[string], { config: string }>
  readonly #selectAll: Statement<[], { name: string; config: string }>
  readonly #upsert: Statement<[string, string]>
  readonly #delete: Statement<[string]>

  /** @param autoCreates false: groups are made by name only, never by a first use */
  constructor(state: StateDb, clock: Clock, autoCreates: () => boolean = () => true) {
    this.#autoCreates = autoCreates
    this.#state = state
    this.#clock = clock
    this.#select = state.db.prepare('SELECT config FROM subscription_group WHERE name = ?')
    this.#selectAll = state.db.prepare('SELECT name, config FROM subscription_group ORDER BY name')
    this.#upsert = state.db.prepare(
      'INSERT INTO subscription_group VALUES (?, ?) ON CONFLICT DO UPDATE SET config = excluded.config',
    )
    this.#delete = state.db.prepare('DELETE FROM subscription_group WHERE name = ?')
  }

  get(name: string): SubscriptionGroupConfig | null {
    const version = this.#state.versionInRun()
    if (version !== this.#cacheVersion) {
      this.#cache.clear()
      this.#cacheVersion = version
    }
    const cached = this.#cache.get(name)
    if (cached !== undefined) return cached
    const row = this.#select.get(name)
    if (row === undefined) return systemGroups.has(name) ? groupConfig(name) : null
    const config = parse(name, row.config)
    this.#cache.set(name, config)
    return config
  }

  /** Whether its members are told of who comes and goes. */
  notifies(name: string): boolean {
    return this.get(name)?.notifyConsumerIdsChangedEnable ?? true
  }

  /** All groups, system groups first. */
  all(): SubscriptionGroupConfig[] {
    const own = this.#selectAll.all().map(({ name, config }) => parse(name, config))
    const names = new Set(own.map((config) => config.groupName))
    return [...[...systemGroups].filter((name) => !names.has(name)).map(groupConfig), ...own]
  }

  /**
   * An unknown group is made with defaults, unless autoCreateSubscriptionGroup is off.
   * @throws MQ_GROUP_NOT_EXIST for illegal names, and for unknown ones when it is
   */
  getOrCreate(name: string): SubscriptionGroupConfig {
    const known = this.get(name)
    if (known !== null) return known
    const fault = groupNameFault(name)
    if (fault !== null)
      throw new MqError('MQ_GROUP_NOT_EXIST', `subscription group [${name}] does not exist, ${fault}`)
    if (!this.#autoCreates())
      throw new MqError('MQ_GROUP_NOT_EXIST', `subscription group [${name}] does not exist`)
    const config = groupConfig(name)
    this.#save([config])
    return config
  }

  /** All or none. Attributes come signed, as a topic's. @throws MQ_INVALID_PARAMETER, MQ_FAILED */
  update(configs: readonly SubscriptionGroupConfig[]): void {
    const after = configs.map((config) => {
      const fault = groupNameFault(config.groupName)
      if (fault !== null) throw new MqError('MQ_INVALID_PARAMETER', fault)
      const before = this.get(config.groupName)
      const attributes = attributesAfter(groupAttributes, before?.attributes ?? null, config.attributes)
      return { ...config, attributes }
    })
    this.#save(after)
  }

  /** False: there was none. */
  remove(name: string): boolean {
    if (this.#select.get(name) === undefined) return false
    this.#state.durably(() => {
      this.#delete.run(name)
      this.#state.raiseDataVersion('group', this.#clock.now())
    })
    this.#cache.delete(name)
    return true
  }

  #save(configs: readonly SubscriptionGroupConfig[]): void {
    this.#state.durably(() => {
      for (const config of configs) this.#upsert.run(config.groupName, JSON.stringify(config))
      this.#state.raiseDataVersion('group', this.#clock.now())
    })
    for (const config of configs) this.#cache.set(config.groupName, config)
  }
}

/** A row may be of an older version, or of another broker's folder: what it lacks has its default. */
function parse(groupName: string, config: string): SubscriptionGroupConfig {
  const defaults = groupConfig(groupName)
  const row = JSON.parse(config) as Partial<SubscriptionGroupConfig>
  const groupRetryPolicy = { ...defaults.groupRetryPolicy, ...row.groupRetryPolicy }
  return { ...defaults, ...row, groupRetryPolicy }
}

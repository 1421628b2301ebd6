import type { Clock } from '../lib/clock.ts'
import { MqError } from '../errors.ts'
import { Perm, type TopicConfig } from '../model/topic.ts'
import { byteCount } from '../model/byte-count.ts'
import { retentionOf, retentionSettings, settingsOf } from '../store/retention.ts'
import type { MessageStore } from '../store/message-store.ts'

/** A setting's default, and why a value cannot be its; RocketMQ's property names and defaults. */
interface SettingRow {
  readonly fallback: string
  readonly fault: (value: string) => string | null
}

const truth = (value: string): string | null =>
  value === 'true' || value === 'false' ? null : 'it is true or false'

/** THE allow-list: what can be changed from afar. No path, no command, no address is in it. */
const rows = {
  /** 2 write, 4 read, 6 both. */
  brokerPermission: {
    fallback: '6',
    fault: (value) => (['2', '4', '6'].includes(value) ? null : 'it is 2 (write), 4 (read) or 6 (both)'),
  },
  autoCreateTopicEnable: { fallback: 'true', fault: truth },
  autoCreateSubscriptionGroup: { fallback: 'true', fault: truth },
  /** RMQ_SYS_TRACE_TOPIC is there before the first trace: where topics are not made by themselves. */
  traceTopicEnable: { fallback: 'false', fault: truth },
  /** False: members of a group that is moved are told by RESET_CONSUMER_CLIENT_OFFSET. */
  useServerSideResetOffset: { fallback: 'true', fault: truth },
  /** Hours. */
  fileReservedTime: {
    fallback: '72',
    fault: (value) => (/^[1-9]\d{0,5}$/.test(value) ? null : 'it is a number of hours from 1 to 999999'),
  },
  /** Bytes of the log; not RocketMQ's: its brokers look at how full the disk is. */
  fileReservedSize: {
    fallback: '0',
    fault: (value) => (byteCount(value) === null ? 'it is a number of bytes, as 10g; 0 for any' : null),
  },
} as const satisfies Record<string, SettingRow>

/** Undefined: not given. */
type Given = string | boolean | undefined

export type SettingName = keyof typeof rows

const names = Object.keys(rows) as SettingName[]

function isSetting(name: string): name is SettingName {
  return Object.hasOwn(rows, name)
}

/**
 * What a broker can be told while it runs, kept in state.db: UPDATE_BROKER_CONFIG. What was given at the
 * start goes before what is kept. Another process that changes a folder's settings is heard of at the next
 * start.
 */
export class Settings {
  readonly #store: MessageStore
  readonly #clock: Clock
  readonly #values = new Map<SettingName, string>()

  constructor(store: MessageStore, clock: Clock, given: Partial<Readonly<Record<SettingName, Given>>>) {
    this.#store = store
    this.#clock = clock
    for (const name of names)
      this.#values.set(name, given[name]?.toString() ?? store.state.setting(name) ?? rows[name].fallback)
    this.#showRetention()
  }

  isOn(name: SettingName): boolean {
    return this.get(name) === 'true'
  }

  get(name: SettingName): string {
    return this.#values.get(name)!
  }

  get all(): Readonly<Record<SettingName, string>> {
    return Object.fromEntries(this.#values) as Record<SettingName, string>
  }

  allows(perm: number): boolean {
    return (Number(this.get('brokerPermission')) & perm) !== 0
  }

  /** A topic as name servers are told of it: BrokerController.registerBrokerAll. */
  routed(config: TopicConfig): TopicConfig {
    const mask = Number(this.get('brokerPermission'))
    const both = Perm.read | Perm.write
    return (mask & both) === both ? config : { ...config, perm: config.perm & mask }
  }

  /** All or none. @throws MQ_NO_PERMISSION for what is not in the list, MQ_INVALID_PARAMETER */
  update(values: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(values)) {
      if (!isSetting(name)) {
        throw new MqError(
          'MQ_NO_PERMISSION',
          `${name} cannot be changed while the broker runs: only ${names.join(', ')} can`,
        )
      }
      const fault = rows[name].fault(value)
      if (fault !== null) throw new MqError('MQ_INVALID_PARAMETER', `${name}=${value}: ${fault}`)
    }
    this.#store.state.setSettings(values)
    for (const [name, value] of Object.entries(values)) this.#values.set(name as SettingName, value)
    // name servers take another permission for a change of all topics
    if ('brokerPermission' in values) {
      const { state } = this.#store
      state.durably(() => state.raiseDataVersion('topic', this.#clock.now()))
    }
    if (retentionSettings.some((name) => name in values)) {
      this.#store.retention = retentionOf((name) => this.get(name))
      this.#showRetention()
    }
  }

  /** The store was told at its start, or reads the settings that are kept. */
  #showRetention(): void {
    for (const [name, value] of Object.entries(settingsOf(this.#store.retention)))
      this.#values.set(name as SettingName, value)
  }
}

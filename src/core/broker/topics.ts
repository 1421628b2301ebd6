import type { Clock } from '../lib/clock.ts'
import { MqError } from '../errors.ts'
import { limits } from '../model/limits.ts'
import { autoCreateTopic, dlqPrefix, retryPrefix, topicNameFault, traceTopic } from '../model/names.ts'
import { replyTopicOf } from '../model/request-reply.ts'
import type { DataVersion } from '../model/route.ts'
import { Perm, type TopicConfig } from '../model/topic.ts'
import { undecidedTopic } from '../model/transaction.ts'
import type { StateDb } from '../store/state-db.ts'
import type { Statement } from '../store/sqlite.ts'
import { attributesAfter, topicAttributes } from './attributes.ts'
import { QueueChanges } from './queue-changes.ts'

/** BrokerConfig.defaultTopicQueueNums */
const templateQueueNums = 8

/** SubscriptionGroupConfig.retryQueueNums */
const retryQueueNums = 1

/** AbstractSendMessageProcessor.DLQ_NUMS_PER_GROUP */
const dlqQueueNums = 1

const systemPrefix = 'rmq_sys_'

/** Topics nobody may send to: TopicValidator.NOT_ALLOWED_SEND_TOPIC_SET. */
const notForSenders = new Set([
  'SCHEDULE_TOPIC_XXXX',
  'RMQ_SYS_TRANS_HALF_TOPIC',
  'RMQ_SYS_TRANS_OP_HALF_TOPIC',
  'TRANS_CHECK_MAX_TIME_TOPIC',
  'SELF_TEST_TOPIC',
  'OFFSET_MOVED_EVENT',
])

/** Topics every broker has, broker-behaviour.md §15; TopicConfigManager's constructor. */
function systemTopics(clusterName: string, brokerName: string): Map<string, TopicConfig> {
  const rw = Perm.read | Perm.write
  const inherit = rw | Perm.inherit
  const rows: [name: string, queues: number, perm: number][] = [
    ['SELF_TEST_TOPIC', 1, rw],
    [autoCreateTopic, templateQueueNums, inherit],
    ['BenchmarkTest', 1024, rw],
    [clusterName, 16, inherit],
    [brokerName, 1, inherit],
    ['OFFSET_MOVED_EVENT', 1, rw],
    ['SCHEDULE_TOPIC_XXXX', 18, rw],
    [replyTopicOf(clusterName), 1, rw],
    [`rmq_sys_REVIVE_LOG_${clusterName}`, 8, rw],
    [`rmq_sys_SYNC_BROKER_MEMBER_${brokerName}`, 1, Perm.inherit],
    ['RMQ_SYS_TRANS_HALF_TOPIC', 1, rw],
    ['RMQ_SYS_TRANS_OP_HALF_TOPIC', 1, rw],
    ['rmq_sys_wheel_timer', 1, rw],
  ]
  return new Map(rows.map(([name, queues, perm]) => [name, topicConfig(name, queues, perm)]))
}

function topicConfig(topicName: string, queues: number, perm: number, topicSysFlag = 0): TopicConfig {
  return {
    topicName,
    readQueueNums: queues,
    writeQueueNums: queues,
    perm,
    topicFilterType: 'SINGLE_TAG',
    topicSysFlag,
    order: false,
    attributes: {},
  }
}

/** As traceTopicEnable has it made; without, the first trace that is sent makes it, as any topic. */
const traceTopicConfig = topicConfig(traceTopic, 1, Perm.read | Perm.write)

/** The topics of a broker, kept in state.db; TopicConfigManager. */
export class Topics {
  readonly #state: StateDb
  readonly #clock: Clock
  readonly #system: ReadonlyMap<string, TopicConfig>
  readonly #autoCreates: () => boolean
  readonly #traces: () => boolean
  readonly #clusterAndBroker: ReadonlySet<string>
  readonly #cache = new Map<string, TopicConfig>()
  #cacheVersion = -1
  readonly queueChanges: QueueChanges
  /** Called for each topic that is made or changed. */
  onSaved: (config: TopicConfig) => void = () => undefined
  readonly #select: Statement<[string], { config: string }>
  readonly #selectAll: Statement<[], { config: string }>
  readonly #upsert: Statement<[string, string]>
  readonly #delete: Statement<[string]>

  /**
   * @param autoCreates false: topics are made by name only, never by a first send
   * @param traces true: the topic for traces is there before the first one
   */
  constructor(
    state: StateDb,
    clock: Clock,
    clusterName: string,
    brokerName: string,
    autoCreates: () => boolean = () => true,
    traces: () => boolean = () => false,
  ) {
    this.#state = state
    this.#clock = clock
    this.queueChanges = new QueueChanges(clock)
    this.#system = systemTopics(clusterName, brokerName)
    this.#autoCreates = autoCreates
    this.#traces = traces
    this.#clusterAndBroker = new Set([clusterName, brokerName])
    this.#select = state.db.prepare('SELECT config FROM topic WHERE name = ?')
    this.#selectAll = state.db.prepare('SELECT config FROM topic ORDER BY name')
    this.#upsert = state.db.prepare(
      'INSERT INTO topic VALUES (?, ?) ON CONFLICT DO UPDATE SET config = excluded.config',
    )
    this.#delete = state.db.prepare('DELETE FROM topic WHERE name = ?')
  }

  get(name: string): TopicConfig | null {
    if (name === autoCreateTopic && !this.#autoCreates()) return null
    const version = this.#state.versionInRun()
    if (version !== this.#cacheVersion) {
      this.#cache.clear()
      this.#cacheVersion = version
    }
    const cached = this.#cache.get(name)
    if (cached !== undefined) return cached
    const row = this.#select.get(name)
    if (row === undefined && name === traceTopic) return this.#traces() ? traceTopicConfig : null
    const config = row === undefined ? this.#system.get(name) : (JSON.parse(row.config) as TopicConfig)
    if (config === undefined) return null
    this.#cache.set(name, config)
    return config
  }

  /** @throws MQ_TOPIC_NOT_EXIST */
  existing(name: string): TopicConfig {
    const config = this.get(name)
    if (config === null)
      throw new MqError('MQ_TOPIC_NOT_EXIST', `topic[${name}] not exist, apply first please!`)
    return config
  }

  /** All topics, system topics first. */
  all(): TopicConfig[] {
    const own = this.#selectAll.all().map((row) => JSON.parse(row.config) as TopicConfig)
    const names = new Set(own.map((config) => config.topicName))
    const system = [...this.#system.values()].filter(
      ({ topicName }) => !names.has(topicName) && (topicName !== autoCreateTopic || this.#autoCreates()),
    )
    const trace = this.#traces() && !names.has(traceTopic) ? [traceTopicConfig] : []
    return [...system, ...trace, ...own]
  }

  isSystem(name: string): boolean {
    if (this.#clusterAndBroker.has(name)) return false
    return this.#system.has(name) || name === traceTopic || name.startsWith(systemPrefix)
  }

  /** @throws MQ_INVALID_PARAMETER, MQ_NO_PERMISSION: what no client may send to */
  checkSend(name: string): void {
    const fault = topicNameFault(name)
    if (fault !== null) throw new MqError('MQ_INVALID_PARAMETER', fault)
    if (notForSenders.has(name)) {
      throw new MqError('MQ_NO_PERMISSION', `Sending message to topic[${name}] is forbidden.`)
    }
  }

  /**
   * The topic, made after the template if it is unknown (createTopicInSendMessageMethod): as many queues as
   * the client asks for, at most the template's, and its permission without the inherit bit.
   * @throws MQ_TOPIC_NOT_EXIST
   */
  getOrCreate(name: string, defaultTopic: string, queueNums: number, topicSysFlag: number): TopicConfig {
    const known = this.get(name)
    if (known !== null) return known
    const template = this.get(defaultTopic)
    if (template === null || !(template.perm & Perm.inherit)) {
      throw new MqError('MQ_TOPIC_NOT_EXIST', `topic[${name}] not exist, apply first please!`)
    }
    const queues = Math.max(0, Math.min(queueNums, template.writeQueueNums))
    const config = topicConfig(name, queues, template.perm & ~Perm.inherit, topicSysFlag)
    this.#save([config])
    return config
  }

  /** `%RETRY%group`, which a group's members subscribe to as well: ClientManageProcessor.heartBeat. */
  createRetryTopic(group: string): void {
    const name = retryPrefix + group
    if (this.get(name) === null) this.#save([topicConfig(name, retryQueueNums, Perm.read | Perm.write)])
  }

  /** `%DLQ%group`, where messages go that nobody could consume. */
  createDlqTopic(group: string): void {
    const name = dlqPrefix + group
    if (this.get(name) === null) this.#save([topicConfig(name, dlqQueueNums, Perm.read | Perm.write)])
  }

  /** `TRANS_CHECK_MAX_TIME_TOPIC`, where half messages go that nobody decides. */
  createUndecidedTopic(): void {
    if (this.get(undecidedTopic) === null)
      this.#save([topicConfig(undecidedTopic, 1, Perm.read | Perm.write)])
  }

  /**
   * UPDATE_AND_CREATE_TOPIC. Attributes come signed, `+key` sets and `-key` removes.
   * @throws MQ_INVALID_PARAMETER, MQ_FAILED
   */
  update(config: TopicConfig): void {
    this.updateAll([config])
  }

  /** All or none. @throws as `update` */
  updateAll(configs: readonly TopicConfig[]): void {
    this.#save(configs.map((config) => this.#checked(config)).filter((config) => config !== null))
  }

  /** Null: nothing changes. */
  #checked(config: TopicConfig): TopicConfig | null {
    const fault = topicNameFault(config.topicName)
    if (fault !== null) throw new MqError('MQ_INVALID_PARAMETER', fault)
    if (this.isSystem(config.topicName)) {
      throw new MqError(
        'MQ_INVALID_PARAMETER',
        `The topic[${config.topicName}] is conflict with system topic.`,
      )
    }
    for (const nums of [config.readQueueNums, config.writeQueueNums]) {
      if (nums < 0 || nums > limits.queueNumsMax) {
        throw new MqError(
          'MQ_INVALID_PARAMETER',
          `a topic has 0 to ${limits.queueNumsMax} queues, not ${nums}`,
        )
      }
    }
    const before = this.get(config.topicName)
    const attributes = attributesAfter(topicAttributes, before?.attributes ?? null, config.attributes)
    const after = { ...config, attributes }
    return before !== null && JSON.stringify(before) === JSON.stringify(after) ? null : after
  }

  /** @throws MQ_INVALID_PARAMETER for what nobody may delete */
  checkDelete(name: string): void {
    if (name.trim() === '') throw new MqError('MQ_INVALID_PARAMETER', 'The specified topic is blank.')
    if (this.isSystem(name))
      throw new MqError('MQ_INVALID_PARAMETER', `The topic[${name}] is conflict with system topic.`)
  }

  /** Forgets the configuration; what the topic holds is the store's. */
  remove(name: string): void {
    if (this.#select.get(name) === undefined) return
    this.#state.durably(() => {
      this.#delete.run(name)
      this.#state.raiseDataVersion('topic', this.#clock.now())
    })
    this.#cache.delete(name)
    this.queueChanges.note(name)
  }

  #save(configs: readonly TopicConfig[]): void {
    if (configs.length === 0) return
    const before = configs.map(({ topicName }) => this.get(topicName))
    this.#state.durably(() => {
      for (const config of configs) this.#upsert.run(config.topicName, JSON.stringify(config))
      this.#state.raiseDataVersion('topic', this.#clock.now())
    })
    configs.forEach((config, i) => {
      this.#cache.set(config.topicName, config)
      if (!haveSameQueues(before[i]!, config)) this.queueChanges.note(config.topicName)
      this.onSaved(config)
    })
  }

  /** What name servers compare. */
  dataVersion(): DataVersion {
    return { stateVersion: 0, ...this.#state.dataVersion('topic') }
  }
}

function haveSameQueues(before: TopicConfig | null, after: TopicConfig): boolean {
  return (
    before?.readQueueNums === after.readQueueNums &&
    before.writeQueueNums === after.writeQueueNums &&
    before.perm === after.perm
  )
}

import { join } from 'node:path'
import { MqError } from '../errors.ts'
import { readI64 } from '../lib/bytes.ts'
import { deliveredTimersKey, type DeliveredTimers } from '../model/timer.ts'
import { Perm, type TopicConfig } from '../model/topic.ts'
import { parseFastjson } from '../remoting/bodies/fastjson.ts'
import type { FileSystem } from '../store/file-system.ts'
import type { StateDb } from '../store/state-db.ts'
import { defaultBrokerName, defaultClusterName } from '../store/store-folder.ts'

/** What RocketMQ keeps in `config/`, as far as it is taken over. */
export interface ForeignConfig {
  readonly brokerName: string
  readonly clusterName: string
  readonly topics: readonly TopicConfig[]
  /** SubscriptionGroupConfig with all its fields, by name. */
  readonly groups: ReadonlyMap<string, Json>
  readonly offsets: readonly ForeignOffset[]
  /** Level, from 1 up, and the next offset in its queue of SCHEDULE_TOPIC_XXXX. */
  readonly delayOffsets: ReadonlyMap<number, number>
  /** Which messages of an exact time were delivered; null: the broker has none, or keeps them elsewhere. */
  readonly timers: DeliveredTimers | null
}

export interface ForeignOffset {
  readonly topic: string
  readonly group: string
  readonly queueId: number
  readonly nextOffset: number
}

type Json = Readonly<Record<string, unknown>>

/** @throws MQ_STORE_CORRUPT when a file and its backup are there and neither can be read */
export function readForeignConfig(fs: FileSystem, folder: string): ForeignConfig {
  const topics = Object.entries(table(readJson(fs, folder, 'topics.json'), 'topicConfigTable'))
    .map(([name, value]) => topicOf(name, object(value)))
    .sort((a, b) => (a.topicName < b.topicName ? -1 : 1))
  const groups = table(readJson(fs, folder, 'subscriptionGroup.json'), 'subscriptionGroupTable')
  const offsets = table(readJson(fs, folder, 'consumerOffset.json'), 'offsetTable')
  const delayOffsets = table(readJson(fs, folder, 'delayOffset.json'), 'offsetTable')
  return {
    brokerName: brokerNameOf(topics),
    clusterName: clusterNameOf(topics),
    topics,
    groups: new Map(Object.entries(groups).map(([name, value]) => [name, object(value)])),
    offsets: Object.entries(offsets).flatMap(([key, value]) => offsetsOf(key, object(value))),
    delayOffsets: new Map(
      Object.entries(delayOffsets).map(([level, offset]) => [Number(level), number(offset, 0)]),
    ),
    timers: timersOf(fs.readFile(join(folder, 'config', 'timercheck'))),
  }
}

/** TimerCheckpoint: the time up to which the wheel was read, a place in its log, a queue offset, and more. */
function timersOf(checkpoint: Buffer | null): DeliveredTimers | null {
  if (checkpoint === null || checkpoint.length < 24) return null
  return { slotEnd: readI64(checkpoint, 0), offsetEnd: readI64(checkpoint, 16) }
}

/** Puts it into an empty state, or over what is there. */
export function fillState(state: StateDb, config: ForeignConfig): void {
  const { db } = state
  const topic = db.prepare('INSERT OR REPLACE INTO topic VALUES (?, ?)')
  const group = db.prepare('INSERT OR REPLACE INTO subscription_group VALUES (?, ?)')
  const offset = db.prepare('INSERT OR REPLACE INTO consumer_offset VALUES (?, ?, ?, ?)')
  const delay = db.prepare('INSERT OR REPLACE INTO delay_offset VALUES (?, ?)')
  state.durably(() => {
    for (const each of config.topics) topic.run(each.topicName, JSON.stringify(each))
    for (const [name, value] of config.groups) group.run(name, JSON.stringify({ ...value, groupName: name }))
    for (const each of config.offsets) offset.run(each.topic, each.group, each.queueId, each.nextOffset)
    for (const [level, next] of config.delayOffsets) delay.run(level, next)
    const { timers } = config
    if (timers !== null)
      db.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)').run(deliveredTimersKey, JSON.stringify(timers))
  })
}

/**
 * ConfigManager.load: the file, or its backup when it is missing, empty or broken. RocketMQ deletes a broken
 * one; here nothing is.
 */
function readJson(fs: FileSystem, folder: string, name: string): Json {
  let broken: unknown = null
  for (const path of [name, `${name}.bak`].map((each) => join(folder, 'config', each))) {
    const text = fs.readFile(path)?.toString('utf8').trim() ?? ''
    if (text === '') continue
    try {
      return object(parseFastjson(text))
    } catch (error) {
      broken ??= error
    }
  }
  if (broken === null) return {}
  const why = (broken as Error).message
  throw new MqError(
    'MQ_STORE_CORRUPT',
    `neither config/${name} in ${folder} nor its .bak can be read: ${why}`,
    {
      hint: 'mend the file, or move both away: the messages can be read without',
    },
  )
}

function table(file: Json, name: string): Json {
  return object(file[name] ?? {})
}

/** @throws MQ_STORE_CORRUPT */
function object(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MqError(
      'MQ_STORE_CORRUPT',
      `config: ${JSON.stringify(value)} stands where an object is expected`,
    )
  }
  return value as Json
}

function number(value: unknown, fallback: number): number {
  return typeof value === 'number' ? value : fallback
}

/** TopicConfig's defaults for what an older broker did not write. */
function topicOf(topicName: string, json: Json): TopicConfig {
  return {
    topicName,
    readQueueNums: number(json.readQueueNums, 16),
    writeQueueNums: number(json.writeQueueNums, 16),
    perm: number(json.perm, Perm.read | Perm.write),
    topicFilterType: json.topicFilterType === 'MULTI_TAG' ? 'MULTI_TAG' : 'SINGLE_TAG',
    topicSysFlag: number(json.topicSysFlag, 0),
    order: json.order === true,
    attributes: { ...(object(json.attributes ?? {}) as Record<string, string>) },
  }
}

/** `topic@group`, and offsets by queue. */
function offsetsOf(key: string, queues: Json): ForeignOffset[] {
  const [topic, group, more] = key.split('@')
  if (topic === undefined || group === undefined || more !== undefined) return []
  return Object.entries(queues).map(([queueId, offset]) => ({
    topic,
    group,
    queueId: Number(queueId),
    nextOffset: number(offset, 0),
  }))
}

/** The names are in no file of the folder, but a broker makes topics after them: broker-behaviour.md §15. */
function brokerNameOf(topics: readonly TopicConfig[]): string {
  return namedAfter(topics, 'rmq_sys_SYNC_BROKER_MEMBER_') ?? defaultBrokerName
}

function clusterNameOf(topics: readonly TopicConfig[]): string {
  return namedAfter(topics, 'rmq_sys_REVIVE_LOG_') ?? defaultClusterName
}

function namedAfter(topics: readonly TopicConfig[], prefix: string): string | null {
  const topic = topics.find(({ topicName }) => topicName.startsWith(prefix))
  return topic === undefined ? null : topic.topicName.slice(prefix.length)
}

import { join } from 'node:path'
import { Topics } from '../../broker/topics.ts'
import { groupConfig } from '../../model/group.ts'
import { writeI64 } from '../../lib/bytes.ts'
import type { Clock } from '../../lib/clock.ts'
import { timerPrecisionMs } from '../../model/timer.ts'
import type { FileSystem } from '../../store/file-system.ts'
import type { StateDb } from '../../store/state-db.ts'

/** How many of each there are. */
export interface ExportedConfig {
  readonly topics: number
  readonly groups: number
  readonly offsets: number
}

/**
 * Writes `config/` for a RocketMQ broker. Integer keys are quoted: fastjson reads both, everyone else this
 * only.
 * @param timersFrom queue offset of the first message that waits for an exact time
 * @param names of broker and cluster; the broker makes system topics, and those named after it, by itself
 */
export function exportConfig(
  fs: FileSystem,
  folder: string,
  state: StateDb,
  names: { readonly brokerName: string; readonly clusterName: string },
  clock: Clock,
  timersFrom: number,
): ExportedConfig {
  const write = (name: string, json: object): void =>
    fs.replaceFile(join(folder, 'config', name), Buffer.from(`${JSON.stringify(json, withoutNulls, 2)}\n`))
  fs.mkdir(join(folder, 'config'))
  const topics = topicTable(state, names, clock)
  const groups = groupTable(state)
  const offsets = offsetTable(state)
  const delays = delayTable(state)
  const version = (kind: string): object => ({ ...state.dataVersion(kind), stateVersion: 0 })
  write('topics.json', { dataVersion: version('topic'), topicConfigTable: topics })
  write('subscriptionGroup.json', {
    dataVersion: version('group'),
    forbiddenTable: {},
    subscriptionGroupTable: groups,
  })
  write('consumerOffset.json', { dataVersion: version('offset'), offsetTable: offsets })
  if (Object.keys(delays).length > 0)
    write('delayOffset.json', { dataVersion: version('delay'), offsetTable: delays })
  fs.replaceFile(join(folder, 'config', 'timercheck'), timerCheckpoint(timersFrom, clock.now()))
  return {
    topics: Object.keys(topics).length,
    groups: Object.keys(groups).length,
    offsets: Object.values(offsets).reduce((sum, queues) => sum + Object.keys(queues).length, 0),
  }
}

/** As fastjson writes: null members are left out. */
function withoutNulls(_name: string, value: unknown): unknown {
  return value === null ? undefined : value
}

function topicTable(
  state: StateDb,
  { brokerName, clusterName }: { readonly brokerName: string; readonly clusterName: string },
  clock: Clock,
): Record<string, object> {
  const topics = new Topics(state, clock, clusterName, brokerName)
  const own = topics.all().filter(({ topicName }) => !topics.isSystem(topicName))
  const named = own.filter(({ topicName }) => topicName !== brokerName && topicName !== clusterName)
  return Object.fromEntries(named.map((config) => [config.topicName, config]))
}

function groupTable(state: StateDb): Record<string, object> {
  const rows = state.db.prepare('SELECT name, config FROM subscription_group ORDER BY name').all() as {
    name: string
    config: string
  }[]
  return Object.fromEntries(
    rows.map(({ name, config }) => [name, { ...groupConfig(name), ...(JSON.parse(config) as object) }]),
  )
}

function offsetTable(state: StateDb): Record<string, Record<string, number>> {
  const rows = state.db
    .prepare('SELECT * FROM consumer_offset ORDER BY topic, group_name, queue_id')
    .all() as {
    topic: string
    group_name: string
    queue_id: number
    next_offset: number
  }[]
  const table: Record<string, Record<string, number>> = {}
  for (const { topic, group_name: group, queue_id: queueId, next_offset: next } of rows) {
    const queues = (table[`${topic}@${group}`] ??= {})
    queues[String(queueId)] = next
  }
  return table
}

/**
 * TimerCheckpoint: the broker reads its wheel topic from this queue offset on. What was delivered of that is
 * delivered again.
 */
function timerCheckpoint(from: number, now: number): Buffer {
  const bytes = Buffer.alloc(56)
  writeI64(bytes, 0, Math.floor(now / timerPrecisionMs) * timerPrecisionMs)
  writeI64(bytes, 16, from)
  writeI64(bytes, 24, from)
  writeI64(bytes, 40, now)
  return bytes
}

function delayTable(state: StateDb): Record<string, number> {
  const rows = state.db.prepare('SELECT level, next_offset FROM delay_offset ORDER BY level').all() as {
    level: number
    next_offset: number
  }[]
  return Object.fromEntries(rows.map(({ level, next_offset: next }) => [String(level), next]))
}

import type { QueueStats } from '../../model/stats.ts'
import type { DataVersion } from '../../model/route.ts'
import type { TopicConfig } from '../../model/topic.ts'
import { configListSizeMax, json, type JsonObject } from './codecs.ts'
import { queueKey, readQueue } from './queues.ts'

/** Bodies of the requests about topics; each names its Java class. */

export function readTopicConfig(from: JsonObject): TopicConfig {
  return {
    topicName: from.text('topicName'),
    readQueueNums: from.number('readQueueNums', 16),
    writeQueueNums: from.number('writeQueueNums', 16),
    perm: from.number('perm', 6),
    topicFilterType: from.text('topicFilterType', 'SINGLE_TAG') === 'MULTI_TAG' ? 'MULTI_TAG' : 'SINGLE_TAG',
    topicSysFlag: from.number('topicSysFlag'),
    order: from.flag('order'),
    attributes: from.object('attributes').textMap(),
  }
}

export function readDataVersion(from: JsonObject): DataVersion {
  return {
    stateVersion: from.number('stateVersion'),
    timestamp: from.number('timestamp'),
    counter: from.number('counter'),
  }
}

export const topicConfigBody = json<TopicConfig>('TopicConfigAndQueueMapping', readTopicConfig)

export const topicConfigTable = json<{
  readonly dataVersion: DataVersion
  readonly topics: readonly TopicConfig[]
}>(
  'TopicConfigAndMappingSerializeWrapper',
  (from) => {
    const table = from.object('topicConfigTable')
    return {
      dataVersion: readDataVersion(from.object('dataVersion')),
      topics: table.names.map((name) => readTopicConfig(table.object(name))),
    }
  },
  ({ dataVersion, topics }) => ({
    dataVersion,
    topicConfigTable: Object.fromEntries(topics.map((config) => [config.topicName, config])),
    topicQueueMappingDetailMap: {},
    topicQueueMappingInfoMap: {},
  }),
)

export const topicConfigList = json<readonly TopicConfig[]>(
  'CreateTopicListRequestBody',
  (from) => from.objects('topicConfigList').map(readTopicConfig),
  (topics) => ({ topicConfigList: topics }),
  configListSizeMax,
)

export const topicStatsTable = json<{ readonly topicPutTps: number; readonly queues: readonly QueueStats[] }>(
  'TopicStatsTable',
  (from) => {
    const table = from.object('offsetTable')
    return {
      topicPutTps: from.number('topicPutTps'),
      queues: table.names.map((key) => {
        const row = table.object(key)
        return {
          ...readQueue(key),
          minOffset: row.number('minOffset'),
          maxOffset: row.number('maxOffset'),
          lastUpdateTimestamp: row.number('lastUpdateTimestamp'),
        }
      }),
    }
  },
  ({ topicPutTps, queues }) => ({
    topicPutTps,
    offsetTable: new Map(
      queues.map(({ minOffset, maxOffset, lastUpdateTimestamp, ...queue }) => [
        queueKey(queue),
        { minOffset, maxOffset, lastUpdateTimestamp },
      ]),
    ),
  }),
)

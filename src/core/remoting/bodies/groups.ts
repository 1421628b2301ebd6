import type { BrokerConsumeStats, ClientConnection, ProducerInstance } from '../../model/client-data.ts'
import type { GroupRetryPolicy, SubscriptionGroupConfig } from '../../model/group.ts'
import type { DataVersion } from '../../model/route.ts'
import { configListSizeMax, json, type JsonObject } from './codecs.ts'
import { consumeStatsShape, readConnection } from './bodies.ts'
import { readDataVersion } from './topics.ts'

/** Bodies of the requests about groups; each names its Java class. */

function readRetryPolicy(from: JsonObject): GroupRetryPolicy {
  const [exponential, customized] = [
    from.object('exponentialRetryPolicy'),
    from.object('customizedRetryPolicy'),
  ]
  return {
    type: from.text('type', 'CUSTOMIZED') === 'EXPONENTIAL' ? 'EXPONENTIAL' : 'CUSTOMIZED',
    // ExponentialRetryPolicy's defaults
    exponentialRetryPolicy: from.has('exponentialRetryPolicy')
      ? {
          initial: exponential.number('initial', 5000),
          max: exponential.number('max', 7_200_000),
          multiplier: exponential.number('multiplier', 2),
        }
      : null,
    customizedRetryPolicy: from.has('customizedRetryPolicy') ? { next: customized.numbers('next') } : null,
  }
}

function readGroupConfig(from: JsonObject): SubscriptionGroupConfig {
  return {
    groupName: from.text('groupName'),
    consumeEnable: from.flag('consumeEnable', true),
    consumeFromMinEnable: from.flag('consumeFromMinEnable', true),
    consumeBroadcastEnable: from.flag('consumeBroadcastEnable', true),
    consumeMessageOrderly: from.flag('consumeMessageOrderly'),
    retryQueueNums: from.number('retryQueueNums', 1),
    retryMaxTimes: from.number('retryMaxTimes', 16),
    groupRetryPolicy: readRetryPolicy(from.object('groupRetryPolicy')),
    brokerId: from.number('brokerId'),
    whichBrokerWhenConsumeSlowly: from.number('whichBrokerWhenConsumeSlowly', 1),
    notifyConsumerIdsChangedEnable: from.flag('notifyConsumerIdsChangedEnable', true),
    groupSysFlag: from.number('groupSysFlag'),
    consumeTimeoutMinute: from.number('consumeTimeoutMinute', 15),
    subscriptionDataSet: from.has('subscriptionDataSet')
      ? from.objects('subscriptionDataSet').map((each) => ({
          topic: each.text('topic'),
          expressionType: each.text('expressionType', 'TAG'),
          expression: each.text('expression', '*'),
          version: each.number('version'),
        }))
      : null,
    attributes: from.object('attributes').textMap(),
  }
}

export const groupConfigBody = json<SubscriptionGroupConfig>('SubscriptionGroupConfig', readGroupConfig)

export const groupConfigList = json<readonly SubscriptionGroupConfig[]>(
  'SubscriptionGroupList',
  (from) => from.objects('groupConfigList').map(readGroupConfig),
  (groups) => ({ groupConfigList: groups }),
  configListSizeMax,
)

export const groupConfigTable = json<{
  readonly dataVersion: DataVersion
  readonly groups: readonly SubscriptionGroupConfig[]
}>(
  'SubscriptionGroupWrapper',
  (from) => {
    const table = from.object('subscriptionGroupTable')
    return {
      dataVersion: readDataVersion(from.object('dataVersion')),
      groups: table.names.map((name) => readGroupConfig(table.object(name))),
    }
  },
  ({ dataVersion, groups }) => ({
    dataVersion,
    forbiddenTable: {},
    subscriptionGroupTable: Object.fromEntries(groups.map((config) => [config.groupName, config])),
  }),
)

/** What all groups of a broker have still to consume; ConsumeStatsList. */
export const brokerConsumeStats = json<BrokerConsumeStats>(
  'ConsumeStatsList',
  (from) => ({
    brokerAddr: from.text('brokerAddr'),
    totalDiff: from.number('totalDiff'),
    totalInflightDiff: from.number('totalInflightDiff'),
    groups: from.objects('consumeStatsList').flatMap((map) =>
      map.names.map((group) => ({
        group,
        stats: map.objects(group).map((each) => consumeStatsShape.read(each)),
      })),
    ),
  }),
  ({ groups, ...rest }) => ({
    ...rest,
    consumeStatsList: groups.map(({ group, stats }) => ({ [group]: stats.map(consumeStatsShape.write) })),
  }),
)

export const producerConnection = json<readonly ClientConnection[]>(
  'ProducerConnection',
  (from) => from.objects('connectionSet').map(readConnection),
  (connections) => ({ connectionSet: connections }),
)

export const producerTable = json<readonly ProducerInstance[]>(
  'ProducerTableInfo',
  (from) => {
    const data = from.object('data')
    return data.names.flatMap((group) =>
      data.objects(group).map((each) => ({
        group,
        clientId: each.text('clientId'),
        remoteIP: each.text('remoteIP'),
        language: each.text('language'),
        version: each.number('version'),
        lastUpdateTimestamp: each.number('lastUpdateTimestamp'),
      })),
    )
  },
  (instances) => {
    const data: Record<string, object[]> = {}
    for (const { group, ...instance } of instances) (data[group] ??= []).push(instance)
    return { data }
  },
)

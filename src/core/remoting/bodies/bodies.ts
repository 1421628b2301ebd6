import type {
  ClientCheck,
  ClientConnection,
  ConsumeStats,
  ConsumerConnection,
  HeartbeatData,
} from '../../model/client-data.ts'
import type { BrokerData, ClusterInfo, QueueData, TopicRoute } from '../../model/route.ts'
import { json, type JsonObject } from './codecs.ts'
import { readQueue } from './queues.ts'

/** Body shapes of remoting.md §11; each names its Java class. */

function readBrokerData(from: JsonObject): BrokerData {
  const addrs = from.object('brokerAddrs')
  const brokerAddrs: Record<number, string> = {}
  for (const id of addrs.names) brokerAddrs[Number(id)] = addrs.text(id)
  return {
    brokerAddrs,
    brokerName: from.text('brokerName'),
    cluster: from.text('cluster'),
    enableActingMaster: from.flag('enableActingMaster'),
  }
}

function readQueueData(from: JsonObject): QueueData {
  return {
    brokerName: from.text('brokerName'),
    perm: from.number('perm'),
    readQueueNums: from.number('readQueueNums'),
    topicSysFlag: from.number('topicSysFlag'),
    writeQueueNums: from.number('writeQueueNums'),
  }
}

/** Keys quoted: what clients since 4.9.4 are sent, and every older one reads as well (remoting.md §10). */
export const topicRouteData = json<TopicRoute>('TopicRouteData', (from) => {
  const filters = from.object('filterServerTable')
  const filterServerTable = Object.fromEntries(filters.names.map((name) => [name, filters.texts(name)]))
  const orderTopicConf = from.textOrNull('orderTopicConf')
  return {
    brokerDatas: from.objects('brokerDatas').map(readBrokerData),
    filterServerTable,
    ...(orderTopicConf === null ? {} : { orderTopicConf }),
    queueDatas: from.objects('queueDatas').map(readQueueData),
  }
})

export const clusterInfo = json<ClusterInfo>(
  'ClusterInfo',
  (from) => {
    const brokers = from.object('brokerAddrTable')
    const clusters = from.object('clusterAddrTable')
    return {
      brokerAddrTable: Object.fromEntries(
        brokers.names.map((name) => [name, readBrokerData(brokers.object(name))]),
      ),
      clusterAddrTable: Object.fromEntries(clusters.names.map((name) => [name, clusters.texts(name)])),
    }
  },
  (info) => ({
    clusterAddrTable: info.clusterAddrTable,
    brokerAddrTable: Object.fromEntries(
      Object.entries(info.brokerAddrTable).map(([name, data]) => [
        name,
        // 106 has integer keys without quotes for every client
        {
          ...data,
          brokerAddrs: new Map(Object.entries(data.brokerAddrs).map(([id, addr]) => [Number(id), addr])),
        },
      ]),
    ),
  }),
)

export const topicList = json<readonly string[]>(
  'TopicList',
  (from) => from.texts('topicList'),
  (topics) => ({ topicList: topics }),
)

export const groupList = json<readonly string[]>(
  'GroupList',
  (from) => from.texts('groupList'),
  (groups) => ({ groupList: groups }),
)

export const consumerIdList = json<readonly string[]>(
  'GetConsumerListByGroupResponseBody',
  (from) => from.texts('consumerIdList'),
  (ids) => ({ consumerIdList: ids }),
)

export const kvTable = json<Readonly<Record<string, string>>>(
  'KVTable',
  (from) => from.object('table').textMap(),
  (table) => ({ table }),
)

export function readSubscription(
  from: JsonObject,
): HeartbeatData['consumers'][number]['subscriptions'][number] {
  return {
    topic: from.text('topic'),
    subString: from.text('subString'),
    expressionType: from.text('expressionType', 'TAG'),
    tagsSet: from.texts('tagsSet'),
    codeSet: from.numbers('codeSet'),
    subVersion: from.number('subVersion'),
    classFilterMode: from.flag('classFilterMode'),
  }
}

export const heartbeatData = json<HeartbeatData>(
  'HeartbeatData',
  (from) => ({
    clientId: from.text('clientID'),
    producerGroups: from.objects('producerDataSet').map((each) => each.text('groupName')),
    consumers: from.objects('consumerDataSet').map((each) => ({
      groupName: each.text('groupName'),
      consumeType: each.text('consumeType', 'CONSUME_PASSIVELY'),
      messageModel: each.text('messageModel', 'CLUSTERING'),
      consumeFromWhere: each.text('consumeFromWhere', 'CONSUME_FROM_LAST_OFFSET'),
      subscriptions: each.objects('subscriptionDataSet').map(readSubscription),
      unitMode: each.flag('unitMode'),
    })),
    fingerprint: from.number('heartbeatFingerprint'),
    withoutSub: from.flag('withoutSub'),
  }),
  (data) => ({
    clientID: data.clientId,
    producerDataSet: data.producerGroups.map((groupName) => ({ groupName })),
    consumerDataSet: data.consumers.map(({ subscriptions, ...rest }) => ({
      ...rest,
      subscriptionDataSet: subscriptions,
    })),
    heartbeatFingerprint: data.fingerprint,
    withoutSub: data.withoutSub,
  }),
)

export function readConnection(from: JsonObject): ClientConnection {
  return {
    clientId: from.text('clientId'),
    clientAddr: from.text('clientAddr'),
    language: from.text('language'),
    version: from.number('version'),
  }
}

export const clientCheck = json<ClientCheck>(
  'CheckClientRequestBody',
  (from) => ({
    clientId: from.text('clientId'),
    group: from.text('group'),
    subscription: from.has('subscriptionData') ? readSubscription(from.object('subscriptionData')) : null,
  }),
  ({ subscription, ...rest }) => ({ ...rest, subscriptionData: subscription }),
)

export const consumerConnection = json<ConsumerConnection>(
  'ConsumerConnection',
  (from) => {
    const table = from.object('subscriptionTable')
    return {
      connections: from.objects('connectionSet').map(readConnection),
      consumeType: from.text('consumeType'),
      messageModel: from.text('messageModel'),
      consumeFromWhere: from.text('consumeFromWhere'),
      subscriptions: table.names.map((topic) => readSubscription(table.object(topic))),
    }
  },
  ({ connections, subscriptions, ...rest }) => ({
    ...rest,
    connectionSet: connections,
    subscriptionTable: Object.fromEntries(subscriptions.map((each) => [each.topic, each])),
  }),
)

/** ConsumeStats, which others' bodies hold, too. */
export const consumeStatsShape = {
  read(from: JsonObject): ConsumeStats {
    const table = from.object('offsetTable')
    return {
      consumeTps: from.number('consumeTps'),
      offsets: table.names.map((key) => {
        const row = table.object(key)
        return {
          queue: readQueue(key),
          brokerOffset: row.number('brokerOffset'),
          consumerOffset: row.number('consumerOffset'),
          pullOffset: row.number('pullOffset'),
          lastTimestamp: row.number('lastTimestamp'),
        }
      }),
    }
  },
  write: (stats: ConsumeStats): object => ({
    consumeTps: stats.consumeTps,
    offsetTable: new Map(stats.offsets.map(({ queue, ...row }) => [queue, row])),
  }),
}

export const consumeStats = json<ConsumeStats>(
  'ConsumeStats',
  (from) => consumeStatsShape.read(from),
  consumeStatsShape.write,
)

import type { TopicConfig } from './topic.ts'

/** Where a topic lives; RocketMQ's TopicRouteData. Keys in Java's alphabetical order, as it is printed. */
export interface TopicRoute {
  readonly brokerDatas: readonly BrokerData[]
  readonly filterServerTable: Readonly<Record<string, readonly string[]>>
  readonly orderTopicConf?: string
  readonly queueDatas: readonly QueueData[]
}

export interface BrokerData {
  /** Broker id to `ip:port`; id 0 is the master. */
  readonly brokerAddrs: Readonly<Record<number, string>>
  readonly brokerName: string
  readonly cluster: string
  readonly enableActingMaster: boolean
}

export interface QueueData {
  readonly brokerName: string
  readonly perm: number
  readonly readQueueNums: number
  readonly topicSysFlag: number
  readonly writeQueueNums: number
}

/** RocketMQ's ClusterInfo. */
export interface ClusterInfo {
  readonly brokerAddrTable: Readonly<Record<string, BrokerData>>
  readonly clusterAddrTable: Readonly<Record<string, readonly string[]>>
}

/** RocketMQ's DataVersion: a name server takes topics anew when it is another one. */
export interface DataVersion {
  readonly stateVersion: number
  /** Epoch ms. */
  readonly timestamp: number
  readonly counter: number
}

/** What a broker tells of itself; REGISTER_BROKER's body. */
export interface BrokerTopics {
  readonly dataVersion: DataVersion
  /** All, or those that changed. */
  readonly topics: readonly TopicConfig[]
}

export const masterId = 0

/** "One address of a broker name": the master if there is one, else the slave with the lowest id. */
export function brokerAddr(broker: BrokerData): string | null {
  const master = broker.brokerAddrs[masterId]
  if (master !== undefined) return master
  const ids = Object.keys(broker.brokerAddrs).map(Number)
  ids.sort((a, b) => a - b)
  return ids.length === 0 ? null : broker.brokerAddrs[ids[0]!]!
}

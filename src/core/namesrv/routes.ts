import type { ClusterInfo, TopicRoute } from '../model/route.ts'
import type { TopicConfig } from '../model/topic.ts'

/** A broker as the name server knows it. */
export interface RegisteredBroker {
  readonly cluster: string
  readonly brokerName: string
  readonly brokerId: number
  /**
   * `ip:port` for a caller who dialled `dialled`: a broker in this process is where the caller already is.
   */
  addrFor(dialled: string): string
  topic(name: string): TopicConfig | null
  topics(): readonly TopicConfig[]
}

/** What the name server answers about brokers and topics; RouteInfoManager. */
export class Routes {
  readonly #brokers: readonly RegisteredBroker[]

  constructor(brokers: readonly RegisteredBroker[]) {
    this.#brokers = brokers
  }

  /** Null for a topic that no broker has. */
  route(topic: string, dialled: string): TopicRoute | null {
    const owners = this.#brokers.flatMap((broker) => {
      const config = broker.topic(topic)
      return config === null ? [] : [{ broker, config }]
    })
    if (owners.length === 0) return null
    return {
      brokerDatas: owners.map(({ broker }) => brokerData(broker, dialled)),
      filterServerTable: {},
      queueDatas: owners.map(({ broker, config }) => ({
        brokerName: broker.brokerName,
        perm: config.perm,
        readQueueNums: config.readQueueNums,
        topicSysFlag: config.topicSysFlag,
        writeQueueNums: config.writeQueueNums,
      })),
    }
  }

  clusterInfo(dialled: string): ClusterInfo {
    const clusters: Record<string, string[]> = {}
    for (const { cluster, brokerName } of this.#brokers) (clusters[cluster] ??= []).push(brokerName)
    return {
      brokerAddrTable: Object.fromEntries(
        this.#brokers.map((broker) => [broker.brokerName, brokerData(broker, dialled)]),
      ),
      clusterAddrTable: clusters,
    }
  }

  topicNames(): string[] {
    return [...new Set(this.#brokers.flatMap((broker) => broker.topics().map((config) => config.topicName)))]
  }
}

function brokerData(broker: RegisteredBroker, dialled: string): TopicRoute['brokerDatas'][number] {
  return {
    brokerAddrs: { [broker.brokerId]: broker.addrFor(dialled) },
    brokerName: broker.brokerName,
    cluster: broker.cluster,
    enableActingMaster: false,
  }
}

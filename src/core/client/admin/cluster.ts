import { MqError } from '../../errors.ts'
import type { ClusterAdmin, ClusterBroker, ClusterMember } from '../admin.ts'
import type { Invoker } from '../invoker.ts'
import type { NameServers } from '../name-servers.ts'
import { runtimeOf } from './brokers.ts'

export class RemotingClusterAdmin implements ClusterAdmin {
  readonly #invoker: Invoker
  readonly #nameServers: NameServers

  constructor(invoker: Invoker, nameServers: NameServers) {
    this.#invoker = invoker
    this.#nameServers = nameServers
  }

  masters(clusterName: string): Promise<readonly string[]> {
    return this.#nameServers.masters(clusterName)
  }

  async members(clusterName?: string): Promise<readonly ClusterMember[]> {
    const info = await this.#nameServers.clusterInfo()
    if (clusterName !== undefined && info.clusterAddrTable[clusterName] === undefined) {
      throw new MqError('MQ_CLUSTER_NOT_EXIST', `no such cluster: ${clusterName}`)
    }
    const clusters = clusterName === undefined ? Object.keys(info.clusterAddrTable) : [clusterName]
    return clusters.flatMap((cluster) =>
      (info.clusterAddrTable[cluster] ?? []).flatMap((brokerName) => {
        const addrs = info.brokerAddrTable[brokerName]?.brokerAddrs ?? {}
        return Object.keys(addrs).map((id) => ({
          clusterName: cluster,
          brokerName,
          brokerId: Number(id),
          brokerAddr: addrs[Number(id)]!,
        }))
      }),
    )
  }

  async list(clusterName?: string): Promise<readonly ClusterBroker[]> {
    const rows = await this.members(clusterName)
    return Promise.all(rows.map((row) => this.#withRuntime(row)))
  }

  /** One broker that fails hides no other; ClusterListSubCommand. */
  async #withRuntime(row: ClusterMember): Promise<ClusterBroker> {
    try {
      return { ...row, runtime: await runtimeOf(this.#invoker, row.brokerAddr), failure: null }
    } catch (error) {
      if (error instanceof MqError) return { ...row, runtime: null, failure: error.message }
      throw error
    }
  }
}

import type { ClusterAdmin, MessageAdmin, MqAdmin, Target, TopicAdmin } from './admin.ts'
import { RemotingBrokerAdmin } from './admin/brokers.ts'
import { RemotingClusterAdmin } from './admin/cluster.ts'
import { RemotingGroupAdmin } from './admin/groups.ts'
import { RemotingMessageAdmin } from './admin/messages.ts'
import { RemotingNameServerAdmin } from './admin/name-servers.ts'
import { RemotingRequestAdmin } from './admin/requests.ts'
import { RemotingTopicAdmin } from './admin/topics.ts'
import { RemotingTransactionAdmin } from './admin/transactions.ts'
import type { BrokerAdmin, NameServerAdmin } from './broker-admin.ts'
import type { GroupAdmin } from './group-admin.ts'
import type { Invoker } from './invoker.ts'
import type { RequestAdmin } from './request-admin.ts'
import { RouteTable } from './route-table.ts'
import { NameServers } from './name-servers.ts'
import type { TransactionAdmin } from './transaction-admin.ts'

/** The one implementation of MqAdmin: requests over an invoker, whichever it is. */
export class RemotingAdmin implements MqAdmin {
  readonly target: Target
  readonly topics: TopicAdmin
  readonly messages: MessageAdmin
  readonly cluster: ClusterAdmin
  readonly groups: GroupAdmin
  readonly transactions: TransactionAdmin
  readonly requests: RequestAdmin
  readonly brokers: BrokerAdmin
  readonly nameServers: NameServerAdmin
  readonly #invoker: Invoker

  /** @param namesrv addresses the invoker reaches the name servers at */
  constructor(target: Target, invoker: Invoker, namesrv: readonly string[]) {
    const nameServers = new NameServers(invoker, namesrv)
    const routes = new RouteTable(nameServers)
    this.target = target
    this.topics = new RemotingTopicAdmin(invoker, nameServers)
    this.messages = new RemotingMessageAdmin(invoker, nameServers, routes)
    this.cluster = new RemotingClusterAdmin(invoker, nameServers)
    this.groups = new RemotingGroupAdmin(invoker, nameServers, routes, this.topics)
    this.transactions = new RemotingTransactionAdmin(invoker, nameServers, routes, this.messages)
    this.requests = new RemotingRequestAdmin(invoker, nameServers, routes, this.messages)
    this.brokers = new RemotingBrokerAdmin(invoker, nameServers)
    this.nameServers = new RemotingNameServerAdmin(invoker, nameServers)
    this.#invoker = invoker
  }

  close(): Promise<void> {
    return this.#invoker.close()
  }
}

import { MqError } from '../../errors.ts'
import { autoCreateTopic, dlqPrefix, retryPrefix } from '../../model/names.ts'
import { brokerAddr, masterId, type TopicRoute } from '../../model/route.ts'
import { compareQueues } from '../../model/queue.ts'
import type { QueueStats } from '../../model/stats.ts'
import type { TopicConfig } from '../../model/topic.ts'
import { ResponseCode } from '../../remoting/response-codes.ts'
import type { Reach, Scope, TopicAdmin, TopicOwner, TopicUpdate } from '../admin.ts'
import { tellEach } from '../each-broker.ts'
import type { Invoker } from '../invoker.ts'
import { bodyOf, checkSuccess, headerOf, type NameServers } from '../name-servers.ts'

/** NamesrvUtil.NAMESPACE_ORDER_TOPIC_CONFIG */
const orderNamespace = 'ORDER_TOPIC_CONFIG'

export class RemotingTopicAdmin implements TopicAdmin {
  readonly #invoker: Invoker
  readonly #nameServers: NameServers

  constructor(invoker: Invoker, nameServers: NameServers) {
    this.#invoker = invoker
    this.#nameServers = nameServers
  }

  async update(config: TopicConfig, scope: Scope): Promise<TopicUpdate> {
    const addresses = await this.#nameServers.addressesOf(scope)
    // before the topic, as UpdateTopicSubCommand does
    const orderConf = config.order ? await this.#putOrderConf(config, scope, addresses) : null
    for (const address of addresses) await this.#updateOn(address, config)
    return { brokerAddrs: addresses, orderConf, config }
  }

  async #updateOn(address: string, config: TopicConfig): Promise<void> {
    const reply = await this.#invoker.invoke(address, 'UPDATE_AND_CREATE_TOPIC', {
      header: {
        topic: config.topicName,
        defaultTopic: autoCreateTopic,
        readQueueNums: config.readQueueNums,
        writeQueueNums: config.writeQueueNums,
        perm: config.perm,
        topicFilterType: config.topicFilterType,
        topicSysFlag: config.topicSysFlag,
        order: config.order,
        attributes: Object.entries(config.attributes)
          .map(([key, value]) => (key.startsWith('-') ? key : `${key}=${value}`))
          .join(','),
      },
      body: undefined,
    })
    checkSuccess(reply, `topic ${config.topicName} on ${address}`)
  }

  /**
   * A cluster's configuration is overwritten, one broker's merged into what is there: UpdateTopicSubCommand.
   */
  async #putOrderConf(config: TopicConfig, scope: Scope, addresses: readonly string[]): Promise<string> {
    const info = await this.#nameServers.clusterInfo()
    const names = Object.values(info.brokerAddrTable)
      .filter((broker) => addresses.includes(broker.brokerAddrs[masterId] ?? ''))
      .map((broker) => broker.brokerName)
    const entries = new Map(names.map((name) => [name, `${name}:${config.writeQueueNums}`]))
    const known = 'brokerAddr' in scope ? await this.#orderConf(config.topicName) : ''
    for (const part of known.split(';')) {
      const name = part.slice(0, part.indexOf(':'))
      if (part !== '' && !entries.has(name)) entries.set(name, part)
    }
    const orderConf = [...entries.values()].join(';')
    await this.setOrderConf(config.topicName, orderConf)
    return 'brokerAddr' in scope ? names.map((name) => entries.get(name)!).join(';') : orderConf
  }

  async updateAll(configs: readonly TopicConfig[], scope: Scope): Promise<readonly string[]> {
    const addresses = await this.#nameServers.addressesOf(scope)
    const about = `the configuration of ${configs.length} topics`
    await tellEach(addresses, about, async (address) => {
      const call = { header: {}, body: configs }
      checkSuccess(await this.#invoker.invoke(address, 'UPDATE_AND_CREATE_TOPIC_LIST', call), about)
    })
    return addresses
  }

  async delete(topic: string, scope: { readonly clusterName: string }): Promise<readonly string[]> {
    const addresses = await this.#nameServers.masters(scope.clusterName)
    const about = `the deletion of ${topic}`
    await tellEach(addresses, about, async (address) => {
      const call = { header: { topic }, body: undefined }
      checkSuccess(await this.#invoker.invoke(address, 'DELETE_TOPIC_IN_BROKER', call), about)
    })
    const header = { topic, clusterName: scope.clusterName }
    await this.#nameServers.tellAll('DELETE_TOPIC_IN_NAMESRV', { header, body: undefined }, about)
    await this.deleteOrderConf(topic)
    return addresses
  }

  async stats(topic: string, clusterName?: string): Promise<readonly QueueStats[]> {
    const route = await this.#nameServers.route(topic)
    const queues: QueueStats[] = []
    for (const broker of route.brokerDatas) {
      const address = brokerAddr(broker)
      if (address === null || (clusterName !== undefined && broker.cluster !== clusterName)) continue
      const call = { header: { topic }, body: undefined }
      const reply = await this.#invoker.invoke(address, 'GET_TOPIC_STATS_INFO', call)
      queues.push(...bodyOf(reply, `status of ${topic} on ${broker.brokerName}`).queues)
    }
    return queues.sort(compareQueues)
  }

  async clusters(topic: string): Promise<readonly string[]> {
    const route = await this.#nameServers.route(topic)
    return clustersOf(route, (await this.#nameServers.clusterInfo()).clusterAddrTable)
  }

  async groups(topic: string): Promise<readonly string[]> {
    const groups = new Set<string>()
    for (const broker of (await this.#nameServers.route(topic)).brokerDatas) {
      const address = brokerAddr(broker)
      if (address === null) continue
      for (const group of await this.#consumeByWho(address, topic)) groups.add(group)
    }
    return [...groups]
  }

  async cleanUnused(reach: Reach): Promise<void> {
    await tellEach(await this.#nameServers.addressesOf(reach), 'the cleaning', async (address) => {
      const reply = await this.#invoker.invoke(address, 'CLEAN_UNUSED_TOPIC', { header: {}, body: undefined })
      checkSuccess(reply, `cleaning of unused topics on ${address}`)
    })
  }

  async orderConf(topic: string): Promise<string | null> {
    const conf = await this.#orderConf(topic)
    return conf === '' ? null : conf
  }

  async setOrderConf(topic: string, orderConf: string): Promise<void> {
    const header = { namespace: orderNamespace, key: topic, value: orderConf }
    const about = `order configuration of ${topic}`
    await this.#nameServers.tellAll('PUT_KV_CONFIG', { header, body: undefined }, about)
  }

  async deleteOrderConf(topic: string): Promise<void> {
    const header = { namespace: orderNamespace, key: topic }
    const about = `order configuration of ${topic}`
    await this.#nameServers.tellAll('DELETE_KV_CONFIG', { header, body: undefined }, about)
  }

  async #orderConf(topic: string): Promise<string> {
    const reply = await this.#nameServers.ask('GET_KV_CONFIG', {
      header: { namespace: orderNamespace, key: topic },
      body: undefined,
    })
    if (reply.code === ResponseCode.queryNotFound) return ''
    return headerOf(reply, `order configuration of ${topic}`).value ?? ''
  }

  async list(): Promise<readonly string[]> {
    const reply = await this.#nameServers.ask('GET_ALL_TOPIC_LIST_FROM_NAMESERVER', {
      header: {},
      body: undefined,
    })
    return bodyOf(reply, 'topic list')
  }

  async listByCluster(): Promise<readonly TopicOwner[]> {
    const info = await this.#nameServers.clusterInfo()
    const owners: TopicOwner[] = []
    for (const topic of await this.list()) {
      if (topic.startsWith(retryPrefix) || topic.startsWith(dlqPrefix)) continue
      const route = await this.#nameServers.routeOrNull(topic)
      if (route === null) continue
      const groups = await this.#groupsOf(topic, route)
      for (const clusterName of clustersOf(route, info.clusterAddrTable)) {
        for (const consumerGroup of groups) owners.push({ clusterName, topic, consumerGroup })
      }
    }
    return owners
  }

  /** '' when there is none: the row is printed all the same. */
  async #groupsOf(topic: string, route: TopicRoute): Promise<string[]> {
    for (const broker of route.brokerDatas) {
      const address = brokerAddr(broker)
      if (address === null) continue
      const groups = await this.#consumeByWho(address, topic)
      return groups.length === 0 ? [''] : [...groups]
    }
    return ['']
  }

  async #consumeByWho(address: string, topic: string): Promise<readonly string[]> {
    const reply = await this.#invoker.invoke(address, 'QUERY_TOPIC_CONSUME_BY_WHO', {
      header: { topic },
      body: undefined,
    })
    return bodyOf(reply, `groups of ${topic}`)
  }

  async route(topic: string): Promise<TopicRoute> {
    return this.#nameServers.route(topic)
  }
}

function clustersOf(route: TopicRoute, table: Readonly<Record<string, readonly string[]>>): string[] {
  const names = new Set(route.brokerDatas.map((broker) => broker.brokerName))
  const clusters = Object.keys(table).filter((cluster) => table[cluster]!.some((name) => names.has(name)))
  if (clusters.length === 0)
    throw new MqError('MQ_FAILED', 'the cluster of a broker is not known to the name server')
  return clusters
}

import { MqError } from '../../errors.ts'
import type {
  BrokerConsumeStats,
  ClientConnection,
  ConsumerConnection,
  ConsumerRunningInfo,
  ConsumeStats,
  ProducerInstance,
} from '../../model/client-data.ts'
import type { SubscriptionGroupConfig } from '../../model/group.ts'
import { dlqPrefix, retryPrefix } from '../../model/names.ts'
import { compareQueues, type MessageQueue } from '../../model/queue.ts'
import { brokerAddr } from '../../model/route.ts'
import type { QueueOffset } from '../../model/stats.ts'
import { ResponseCode } from '../../remoting/response-codes.ts'
import type { Scope, TopicAdmin } from '../admin.ts'
import { tellEach } from '../each-broker.ts'
import type { BrokerGroup, GroupAdmin } from '../group-admin.ts'
import type { Invoker } from '../invoker.ts'
import { bodyOf, checkSuccess, headerOf, type NameServers } from '../name-servers.ts'
import type { RouteTable } from '../route-table.ts'
import { groupsOn } from './paging.ts'

export class RemotingGroupAdmin implements GroupAdmin {
  readonly #invoker: Invoker
  readonly #nameServers: NameServers
  readonly #routes: RouteTable
  readonly #topics: TopicAdmin

  constructor(invoker: Invoker, nameServers: NameServers, routes: RouteTable, topics: TopicAdmin) {
    this.#routes = routes
    this.#invoker = invoker
    this.#nameServers = nameServers
    this.#topics = topics
  }

  async update(configs: readonly SubscriptionGroupConfig[], scope: Scope): Promise<readonly string[]> {
    const addresses = await this.#nameServers.addressesOf(scope)
    const about = `group ${configs.map(({ groupName }) => groupName).join(', ')}`
    await tellEach(addresses, about, async (address) => {
      const [config] = configs
      const reply =
        configs.length === 1
          ? await this.#invoker.invoke(address, 'UPDATE_AND_CREATE_SUBSCRIPTIONGROUP', {
              header: {},
              body: config!,
            })
          : await this.#invoker.invoke(address, 'UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST', {
              header: {},
              body: configs,
            })
      checkSuccess(reply, `${about} on ${address}`)
    })
    return addresses
  }

  async delete(group: string, scope: Scope, removeOffsets: boolean): Promise<readonly string[]> {
    const addresses = await this.#nameServers.addressesOf(scope)
    await tellEach(addresses, `the deletion of ${group}`, async (address) => {
      const call = { header: { groupName: group, cleanOffset: removeOffsets }, body: undefined }
      checkSuccess(
        await this.#invoker.invoke(address, 'DELETE_SUBSCRIPTIONGROUP', call),
        `${group} on ${address}`,
      )
    })
    if ('clusterName' in scope) {
      for (const prefix of [retryPrefix, dlqPrefix]) await this.#topics.delete(prefix + group, scope)
    }
    return addresses
  }

  async configs(group: string): Promise<readonly BrokerGroup[]> {
    const info = await this.#nameServers.clusterInfo()
    const found: BrokerGroup[] = []
    for (const [clusterName, names] of Object.entries(info.clusterAddrTable)) {
      for (const brokerName of names) {
        const broker = info.brokerAddrTable[brokerName]
        const address = broker === undefined ? null : brokerAddr(broker)
        if (address === null) continue
        const config = (await groupsOn(this.#invoker, address)).find(({ groupName }) => groupName === group)
        if (config !== undefined) found.push({ clusterName, brokerName, config })
      }
    }
    if (found.length === 0) throw new MqError('MQ_GROUP_NOT_EXIST', `no broker has a group ${group}`)
    return found
  }

  async list(): Promise<readonly string[]> {
    const topics = await this.#topics.list()
    return topics
      .filter((topic) => topic.startsWith(retryPrefix))
      .map((topic) => topic.slice(retryPrefix.length))
  }

  async progress(group: string, topic?: string, clusterName?: string): Promise<ConsumeStats> {
    const parts: ConsumeStats[] = []
    for (const address of await this.#brokersOf(group, topic, clusterName)) {
      const reply = await this.#invoker.invoke(address, 'GET_CONSUME_STATS', {
        header: { consumerGroup: group, ...(topic !== undefined && { topic }) },
        body: undefined,
      })
      parts.push(bodyOf(reply, `progress of ${group}`))
    }
    const offsets = parts.flatMap((part) => part.offsets).sort((a, b) => compareQueues(a.queue, b.queue))
    if (offsets.length === 0) {
      throw new MqError('MQ_NOT_FOUND', `group ${group} has consumed nothing${of(topic)}`, {
        hint: 'list groups with `consumerProgress`',
      })
    }
    return { consumeTps: parts.reduce((sum, { consumeTps }) => sum + consumeTps, 0), offsets }
  }

  /** Of its retry topic, else of the topic: DefaultMQAdminExtImpl.examineConsumeStats. Here, else all. */
  async #brokersOf(group: string, topic?: string, clusterName?: string): Promise<string[]> {
    for (const name of [retryPrefix + group, topic]) {
      const route = name === undefined ? null : await this.#nameServers.routeOrNull(name)
      if (route === null) continue
      const brokers = route.brokerDatas.filter(
        ({ cluster }) => clusterName === undefined || cluster === clusterName,
      )
      return brokers.flatMap((broker) => brokerAddr(broker) ?? [])
    }
    const info = await this.#nameServers.clusterInfo()
    return Object.values(info.brokerAddrTable).flatMap((broker) => brokerAddr(broker) ?? [])
  }

  async members(group: string, address?: string): Promise<ConsumerConnection> {
    const brokers = address === undefined ? await this.#brokersOf(group) : [address]
    let offline: MqError | null = null
    for (const broker of brokers) {
      const call = { header: { consumerGroup: group }, body: undefined }
      const reply = await this.#invoker.invoke(broker, 'GET_CONSUMER_CONNECTION_LIST', call)
      if (reply.code !== ResponseCode.consumerNotOnline) return bodyOf(reply, `members of ${group}`)
      offline = MqError.fromResponse(reply.code, reply.remark, `members of ${group}`)
    }
    throw offline ?? new MqError('MQ_CONSUMER_NOT_ONLINE', `no broker knows the group ${group}`)
  }

  async runningInfo(group: string, clientId: string, jstack = false): Promise<ConsumerRunningInfo> {
    let failure: MqError | null = null
    for (const broker of await this.#brokersOf(group)) {
      const header = { consumerGroup: group, clientId, jstackEnable: jstack }
      const reply = await this.#invoker.invoke(broker, 'GET_CONSUMER_RUNNING_INFO', {
        header,
        body: undefined,
      })
      if (reply.code === ResponseCode.success && reply.body !== null) return reply.body
      failure = notOnline(MqError.fromResponse(reply.code, reply.remark, `running info of ${clientId}`))
    }
    throw failure ?? new MqError('MQ_CONSUMER_NOT_ONLINE', `no broker knows the group ${group}`)
  }

  async producers(group: string, topic: string): Promise<readonly ClientConnection[]> {
    const route = await this.#nameServers.route(topic)
    const found: ClientConnection[] = []
    for (const broker of route.brokerDatas) {
      const address = brokerAddr(broker)
      if (address === null) continue
      const call = { header: { producerGroup: group }, body: undefined }
      const reply = await this.#invoker.invoke(address, 'GET_PRODUCER_CONNECTION_LIST', call)
      if (reply.code === ResponseCode.success && reply.body !== null) found.push(...reply.body)
    }
    if (found.length > 0) return found
    throw new MqError('MQ_NOT_FOUND', `no producer of group ${group} is connected`)
  }

  async allProducers(address: string): Promise<readonly ProducerInstance[]> {
    const call = { header: {}, body: undefined }
    return bodyOf(await this.#invoker.invoke(address, 'GET_ALL_PRODUCER_INFO', call), 'producers')
  }

  async brokerProgress(address: string, orderedOnly: boolean): Promise<BrokerConsumeStats> {
    const call = { header: { isOrder: orderedOnly }, body: undefined }
    const reply = await this.#invoker.invoke(address, 'GET_BROKER_CONSUME_STATS', call)
    return bodyOf(reply, `progress of all groups on ${address}`)
  }

  async resetByTime(
    group: string,
    topic: string,
    timestamp: number,
    { force, clusterName }: { readonly force: boolean; readonly clusterName?: string },
  ): Promise<readonly QueueOffset[]> {
    const route = await this.#nameServers.route(topic)
    const moved: QueueOffset[] = []
    for (const broker of route.brokerDatas) {
      const address = brokerAddr(broker)
      if (address === null || (clusterName !== undefined && broker.cluster !== clusterName)) continue
      const header = { group, topic, timestamp, isForce: force }
      const reply = await this.#invoker.invoke(address, 'INVOKE_BROKER_TO_RESET_OFFSET', {
        header,
        body: undefined,
      })
      moved.push(...bodyOf(reply, `reset of ${group} in ${topic} on ${broker.brokerName}`))
    }
    await this.#readBack(group, moved)
    return moved.sort(compareQueues)
  }

  async reset(group: string, moves: readonly QueueOffset[]): Promise<void> {
    for (const { topic, brokerName, queueId, offset } of moves) {
      const address = await this.#routes.addressOf({ topic, brokerName, queueId })
      const header = { group, topic, queueId, offset, timestamp: -1, isForce: true }
      const reply = await this.#invoker.invoke(address, 'INVOKE_BROKER_TO_RESET_OFFSET', {
        header,
        body: undefined,
      })
      checkSuccess(reply, `reset of ${group} in queue ${queueId} of ${topic} on ${brokerName}`)
    }
    await this.#readBack(group, moves)
  }

  /** A consumer that goes on by what it remembers may have put its own offset back. */
  async #readBack(group: string, moves: readonly QueueOffset[]): Promise<void> {
    const stayed: string[] = []
    for (const move of moves) {
      const offset = await this.offset(group, move)
      // a queue that is empty and was never consumed has none, and begins at 0
      if ((offset ?? 0) !== move.offset) stayed.push(`${move.queueId} on ${move.brokerName}`)
    }
    if (stayed.length === 0) return
    throw new MqError('MQ_PARTIAL', `group ${group} did not move in queue ${stayed.join(', ')}`, {
      hint: 'stop its consumers, or move it again: some commit what they remember',
    })
  }

  async setMode(
    topic: string,
    group: string,
    mode: string,
    popShareQueueNum: number,
    scope: Scope,
  ): Promise<readonly string[]> {
    const addresses = await this.#nameServers.addressesOf(scope)
    const about = `mode of ${group} in ${topic}`
    await tellEach(addresses, about, async (address) => {
      const call = { header: {}, body: { topic, consumerGroup: group, mode, popShareQueueNum } }
      checkSuccess(await this.#invoker.invoke(address, 'SET_MESSAGE_REQUEST_MODE', call), about)
    })
    return addresses
  }

  async offset(group: string, { topic, brokerName, queueId }: MessageQueue): Promise<number | null> {
    const address = await this.#routes.addressOf({ topic, brokerName, queueId })
    const header = { consumerGroup: group, topic, queueId, setZeroIfNotFound: false }
    const reply = await this.#invoker.invoke(address, 'QUERY_CONSUMER_OFFSET', { header, body: undefined })
    if (reply.code === ResponseCode.queryNotFound) return null
    return headerOf(reply, `offset of ${group} in ${topic}`).offset
  }

  async setOffset(group: string, { topic, brokerName, queueId, offset }: QueueOffset): Promise<void> {
    const address = await this.#routes.addressOf({ topic, brokerName, queueId })
    const header = { consumerGroup: group, topic, queueId, commitOffset: offset }
    const reply = await this.#invoker.invoke(address, 'UPDATE_CONSUMER_OFFSET', { header, body: undefined })
    checkSuccess(reply, `offset of ${group} in ${topic}`)
  }
}

/** Brokers answer SYSTEM_ERROR with these words. */
function notOnline(error: MqError): MqError {
  if (error.code !== 'MQ_FAILED' || !/not online/.test(error.message)) return error
  return new MqError('MQ_CONSUMER_NOT_ONLINE', error.message, { cause: error })
}

function of(topic?: string): string {
  return topic === undefined ? '' : ` of ${topic}`
}

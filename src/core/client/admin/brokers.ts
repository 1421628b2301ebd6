import { MqError } from '../../errors.ts'
import type { SubscriptionGroupConfig } from '../../model/group.ts'
import type { HaStatus } from '../../model/ha.ts'
import { dlqPrefix, isSystemGroup, retryPrefix } from '../../model/names.ts'
import type { MessageQueue } from '../../model/queue.ts'
import type { BrokerStatsData, ConsumeQueue } from '../../model/stats.ts'
import type { TopicConfig } from '../../model/topic.ts'
import { ResponseCode } from '../../remoting/response-codes.ts'
import type { Reach } from '../admin.ts'
import type { BrokerAdmin } from '../broker-admin.ts'
import { tellEach } from '../each-broker.ts'
import type { Invoker } from '../invoker.ts'
import { addressOf, bodyOf, checkSuccess, type NameServers } from '../name-servers.ts'
import { groupsOn, pageSize } from './paging.ts'

const noCall = { header: {}, body: undefined }

/** GET_BROKER_RUNTIME_INFO's table. @throws MQ_BROKER_UNREACHABLE, MQ_TIMEOUT, or what the broker says */
export async function runtimeOf(
  invoker: Invoker,
  address: string,
): Promise<Readonly<Record<string, string>>> {
  return bodyOf(
    await invoker.invoke(address, 'GET_BROKER_RUNTIME_INFO', noCall),
    `runtime info of ${address}`,
  )
}

export class RemotingBrokerAdmin implements BrokerAdmin {
  readonly #invoker: Invoker
  readonly #nameServers: NameServers

  constructor(invoker: Invoker, nameServers: NameServers) {
    this.#invoker = invoker
    this.#nameServers = nameServers
  }

  runtime(address: string): Promise<Readonly<Record<string, string>>> {
    return runtimeOf(this.#invoker, address)
  }

  async config(address: string): Promise<Readonly<Record<string, string>>> {
    const reply = await this.#invoker.invoke(address, 'GET_BROKER_CONFIG', noCall)
    return bodyOf(reply, `configuration of ${address}`)
  }

  async updateConfig(address: string, key: string, value: string): Promise<void> {
    const call = { header: {}, body: { [key]: value } }
    checkSuccess(await this.#invoker.invoke(address, 'UPDATE_BROKER_CONFIG', call), `${key} on ${address}`)
  }

  async stats(address: string, statsName: string, statsKey: string): Promise<BrokerStatsData | null> {
    const call = { header: { statsName, statsKey }, body: undefined }
    const reply = await this.#invoker.invoke(address, 'VIEW_BROKER_STATS_DATA', call)
    // "The stats <…> <…> not exist" is a SYSTEM_ERROR
    if (reply.code === ResponseCode.systemError) return null
    return bodyOf(reply, `${statsName} of ${statsKey} on ${address}`)
  }

  async userTopics(address: string, special: boolean): Promise<readonly TopicConfig[]> {
    const topics: TopicConfig[] = []
    for (;;) {
      const reply = await this.#invoker.invoke(address, 'GET_ALL_TOPIC_CONFIG', {
        header: { topicSeq: topics.length, dataVersion: '', maxTopicNum: pageSize },
        body: undefined,
      })
      const page = bodyOf(reply, `topics of ${address}`).topics
      topics.push(...page)
      if (page.length === 0 || topics.length >= (reply.header?.totalTopicNum ?? 0)) break
    }
    const reply = await this.#invoker.invoke(address, 'GET_SYSTEM_TOPIC_LIST_FROM_BROKER', noCall)
    const system = new Set(bodyOf(reply, `system topics of ${address}`))
    return topics.filter(
      ({ topicName: name }) =>
        !system.has(name) && (special || !(name.startsWith(retryPrefix) || name.startsWith(dlqPrefix))),
    )
  }

  async userGroups(address: string): Promise<readonly SubscriptionGroupConfig[]> {
    return (await groupsOn(this.#invoker, address)).filter(({ groupName }) => !isSystemGroup(groupName))
  }

  async consumeQueue(
    { topic, brokerName, queueId }: MessageQueue,
    index: number,
    count: number,
    { group, address }: { readonly group?: string; readonly address?: string },
  ): Promise<ConsumeQueue> {
    const at = address ?? addressOf(await this.#nameServers.route(topic), brokerName)
    const reply = await this.#invoker.invoke(at, 'QUERY_CONSUME_QUEUE', {
      header: { topic, queueId, index, count, ...(group !== undefined && { consumerGroup: group }) },
      body: undefined,
    })
    if (reply.code === ResponseCode.systemError && /is not exist/.test(reply.remark ?? ''))
      throw new MqError('MQ_QUEUE_NOT_EXIST', reply.remark!)
    // a RocketMQ broker says "Index … is not exist!", and that it succeeded
    if (reply.code === ResponseCode.success && reply.body === null) throw noEntry(queueId, topic, index)
    const found = bodyOf(reply, `queue ${queueId} of ${topic}`)
    if (index >= found.maxQueueIndex) throw noEntry(queueId, topic, index)
    return found
  }

  async haStatus(address: string): Promise<HaStatus> {
    const reply = await this.#invoker.invoke(address, 'GET_BROKER_HA_STATUS', noCall)
    return bodyOf(reply, `HA status of ${address}`)
  }

  async deleteExpiredCommitLog(reach: Reach): Promise<void> {
    await tellEach(await this.#nameServers.addressesOf(reach), 'the deletion', async (address) => {
      const reply = await this.#invoker.invoke(address, 'DELETE_EXPIRED_COMMITLOG', noCall)
      checkSuccess(reply, `deletion of expired segments on ${address}`)
    })
  }

  async cleanExpiredConsumeQueues(reach: Reach): Promise<void> {
    await tellEach(await this.#nameServers.addressesOf(reach), 'the cleaning', async (address) => {
      const reply = await this.#invoker.invoke(address, 'CLEAN_EXPIRED_CONSUMEQUEUE', noCall)
      checkSuccess(reply, `cleaning of expired consume queues on ${address}`)
    })
  }
}

function noEntry(queueId: number, topic: string, index: number): MqError {
  return new MqError('MQ_MESSAGE_NOT_FOUND', `queue ${queueId} of ${topic} has no index ${index} yet`, {
    hint: `see what it has with \`topicStatus -t ${topic}\``,
  })
}

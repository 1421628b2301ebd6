import { MqError } from '../../errors.ts'
import type { ConsumeDirectlyResult } from '../../model/client-data.ts'
import { parseOffsetMsgId } from '../../model/ids.ts'
import type { Message, PullResult, PullStatus } from '../../model/message.ts'
import { decodeMessage, decodeMessages } from '../../model/message-codec.ts'
import { toolsConsumerGroup, toolsProducerGroup } from '../../model/names.ts'
import type { MessageQueue } from '../../model/queue.ts'
import { readRecord } from '../../model/record.ts'
import { recordMessages } from '../../model/record-message.ts'
import { brokerAddr, type TopicRoute } from '../../model/route.ts'
import { PullFlag } from '../../model/sys-flag.ts'
import { parseRecallHandle } from '../../model/timer.ts'
import { emptyBody } from '../../remoting/frame.ts'
import type { ReplyOf } from '../../remoting/requests/index.ts'
import { ResponseCode } from '../../remoting/response-codes.ts'
import type {
  ByIdOptions,
  KeyQuery,
  MessageAdmin,
  MessageTrack,
  PopConsumer,
  PopOptions,
  Producer,
  ProducerOptions,
  PullOptions,
  Recalled,
} from '../admin.ts'
import { Filters, type Filtered } from '../filters.ts'
import type { Invoker } from '../invoker.ts'
import { addressOf, bodyOf, headerOf, type NameServers } from '../name-servers.ts'
import { RemotingPopConsumer } from '../pop-consumer.ts'
import { RemotingProducer } from '../producer.ts'
import type { RouteTable } from '../route-table.ts'
import { messageTracks } from './tracks.ts'

/** mqadmin looks for unique keys in the last three days only: QueryMsgByIdSubCommand. */
const uniqueKeySearchMs = 3 * 24 * 3600 * 1000
/** DefaultMQAdminExt asks for 32 at most. */
const uniqueKeyMatches = 32
/** QueryMsgByKeySubCommand */
const keyMatches = 64

const pullStatusOf: Readonly<Record<number, PullStatus>> = {
  [ResponseCode.success]: 'FOUND',
  [ResponseCode.pullNotFound]: 'NO_NEW_MSG',
  [ResponseCode.pullRetryImmediately]: 'NO_MATCHED_MSG',
  [ResponseCode.pullOffsetMoved]: 'OFFSET_ILLEGAL',
}

export class RemotingMessageAdmin implements MessageAdmin {
  readonly #invoker: Invoker
  readonly #nameServers: NameServers
  readonly #routes: RouteTable
  readonly #filters = new Filters()

  constructor(invoker: Invoker, nameServers: NameServers, routes: RouteTable) {
    this.#invoker = invoker
    this.#nameServers = nameServers
    this.#routes = routes
  }

  producer(options: ProducerOptions = {}): Producer {
    return new RemotingProducer(this.#invoker, this.#routes, options)
  }

  popConsumer(topic: string, group: string, options: PopOptions = {}): PopConsumer {
    return new RemotingPopConsumer(this.#invoker, this.#routes, this.#filters, topic, group, options)
  }

  async queues(topic: string): Promise<readonly MessageQueue[]> {
    const queues = await this.#routes.subscribeQueues(topic)
    if (queues.length === 0) throw new MqError('MQ_NO_PERMISSION', `topic ${topic} has no readable queue`)
    return queues
  }

  async publishQueues(topic: string): Promise<readonly MessageQueue[]> {
    return (await this.#routes.publishInfo(topic)).queues
  }

  async minOffset(queue: MessageQueue): Promise<number> {
    const { topic, queueId } = queue
    const address = await this.#routes.addressOf(queue)
    const reply = await this.#invoker.invoke(address, 'GET_MIN_OFFSET', {
      header: { topic, queueId },
      body: undefined,
    })
    return headerOf(reply, `minimum offset of ${nameOf(queue)}`).offset
  }

  async maxOffset(queue: MessageQueue): Promise<number> {
    const { topic, queueId } = queue
    const address = await this.#routes.addressOf(queue)
    const reply = await this.#invoker.invoke(address, 'GET_MAX_OFFSET', {
      header: { topic, queueId },
      body: undefined,
    })
    return headerOf(reply, `maximum offset of ${nameOf(queue)}`).offset
  }

  async searchOffset(queue: MessageQueue, timestamp: number): Promise<number> {
    const { topic, queueId } = queue
    const address = await this.#routes.addressOf(queue)
    const call = { header: { topic, queueId, timestamp }, body: undefined }
    const reply = await this.#invoker.invoke(address, 'SEARCH_OFFSET_BY_TIMESTAMP', call)
    return headerOf(reply, `offset of ${nameOf(queue)} by time`).offset
  }

  async pull(queue: MessageQueue, offset: number, options: PullOptions = {}): Promise<PullResult> {
    const { maxMsgNums = 32, group = toolsConsumerGroup, suspendMs = 0 } = options
    const { topic, queueId } = queue
    const address = await this.#routes.addressOf(queue)
    const filtered = await this.#filters.ask(address, options, (subscription, expressionType) =>
      this.#invoker.invoke(address, 'PULL_MESSAGE', {
        header: {
          consumerGroup: group,
          topic,
          queueId,
          queueOffset: offset,
          maxMsgNums,
          sysFlag: PullFlag.subscription | (suspendMs > 0 ? PullFlag.suspend : 0),
          commitOffset: 0,
          suspendTimeoutMillis: suspendMs,
          subscription,
          subVersion: 0,
          expressionType,
        },
        body: undefined,
      }),
    )
    return pullResult(filtered, queue, options.lazily === true ? recordMessages : decodeMessages)
  }

  async byId(
    topic: string,
    msgId: string,
    { newest = false, ...options }: ByIdOptions = {},
  ): Promise<Message> {
    const found = await this.#byOffsetId(topic, msgId, await this.#nameServers.route(topic))
    if (found !== null) return found
    const begin = Date.now() - uniqueKeySearchMs
    const matches = await this.byUniqueKey(topic, msgId, { ...options, begin })
    return matches.at(newest ? -1 : 0)!
  }

  /**
   * Asks the brokers of the topic, the one the id names first: the address in an id may be another one by
   * now, and a unique key of 32 digits decodes to an address that nobody should be made to dial.
   */
  async #byOffsetId(topic: string, msgId: string, route: TopicRoute): Promise<Message | null> {
    const id = parseOffsetMsgId(msgId)
    if (id === null) return null
    const brokers = [...route.brokerDatas].sort(
      (a, b) => Number(brokerAddr(b) === id.brokerAddr) - Number(brokerAddr(a) === id.brokerAddr),
    )
    for (const broker of brokers) {
      const address = brokerAddr(broker)
      if (address === null) continue
      const call = { header: { topic, offset: id.commitLogOffset }, body: undefined }
      const reply = await this.#invoker.invoke(address, 'VIEW_MESSAGE_BY_ID', call)
      if (reply.code !== ResponseCode.success || reply.body === null) continue
      const message = decodeMessage(readRecord(reply.body, 0), broker.brokerName)
      if (message.offsetMsgId === msgId.toUpperCase() && message.topic === topic) return message
    }
    return null
  }

  async byKey(topic: string, key: string, options: KeyQuery = {}): Promise<readonly Message[]> {
    const found = await this.#indexed(topic, key, false, options)
    const byTag = options.indexType === 'T'
    const matches = found.filter(
      ({ topic: its, tag, keys }) => its === topic && (byTag ? tag === key : keys.includes(key)),
    )
    if (matches.length > 0) return matches
    const what = byTag ? 'tag' : 'key'
    throw new MqError('MQ_MESSAGE_NOT_FOUND', `no message of topic ${topic} has the ${what} ${key}`)
  }

  async byUniqueKey(topic: string, uniqueKey: string, options: KeyQuery = {}): Promise<readonly Message[]> {
    const found = await this.#indexed(topic, uniqueKey, true, { maxNum: uniqueKeyMatches, ...options })
    const matches = found.filter((message) => message.msgId === uniqueKey && message.topic === topic)
    if (matches.length === 0)
      throw new MqError('MQ_MESSAGE_NOT_FOUND', `no message ${uniqueKey} in topic ${topic}`)
    return matches.sort((a, b) => a.storeTimestamp - b.storeTimestamp)
  }

  /** What the brokers' indexes find: they go by hashes, the caller by text. */
  async #indexed(topic: string, key: string, unique: boolean, query: KeyQuery): Promise<Message[]> {
    const { clusterName, maxNum = keyMatches, begin = 0, end = Number.MAX_SAFE_INTEGER } = query
    const { indexType, lastKey } = query
    const route = await this.#nameServers.route(topic)
    const found: Message[] = []
    for (const broker of route.brokerDatas) {
      if (clusterName !== undefined && broker.cluster !== clusterName) continue
      const address = brokerAddr(broker)
      if (address === null) continue
      const reply = await this.#invoker.invoke(address, 'QUERY_MESSAGE', {
        header: {
          ...{ topic, key, maxNum, beginTimestamp: begin, endTimestamp: end },
          ...(unique && { _UNIQUE_KEY_QUERY: 'true' }),
          ...(indexType !== undefined && { indexType }),
          ...(lastKey !== undefined && { lastKey }),
        },
        body: undefined,
      })
      if (reply.code === ResponseCode.queryNotFound) continue
      found.push(...decodeMessages(bodyOf(reply, `messages with key ${key}`), broker.brokerName))
    }
    return found
  }

  async recall(recallHandle: string): Promise<Recalled> {
    const handle = parseRecallHandle(recallHandle)
    if (handle === null)
      throw new MqError('MQ_INVALID_PARAMETER', `no recall handle: ${recallHandle}`, {
        hint: 'it is in the answer of `sendMessage --delay 90s --json`; messages of a delay level have none',
      })
    const { topic, brokerName } = handle
    const address = await this.#routes.addressOf({ topic, brokerName, queueId: 0 })
    const header = { topic, recallHandle, producerGroup: toolsProducerGroup }
    const reply = await this.#invoker.invoke(address, 'RECALL_MESSAGE', { header, body: undefined })
    if (reply.code === ResponseCode.noPermission && /forbidden/.test(reply.remark ?? ''))
      throw new MqError('MQ_NO_PERMISSION', `recall of ${handle.uniqueKey}: ${reply.remark!}`, {
        hint: 'a RocketMQ broker takes messages back with recallMessageEnable=true',
      })
    const { msgId } = headerOf(reply, `recall of ${handle.uniqueKey}`)
    return { topic, brokerName, msgId }
  }

  async tracks(message: Message): Promise<readonly MessageTrack[]> {
    const route = await this.#nameServers.route(message.topic)
    return messageTracks(this.#invoker, addressOf(route, message.brokerName), message)
  }

  async consumeDirectly(message: Message, group: string, clientId: string): Promise<ConsumeDirectlyResult> {
    const route = await this.#nameServers.route(message.topic)
    const reply = await this.#invoker.invoke(
      addressOf(route, message.brokerName),
      'CONSUME_MESSAGE_DIRECTLY',
      {
        header: {
          consumerGroup: group,
          clientId,
          msgId: message.offsetMsgId,
          brokerName: message.brokerName,
          topic: message.topic,
        },
        body: emptyBody,
      },
    )
    if (reply.code === ResponseCode.systemError && /not online/.test(reply.remark ?? '')) {
      throw new MqError('MQ_CONSUMER_NOT_ONLINE', reply.remark!)
    }
    return bodyOf(reply, `message ${message.msgId} to ${clientId}`)
  }
}

function nameOf({ topic, brokerName, queueId }: MessageQueue): string {
  return `${topic} queue ${queueId} on ${brokerName}`
}

function pullResult(
  { answer, accepts }: Filtered<ReplyOf<'PULL_MESSAGE'>>,
  queue: MessageQueue,
  decode: (records: Buffer, brokerName: string) => Message[],
): PullResult {
  const status = pullStatusOf[answer.code]
  if (status === undefined || answer.header === null) {
    throw MqError.fromResponse(answer.code, answer.remark, `pull of ${nameOf(queue)}`)
  }
  const { nextBeginOffset, minOffset, maxOffset } = answer.header
  const decoded = answer.body === null ? [] : decode(answer.body, queue.brokerName)
  return { status, nextBeginOffset, minOffset, maxOffset, messages: decoded.filter(accepts) }
}

import { MqError } from '../errors.ts'
import { javaHash } from '../lib/hash.ts'
import { offsetMsgId, UniqueKeys } from '../model/ids.ts'
import { limits } from '../model/limits.ts'
import type { NewMessage, SendResult, SendStatus } from '../model/message.ts'
import { autoCreateTopic, topicNameFault, toolsProducerGroup } from '../model/names.ts'
import { breaksProperties, formatProperties, keySeparator, Property } from '../model/properties.ts'
import type { MessageQueue } from '../model/queue.ts'
import { SysFlag } from '../model/sys-flag.ts'
import type { CallOf, ReplyOf } from '../remoting/requests/index.ts'
import { ResponseCode } from '../remoting/response-codes.ts'
import type { SendBatch, StoredSends } from '../remoting/send-batch.ts'
import type { Producer, ProducerOptions, QueueChoice } from './admin.ts'
import type { Invoker } from './invoker.ts'
import { bodyOf } from './name-servers.ts'
import { defaultTopicQueueNums, type PublishInfo, type RouteTable } from './route-table.ts'

/** Bodies in flight at most. */
const windowBytes = 4 * 1024 * 1024
/** DefaultMQProducer.retryTimesWhenSendFailed */
const defaultRetries = 2

/** DefaultMQProducer.retryResponseCodes: another broker or queue may do better. */
const retryable: ReadonlySet<number> = new Set([
  ResponseCode.topicNotExist,
  ResponseCode.serviceNotAvailable,
  ResponseCode.systemError,
  ResponseCode.systemBusy,
  ResponseCode.noPermission,
  ResponseCode.noBuyerId,
  ResponseCode.notInCurrentUnit,
  ResponseCode.goAway,
])

const statusOf: Readonly<Record<number, SendStatus>> = {
  [ResponseCode.success]: 'SEND_OK',
  [ResponseCode.flushDiskTimeout]: 'FLUSH_DISK_TIMEOUT',
  [ResponseCode.flushSlaveTimeout]: 'FLUSH_SLAVE_TIMEOUT',
  [ResponseCode.slaveNotAvailable]: 'SLAVE_NOT_AVAILABLE',
}

/** Messages that one call of `submitAll` takes at most. */
const batchMax = 512

interface Sending {
  readonly message: NewMessage
  readonly choice: QueueChoice | null
  readonly uniqueKey: string
  readonly properties: string
  readonly done: (error: Error | null, result: SendResult | null) => void
  attempts: number
  /** Where it was sent last. */
  to: MessageQueue | null
}

/** Sends messages as DefaultMQProducer does: unique keys, queue choice, retries on another broker. */
export class RemotingProducer implements Producer {
  readonly #invoker: Invoker
  readonly #routes: RouteTable
  readonly #options: ProducerOptions
  readonly #uniqueKeys = new UniqueKeys()
  #round = Math.floor(Math.random() * 1024)
  /** Addresses of brokers that know dedup keys. */
  readonly #dedups = new Set<string>()
  /** What this turn brings, where many at once are cheaper, and for whom. */
  #together: Sending[] = []
  #togetherTo = ''
  /** The last one that was found in order: most messages have the topic of the one before. */
  #lastTopic = ''
  #inFlight = 0
  #bytesInFlight = 0
  #room: (() => void)[] = []
  #idle: (() => void)[] = []

  constructor(invoker: Invoker, routes: RouteTable, options: ProducerOptions) {
    this.#invoker = invoker
    this.#routes = routes
    this.#options = options
  }

  send(message: NewMessage, queue?: QueueChoice): Promise<SendResult> {
    return new Promise((resolve, reject) => {
      void this.submit(message, queue ?? null, (error, result) =>
        error === null ? resolve(result!) : reject(error),
      )
    })
  }

  submit(message: NewMessage, queue: QueueChoice | null, done: Sending['done']): Promise<void> | null {
    const uniqueKey = message.uniqueKey ?? this.#uniqueKeys.next()
    let properties: string
    try {
      if (message.topic !== this.#lastTopic) checkTopic(message.topic)
      this.#lastTopic = message.topic
      properties = plainProperties(message, uniqueKey) ?? checkedProperties(message, uniqueKey, this.#group)
    } catch (error) {
      done(error as Error, null)
      return null
    }
    this.#inFlight++
    this.#bytesInFlight += message.body.length
    this.#dispatch({
      message,
      choice: queue,
      uniqueKey,
      properties,
      attempts: 0,
      to: null,
      done,
    })
    return this.#bytesInFlight < windowBytes ? null : new Promise((resolve) => this.#room.push(resolve))
  }

  get #group(): string {
    return this.#options.group ?? toolsProducerGroup
  }

  flush(): Promise<void> {
    if (this.#inFlight === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  #finished(sending: Sending, error: Error | null, result: SendResult | null): void {
    this.#inFlight--
    this.#bytesInFlight -= sending.message.body.length
    sending.done(error, result)
    if (this.#bytesInFlight < windowBytes / 2) for (const resolve of this.#room.splice(0)) resolve()
    if (this.#inFlight === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** Without a promise where the route is at hand. */
  #dispatch(sending: Sending): void {
    const { topic } = sending.message
    const known = this.#routes.knownPublishInfo(topic)
    if (known !== null) return this.#sendTo(known, sending)
    this.#routes.publishInfo(topic).then(
      (info) => this.#sendTo(info, sending),
      (error: unknown) => this.#finished(sending, error as Error, null),
    )
  }

  #sendTo(info: PublishInfo, sending: Sending): void {
    let queue: MessageQueue
    try {
      queue = this.#choose(info, sending)
    } catch (error) {
      return this.#finished(sending, error as Error, null)
    }
    const address = info.addresses.get(queue.brokerName)!
    if (sending.message.dedupKey === undefined || this.#dedups.has(address))
      return this.#submit(address, queue, sending)
    this.#checkDedup(address, queue.brokerName).then(
      () => this.#submit(address, queue, sending),
      (error: unknown) => this.#finished(sending, error as Error, null),
    )
  }

  #submit(address: string, queue: MessageQueue, sending: Sending): void {
    sending.attempts++
    sending.to = queue
    if (this.#invoker.submitAll !== undefined) return this.#submitTogether(address, sending)
    this.#invoker.submit(address, 'SEND_MESSAGE_V2', this.#call(sending, Date.now()), (error, reply) =>
      this.#answered(queue, sending, error, reply),
    )
  }

  #submitTogether(address: string, sending: Sending): void {
    const first = this.#together[0]
    if (first !== undefined && (address !== this.#togetherTo || !areAlike(first, sending)))
      this.#submitBatch()
    if (this.#together.length === 0) queueMicrotask(() => this.#submitBatch())
    this.#togetherTo = address
    this.#together.push(sending)
    if (this.#together.length === batchMax) this.#submitBatch()
  }

  #submitBatch(): void {
    const batch = this.#together
    this.#together = []
    if (batch.length === 0) return
    const sends: SendBatch = {
      header: this.#header(batch[0]!, Date.now()),
      queueIds: batch.map(({ to }) => to!.queueId),
      properties: batch.map(({ properties }) => properties),
      bodies: batch.map(({ message }) => message.body),
    }
    this.#invoker.submitAll!(this.#togetherTo, sends, {
      stored: (stored) => this.#stored(batch, stored),
      answered: (i, error, reply) => this.#answered(batch[i]!.to!, batch[i]!, error, reply),
    })
  }

  #stored(batch: readonly Sending[], { first, storeHost, queueOffsets, physicalOffsets }: StoredSends): void {
    for (let i = 0; i < queueOffsets.length; i++) {
      const sending = batch[first + i]!
      const { brokerName, queueId } = sending.to!
      this.#finished(sending, null, {
        sendStatus: 'SEND_OK',
        msgId: sending.uniqueKey,
        offsetMsgId: offsetMsgId(storeHost, physicalOffsets[i]!),
        brokerName,
        queueId,
        queueOffset: queueOffsets[i]!,
        recallHandle: null,
        transactionId: null,
        duplicate: null,
      })
    }
  }

  /** A broker that does not know dedup keys would store every message. @throws MQ_NOT_SUPPORTED */
  async #checkDedup(address: string, brokerName: string): Promise<void> {
    const call = { header: {}, body: undefined }
    const reply = await this.#invoker.invoke(address, 'GET_BROKER_RUNTIME_INFO', call)
    if (bodyOf(reply, `abilities of ${brokerName}`).dedupEnable !== 'true') {
      throw new MqError('MQ_NOT_SUPPORTED', `${brokerName} does not know dedup keys: it is no pocketmq`, {
        hint: 'RocketMQ stores every message: have its consumers look at the keys',
      })
    }
    this.#dedups.add(address)
  }

  #call(sending: Sending, bornTimestamp: number): CallOf<'SEND_MESSAGE_V2'> {
    const { message, properties, to } = sending
    const { queueId } = to!
    return { header: { ...this.#header(sending, bornTimestamp), queueId, properties }, body: message.body }
  }

  #header({ message, to }: Sending, bornTimestamp: number): SendBatch['header'] {
    return {
      producerGroup: this.#group,
      topic: message.topic,
      defaultTopic: autoCreateTopic,
      defaultTopicQueueNums,
      sysFlag: message.transaction === true ? SysFlag.prepared : 0,
      bornTimestamp,
      flag: message.flag ?? 0,
      reconsumeTimes: 0,
      unitMode: false,
      batch: false,
      brokerName: to!.brokerName,
    }
  }

  #answered(
    queue: MessageQueue,
    sending: Sending,
    error: Error | null,
    reply: ReplyOf<'SEND_MESSAGE_V2'> | null,
  ): void {
    const header = reply?.header ?? null
    const sendStatus = reply === null ? undefined : statusOf[reply.code]
    if (sendStatus !== undefined && header !== null) {
      const duplicate = header.DUPLICATE === 'true'
      return this.#finished(sending, null, {
        sendStatus,
        msgId: duplicate ? (header.transactionId ?? '') : sending.uniqueKey,
        offsetMsgId: header.msgId,
        brokerName: queue.brokerName,
        queueId: header.queueId,
        queueOffset: header.queueOffset,
        recallHandle: header.recallHandle ?? null,
        transactionId: sending.message.transaction === true ? sending.uniqueKey : null,
        duplicate: sending.message.dedupKey === undefined ? null : duplicate,
      })
    }
    const failure =
      error ?? MqError.fromResponse(reply!.code, reply!.remark, `message to ${queue.topic} was refused`)
    // an unanswered send may have been stored: sent again it may exist twice, as with every RocketMQ producer
    const again = reply === null ? error instanceof MqError && error.exit >= 5 : retryable.has(reply.code)
    if (
      !again ||
      sending.choice?.queueId !== undefined ||
      sending.attempts > (this.#options.retries ?? defaultRetries)
    ) {
      return this.#finished(sending, failure, null)
    }
    this.#routes.forget(queue.topic)
    this.#dispatch(sending)
  }

  /** The queue asked for, the sharding key's, or the next one, on another broker after a failure. */
  #choose(info: PublishInfo, { message, choice, to }: Sending): MessageQueue {
    const queues =
      choice === null ? info.queues : info.queues.filter((queue) => queue.brokerName === choice.brokerName)
    if (queues.length === 0)
      throw new MqError('MQ_BROKER_NOT_EXIST', `the broker[${choice?.brokerName ?? ''}] not exist`)
    if (choice?.queueId !== undefined) {
      return { topic: message.topic, brokerName: choice.brokerName, queueId: choice.queueId }
    }
    // whoever has the first of a dedup key must be asked about the others
    const sharding = message.shardingKey ?? message.dedupKey
    if (sharding !== undefined) {
      // SelectMessageQueueByHash
      return queues[Math.abs(javaHash(sharding)) % queues.length]!
    }
    for (let i = 0; i < queues.length; i++) {
      const queue = queues[this.#round++ % queues.length]!
      if (queue.brokerName !== to?.brokerName) return queue
    }
    return queues[this.#round++ % queues.length]!
  }
}

/** Whether two have one header but for queue and properties. */
function areAlike({ message, to }: Sending, other: Sending): boolean {
  const { topic, flag, transaction } = other.message
  return (
    topic === message.topic &&
    flag === message.flag &&
    transaction === message.transaction &&
    to!.brokerName === other.to!.brokerName
  )
}

/** @throws MQ_INVALID_PARAMETER */
function checkTopic(topic: string): void {
  const fault = topicNameFault(topic)
  if (fault !== null) throw new MqError('MQ_INVALID_PARAMETER', fault)
}

/** What `checkedProperties` makes of a message with keys and a tag at most; null: it has more, or a fault. */
function plainProperties(message: NewMessage, uniqueKey: string): string | null {
  const { body, keys, tag, properties, delayLevel, deliverAt, delayMs, dedupKey, transaction } = message
  if ((properties ?? delayLevel ?? deliverAt ?? delayMs ?? dedupKey ?? transaction) !== undefined) return null
  if (message.shardingKey !== undefined || body.length === 0 || body.length > limits.bodySizeMax) return null
  let section = ''
  if (keys !== undefined && keys.length > 0) {
    const value = keys.length === 1 ? keys[0]! : keys.join(keySeparator)
    if (value === '' || breaksProperties(value)) return null
    section = `${Property.keys}\u0001${value}\u0002`
  }
  if (tag !== undefined) {
    if (tag === '' || breaksProperties(tag)) return null
    section += `${Property.tags}\u0001${tag}\u0002`
  }
  return `${section}${Property.uniqueKey}\u0001${uniqueKey}\u0002${Property.waitStoreOk}\u0001true\u0002`
}

/**
 * @throws MQ_INVALID_PARAMETER, MQ_MESSAGE_ILLEGAL: what no broker would take, or would store as something
 * else
 */
function checkedProperties(message: NewMessage, uniqueKey: string, group: string): string {
  if (message.body.length === 0) throw new MqError('MQ_MESSAGE_ILLEGAL', 'the message body length is zero')
  if (message.body.length > limits.bodySizeMax) {
    throw new MqError(
      'MQ_MESSAGE_ILLEGAL',
      `the body has ${message.body.length} bytes, at most ${limits.bodySizeMax} are taken`,
    )
  }
  const properties: Record<string, string> = { ...message.properties }
  if (message.keys !== undefined && message.keys.length > 0)
    properties[Property.keys] = message.keys.join(keySeparator)
  if (message.tag !== undefined) properties[Property.tags] = message.tag
  if (message.shardingKey !== undefined) properties[Property.shardingKey] = message.shardingKey
  if (message.delayLevel !== undefined && message.delayLevel > 0)
    properties[Property.delayLevel] = String(message.delayLevel)
  if (message.deliverAt !== undefined) properties[Property.deliverMs] = String(message.deliverAt)
  if (message.delayMs !== undefined) properties[Property.delayMs] = String(message.delayMs)
  if (message.dedupKey !== undefined) properties[Property.dedupKey] = message.dedupKey
  if (message.dedupKey !== undefined && message.dedupWindowMs !== undefined)
    properties[Property.dedupWindowMs] = String(message.dedupWindowMs)
  if (message.transaction === true) {
    properties[Property.transactionPrepared] = 'true'
    properties[Property.producerGroup] = group
    if (message.atomicId !== undefined) properties[Property.atomicId] = message.atomicId
  }
  properties[Property.uniqueKey] = uniqueKey
  properties[Property.waitStoreOk] = 'true'
  for (const [name, value] of Object.entries(properties)) {
    if (name === '' || value === '' || breaksProperties(name) || breaksProperties(value)) {
      throw new MqError(
        'MQ_INVALID_PARAMETER',
        `the property ${JSON.stringify(name)} has an empty or unstorable name or value`,
      )
    }
  }
  return formatProperties(properties)
}

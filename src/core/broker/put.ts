import { MqError } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import type { HostBytes } from '../model/host.ts'
import type { UniqueKeys } from '../model/ids.ts'
import { limits } from '../model/limits.ts'
import { dlqPrefix, retryPrefix } from '../model/names.ts'
import { keysOf, Property, propertyReader, uniqueKeyOf, withoutProperties } from '../model/properties.ts'
import { SysFlag } from '../model/sys-flag.ts'
import { formatRecallHandle } from '../model/timer.ts'
import type { TopicConfig } from '../model/topic.ts'
import type { AppendRequest, AppendResult } from '../store/append-batch.ts'
import { isPlain } from './plain.ts'
import { deferralOf } from './timer/deferral.ts'
import type { Topics } from './topics.ts'
import { halfOf } from './transaction/half.ts'

/** A message as a client sends it; SEND_MESSAGE's header and body. */
export interface PutRequest {
  readonly producerGroup?: string
  readonly topic: string
  readonly defaultTopic: string
  readonly defaultTopicQueueNums: number
  /** Below 0: the broker picks one. */
  readonly queueId: number
  readonly sysFlag: number
  readonly flag: number
  readonly bornTimestamp: number
  readonly bornHost: HostBytes
  readonly storeHost: HostBytes
  readonly properties: string
  readonly reconsumeTimes: number
  /** Of the consumer that sends it to a retry topic; null: its group's. */
  readonly maxReconsumeTimes?: number | null
  readonly unitMode: boolean
  readonly body: Buffer
}

/** What messages of a batch have in common. */
export type PutKind = Omit<PutRequest, 'queueId' | 'properties' | 'body'>

/**
 * @returns the properties with which it is stored; null: more is to be said of it, and `single` knows
 * @throws as `single`
 */
export type PlainCheck = (queueId: number, properties: string, body: Buffer) => string | null

export interface PutResult extends AppendResult {
  /** Unique key of the message that was stored in its place, before; absent: this one was stored. */
  readonly duplicateOf?: string
}

/** `queueId`: the queue the message is for; where it waits meanwhile, `result` tells. */
export type PutDone = (
  error: MqError | null,
  queueId: number,
  result: PutResult | null,
  recallHandle: string | null,
) => void

/** One message of a batch body. */
export interface BatchPart {
  readonly flag: number
  readonly body: Buffer
  readonly properties: string
}

/** BrokerConfig.regionId */
export const regionId = 'DefaultRegion'

const clusterOf = propertyReader(Property.cluster)
const regionOf = propertyReader(Property.region)
const traceOf = propertyReader(Property.traceOn)
const delayLevelOf = propertyReader(Property.delayLevel)
const timersOf = [Property.deliverMs, Property.delayMs, Property.delaySec].map(propertyReader)
const preparedOf = propertyReader(Property.transactionPrepared)
const regionPair = `${Property.region}\u0001${regionId}\u0002`
const tracePair = `${Property.traceOn}\u0001true\u0002`

/** A message where it is stored: in its own queue, or where it waits. */
export interface Placed {
  readonly append: AppendRequest
  /** The queue it is for. */
  readonly queueId: number
  /** To take it back with while it waits for its time; null: it cannot be taken back. */
  readonly recallHandle: string | null
}

export interface PutOptions {
  readonly topics: Topics
  readonly clusterName: string
  readonly brokerName: string
  readonly uniqueKeys: UniqueKeys
  readonly clock: Clock
  /** Waits of the delay levels from 1 up, in ms. */
  readonly levelsMs: readonly number[]
  readonly retries: {
    maxOf(group: string): number
    /** The group consumes in order: what it gives up does not come again. */
    isOrdered(group: string): boolean
  }
}

/**
 * What a broker does to a message before it stores it: SendMessageProcessor, HookUtils, broker-behaviour.md
 * §2.
 */
export class PutChecks {
  readonly #options: PutOptions
  readonly #clusterPair: string
  /** Of a message that has none of them. */
  readonly #addedPairs: string
  /** The last one that may be sent to: most messages have the topic of the one before. */
  #lastTopic: string | null = null
  #randomQueue = 0

  constructor(options: PutOptions) {
    this.#options = options
    this.#clusterPair = `${Property.cluster}\u0001${options.clusterName}\u0002`
    this.#addedPairs = this.#clusterPair + regionPair + tracePair
  }

  /**
   * Makes of messages of which nothing is to be said but that they are stored what `single` makes of them, at
   * a fraction of its cost. Null: of messages of this kind there always is. @throws as `single`
   */
  plainOf(kind: PutKind): PlainCheck | null {
    const { topic, sysFlag, reconsumeTimes } = kind
    const usual = reconsumeTimes === 0 && (sysFlag & SysFlag.transactionMask) === 0 && !topic.startsWith('%')
    if (!usual || topic.length * 3 > limits.topicSizeMax) return null
    const config = this.#topicOf(kind)
    if (config.attributes['cleanup.policy'] === 'COMPACTION') return null
    return (queueId, section, body) => {
      // as if each character took three bytes
      const most = (section.length + this.#addedPairs.length) * 3 + 20
      const isLarge = most > limits.propertiesSizeMax || body.length > limits.bodySizeMax
      if (queueId < 0 || isLarge || body.length === 0 || !isPlain(section)) return null
      checkQueue(config, queueId)
      return section + this.#addedPairs
    }
  }

  /** @throws MQ_INVALID_PARAMETER, MQ_NO_PERMISSION, MQ_TOPIC_NOT_EXIST, MQ_MESSAGE_ILLEGAL */
  single(sent: PutRequest): Placed {
    const request = this.#givenUp(sent)
    const { topic, queueId } = this.#place(request)
    if (topic.attributes['cleanup.policy'] === 'COMPACTION' && keysOf(request.properties) === null) {
      throw new MqError('MQ_MESSAGE_ILLEGAL', 'the compaction topic message must have a key')
    }
    const properties = this.#complete(request.properties)
    checkSizes(request.topic, request.body, properties)
    // NettyDecoder has null for no bytes, and HookUtils.checkBeforePutMessage refuses that
    if (request.body.length === 0) throw new MqError('MQ_MESSAGE_ILLEGAL', 'the message body length is zero')
    const { body, flag } = request
    const message = append(request, queueId, body, properties, flag)
    // a half message, too, is refused now: nobody hears of it when it is committed
    const placed = this.place(message)
    if (!isHalf(request)) return placed
    const half = halfOf(message, this.#options.clock.now())
    checkSizes(half.topic, body, half.properties)
    return { append: half, queueId, recallHandle: null }
  }

  /** What a consumer sends to its retry topic itself; SendMessageProcessor.handleRetryAndDLQ. */
  #givenUp(request: PutRequest): PutRequest {
    if (!request.topic.startsWith(retryPrefix)) return request
    const { topics, retries } = this.#options
    topics.checkSend(request.topic)
    const group = request.topic.slice(retryPrefix.length)
    const retriesMax = request.maxReconsumeTimes ?? retries.maxOf(group)
    if (request.reconsumeTimes <= retriesMax && !retries.isOrdered(group)) return request
    topics.createDlqTopic(group)
    const properties = withoutProperties(request.properties, [Property.delayLevel])
    return { ...request, topic: dlqPrefix + group, queueId: 0, properties }
  }

  /** A message that the broker makes of another, where it is stored. @throws MQ_MESSAGE_ILLEGAL */
  place(append: AppendRequest): Placed {
    const { clock, levelsMs } = this.#options
    const { topic, queueId } = append
    const deferral = deferralOf(topic, queueId, append.properties, clock.now(), levelsMs, clock.aheadMs)
    if (deferral === null) return { append, queueId, recallHandle: null }
    const { slot, ...place } = deferral
    checkSizes(place.topic, append.body, place.properties)
    return { append: { ...append, ...place }, queueId, recallHandle: this.#recallHandle(append, slot) }
  }

  /** SendMessageProcessor.attachRecallHandle */
  #recallHandle({ topic, properties }: AppendRequest, slot: number | null): string | null {
    const uniqueKey = uniqueKeyOf(properties)
    if (slot === null || uniqueKey === null || topic.startsWith(retryPrefix)) return null
    return formatRecallHandle({ topic, brokerName: this.#options.brokerName, timestamp: slot + 1, uniqueKey })
  }

  /** The messages of a batch get neither cluster nor region (measured on 5.5.0). @throws as `single` */
  batch(request: PutRequest, parts: readonly BatchPart[]): AppendRequest[] {
    if (request.topic.startsWith(retryPrefix)) {
      throw new MqError('MQ_MESSAGE_ILLEGAL', 'batch request does not support retry group ')
    }
    // of what was sent, not of the records, which are larger: MessageExtEncoder.encode
    if (request.body.length > limits.bodySizeMax) {
      throw new MqError(
        'MQ_MESSAGE_ILLEGAL',
        `the batch has ${request.body.length} bytes, at most ${limits.bodySizeMax} are taken`,
      )
    }
    const { queueId } = this.#place(request)
    return parts.map((part) => {
      const properties = terminated(withoutReserved(part.properties))
      refuseDelayed(properties)
      refuseTransaction(request.sysFlag)
      if (preparedOf(properties)?.toLowerCase() === 'true')
        throw new MqError(
          'MQ_MESSAGE_ILLEGAL',
          'a message of a batch cannot be a half message: send it alone',
        )
      checkSizes(request.topic, part.body, properties)
      return append(request, queueId, part.body, properties, part.flag)
    })
  }

  #place(request: PutRequest): { topic: TopicConfig; queueId: number } {
    const topic = this.#topicOf(request)
    checkQueue(topic, request.queueId)
    if (request.queueId >= 0) return { topic, queueId: request.queueId }
    this.#randomQueue = (this.#randomQueue + 1) % Math.max(1, topic.writeQueueNums)
    return { topic, queueId: this.#randomQueue }
  }

  #topicOf(kind: PutKind): TopicConfig {
    const { topics } = this.#options
    if (kind.topic !== this.#lastTopic) topics.checkSend(kind.topic)
    this.#lastTopic = kind.topic
    const { topic, defaultTopic, defaultTopicQueueNums, unitMode } = kind
    return topics.getOrCreate(topic, defaultTopic, defaultTopicQueueNums, unitMode ? 1 : 0)
  }

  #complete(sent: string): string {
    const properties = terminated(withoutReserved(sent))
    // one concatenation: each would copy all of it as soon as the result is looked into
    let added = ''
    if (uniqueKeyOf(properties) === null)
      added += `${Property.uniqueKey}\u0001${this.#options.uniqueKeys.next()}\u0002`
    if (clusterOf(properties) === null) added += this.#clusterPair
    if (regionOf(properties) === null) added += regionPair
    if (traceOf(properties) === null) added += tracePair
    return properties + added
  }
}

function checkQueue(topic: TopicConfig, queueId: number): void {
  const queueNums = Math.max(topic.writeQueueNums, topic.readQueueNums)
  if (queueId < queueNums) return
  throw new MqError(
    'MQ_INVALID_PARAMETER',
    `request queueId[${queueId}] is illegal, topic ${topic.topicName} has ${queueNums} queues`,
  )
}

/** Spread out of one object into another, it would double what a message costs (bench/folder.ts). */
function append(
  request: PutRequest,
  queueId: number,
  body: Buffer,
  properties: string,
  flag: number,
): AppendRequest {
  return {
    topic: request.topic,
    queueId,
    flag,
    sysFlag: request.sysFlag,
    bornTimestamp: request.bornTimestamp,
    bornHost: request.bornHost,
    storeHost: request.storeHost,
    reconsumeTimes: request.reconsumeTimes,
    preparedTransactionOffset: 0,
    body,
    properties,
  }
}

/** POP_CK would be taken for a receipt, `__CRC32#` for this record's own. */
function withoutReserved(properties: string): string {
  return withoutProperties(properties, [Property.popCheckpoint, Property.crc32])
}

/** The last separator may be missing on the wire; in the log, and in its size, it counts. */
function terminated(properties: string): string {
  return properties === '' || properties.endsWith('\u0002') ? properties : `${properties}\u0002`
}

/** DefaultMQProducer refuses it for a batch, too: its messages share one queue. */
function refuseDelayed(properties: string): void {
  const level = Number(delayLevelOf(properties) ?? 0)
  const timed = properties.includes('TIMER_') && timersOf.some((timerOf) => timerOf(properties) !== null)
  if (level > 0 || timed)
    throw new MqError('MQ_MESSAGE_ILLEGAL', 'a message of a batch cannot be delayed: send it alone')
}

/**
 * By its property; a message that comes again and waits is none (SendMessageProcessor.sendMessage).
 * @throws MQ_MESSAGE_ILLEGAL for one that only its flag calls so: it would be stored and forgotten
 */
function isHalf({ sysFlag, properties, reconsumeTimes }: PutRequest): boolean {
  const isPrepared = preparedOf(properties)?.toLowerCase() === 'true'
  const comesAgain = reconsumeTimes > 0 && Number(delayLevelOf(properties) ?? 0) > 0
  if (isPrepared && !comesAgain) return true
  refuseTransaction(sysFlag)
  return false
}

function refuseTransaction(sysFlag: number): void {
  if ((sysFlag & SysFlag.transactionMask) !== 0)
    throw new MqError('MQ_MESSAGE_ILLEGAL', `a message with TRAN_MSG=true is a half message, not its sysFlag`)
}

function checkSizes(topic: string, body: Buffer, properties: string): void {
  const retry = topic.startsWith(retryPrefix) || topic.startsWith(dlqPrefix)
  const topicSizeMax = retry ? limits.retryTopicSizeMax : limits.topicSizeMax
  if (Buffer.byteLength(topic) > topicSizeMax)
    throw new MqError('MQ_MESSAGE_ILLEGAL', `the topic is longer than ${topicSizeMax} bytes`)
  // 20 bytes are the record's own CRC property
  const propertiesSize = Buffer.byteLength(properties) + 20
  if (propertiesSize > limits.propertiesSizeMax) {
    throw new MqError(
      'MQ_MESSAGE_ILLEGAL',
      `the properties take ${propertiesSize} bytes, at most ${limits.propertiesSizeMax} are taken`,
    )
  }
  if (body.length > limits.bodySizeMax) {
    throw new MqError(
      'MQ_MESSAGE_ILLEGAL',
      `the body has ${body.length} bytes, at most ${limits.bodySizeMax} are taken`,
    )
  }
}

/** SEND_BATCH_MESSAGE's body, MessageDecoder.decodeMessages. @throws MQ_MESSAGE_ILLEGAL */
export function parseBatch(body: Buffer): BatchPart[] {
  const parts: BatchPart[] = []
  try {
    for (let at = 0; at < body.length;) {
      const size = body.readInt32BE(at)
      const end = at + size
      const bodySize = body.readInt32BE(at + 16)
      const propertiesAt = at + 20 + bodySize
      const propertiesSize = body.readInt16BE(propertiesAt)
      if (
        bodySize < 0 ||
        propertiesSize < 0 ||
        propertiesAt + 2 + propertiesSize !== end ||
        end > body.length
      ) {
        throw new RangeError('lengths do not add up')
      }
      parts.push({
        flag: body.readInt32BE(at + 12),
        body: body.subarray(at + 20, propertiesAt),
        properties: body.toString('utf8', propertiesAt + 2, end),
      })
      at = end
    }
  } catch (error) {
    throw new MqError('MQ_MESSAGE_ILLEGAL', `the batch cannot be read: ${(error as Error).message}`)
  }
  if (parts.length === 0) throw new MqError('MQ_MESSAGE_ILLEGAL', 'the batch is empty')
  return parts
}

import type { Clock } from '../lib/clock.ts'
import { crc32 } from '../lib/crc32.ts'
import { MqError } from '../errors.ts'
import type { HostBytes } from '../model/host.ts'
import { limits } from '../model/limits.ts'
import {
  crcPropertySize,
  draftSize,
  hostFlags,
  recordVersion,
  writeDraft,
  type RecordDraft,
} from '../model/record.ts'
import type { CommitLog } from './commit-log.ts'
import { dispatchOf } from './dispatcher.ts'
import type { DispatchedRecord } from './index-rows.ts'

/** A message on its way into the log. */
export interface AppendRequest {
  readonly topic: string
  readonly queueId: number
  readonly flag: number
  /** Without the host bits, which follow from the hosts. */
  readonly sysFlag: number
  readonly bornTimestamp: number
  readonly bornHost: HostBytes
  readonly storeHost: HostBytes
  readonly reconsumeTimes: number
  readonly preparedTransactionOffset: number
  readonly body: Buffer
  /** The property section, without `__CRC32#`. */
  readonly properties: string
  /** When something is to be done about it, epoch ms. */
  readonly dueAt?: number
}

export interface AppendResult {
  readonly queueOffset: number
  readonly physicalOffset: number
}

/** Called once, after the batch is as safe as the store's `writer` promises. */
export type AppendDone = (error: MqError | null, result: AppendResult | null) => void

/** A record that is staged and not acknowledged yet. */
export interface Staged {
  /** Null: it has no place in a queue. */
  readonly dispatch: DispatchedRecord | null
  readonly size: number
  readonly storeTimestamp: number
  readonly result: AppendResult
  readonly done: AppendDone
}

/** Its place is known only once the records before it are staged. */
type MutableDraft = { -readonly [K in keyof RecordDraft]: RecordDraft[K] }

/**
 * The batch that is being made: records go straight into the log's staging buffer, with their queue offsets.
 * Offsets are dense per topic and queue; whoever drops a batch drops the counters with it.
 */
export class AppendBatch {
  readonly #log: CommitLog
  readonly #clock: Clock
  readonly #endOffset: (topic: string, queueId: number) => number
  readonly #nextOffsets = new Map<string, number>()
  #staged: Staged[] = []
  #lastStoreTimestamp = 0
  /** Most messages go to the topic of the one before. */
  #lastTopic = { name: '', bytes: Buffer.alloc(0) }

  /** @param endOffset the queue offset behind the last record of a queue, as the index knows it */
  constructor(log: CommitLog, clock: Clock, endOffset: (topic: string, queueId: number) => number) {
    this.#log = log
    this.#clock = clock
    this.#endOffset = endOffset
  }

  get count(): number {
    return this.#staged.length
  }

  /** @throws MQ_MESSAGE_ILLEGAL, MQ_STORE_UNWRITABLE */
  add(request: AppendRequest, done: AppendDone): void {
    const draft = this.#draftOf(request)
    this.#log.reserve(draftSize(draft))
    this.#stage(request, draft, done)
  }

  /** Records that lie one behind the other in one segment. @throws as `add` */
  addAll(
    requests: readonly AppendRequest[],
    done: (error: MqError | null, results: readonly AppendResult[] | null) => void,
  ): void {
    const drafts = requests.map((request) => this.#draftOf(request))
    this.#log.reserve(drafts.reduce((sum, draft) => sum + draftSize(draft), 0))
    const results: AppendResult[] = []
    drafts.forEach((draft, i) => {
      const last = i === drafts.length - 1
      const lastDone: AppendDone = (error) => done(error, error === null ? results : null)
      results.push(this.#stage(requests[i]!, draft, last ? lastDone : ignore))
    })
  }

  /**
   * What is stored from now on was stored at or after this, epoch ms: clocks jump, and differ between
   * processes.
   */
  notBefore(storeTimestamp: number): void {
    this.#lastStoreTimestamp = Math.max(this.#lastStoreTimestamp, storeTimestamp)
  }

  /** Hands over what is staged. */
  take(): readonly Staged[] {
    const staged = this.#staged
    this.#staged = []
    return staged
  }

  /** The log went on without us, or what was staged is lost. */
  forgetOffsets(): void {
    this.#nextOffsets.clear()
  }

  #draftOf(request: AppendRequest): MutableDraft {
    const { topic: name, properties: text, bornHost, storeHost, body } = request
    if (name !== this.#lastTopic.name) this.#lastTopic = { name, bytes: Buffer.from(name) }
    const properties = text === '' || text.endsWith('\u0002') ? text : text + '\u0002'
    const propertiesSize = Buffer.byteLength(properties)
    refuseMisfits(request, this.#lastTopic.bytes.length, propertiesSize)
    // never falls: searching by time relies on it, and clocks jump
    const now = Math.max(this.#clock.now(), this.#lastStoreTimestamp)
    this.#lastStoreTimestamp = now
    return {
      version: recordVersion(this.#lastTopic.bytes.length),
      bodyCrc: crc32(body),
      queueId: request.queueId,
      flag: request.flag,
      queueOffset: 0,
      physicalOffset: 0,
      sysFlag: hostFlags(request.sysFlag, bornHost, storeHost),
      bornTimestamp: request.bornTimestamp,
      bornHost,
      storeTimestamp: now,
      storeHost,
      reconsumeTimes: request.reconsumeTimes,
      preparedTransactionOffset: request.preparedTransactionOffset,
      body,
      topic: this.#lastTopic.bytes,
      properties,
      propertiesSize,
    }
  }

  #stage(request: AppendRequest, draft: MutableDraft, done: AppendDone): AppendResult {
    const { topic, queueId, sysFlag, properties } = request
    const name = `${topic}/${queueId}`
    const physicalOffset = (draft.physicalOffset = this.#log.end)
    const queueOffset = (draft.queueOffset = this.#nextOffsets.get(name) ?? this.#endOffset(topic, queueId))
    const size = writeDraft(this.#log.staging, this.#log.stagingAt(physicalOffset), draft)
    this.#log.advance(size)
    const { storeTimestamp } = draft
    const dispatch = dispatchOf(
      topic,
      queueId,
      queueOffset,
      physicalOffset,
      size,
      sysFlag,
      properties,
      storeTimestamp,
    )
    if (dispatch !== null) this.#nextOffsets.set(name, queueOffset + 1)
    const result = { queueOffset, physicalOffset }
    this.#staged.push({ dispatch, size, storeTimestamp, result, done })
    return result
  }
}

const numbersOf32Bits = ['queueId', 'flag', 'sysFlag', 'reconsumeTimes'] as const

/** Before anything is staged: what has no place in a record's fields. @throws MQ_MESSAGE_ILLEGAL */
function refuseMisfits(request: AppendRequest, topicSize: number, propertiesSize: number): void {
  const { queueId } = request
  for (const name of numbersOf32Bits) {
    const value = request[name]
    if (value !== (value | 0)) throw new MqError('MQ_MESSAGE_ILLEGAL', `${name} is ${value}, not 32 bits`)
  }
  if (queueId < 0) throw new MqError('MQ_MESSAGE_ILLEGAL', `queueId is ${queueId}`)
  if (topicSize > limits.retryTopicSizeMax) {
    throw new MqError('MQ_MESSAGE_ILLEGAL', `the topic has ${topicSize} bytes`)
  }
  if (propertiesSize + crcPropertySize > limits.propertiesSizeMax) {
    throw new MqError('MQ_MESSAGE_ILLEGAL', `the properties have ${propertiesSize} bytes`)
  }
}

function ignore(): void {
  // the last record of a batch carries its callback
}

import type { Clock } from '../lib/clock.ts'
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
import { indexedProperties, isInQueue } from './dispatcher.ts'
import { StagedRecords } from './staged-records.ts'

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

/**
 * Messages that are alike but for queue, properties and body, in columns. Each section of properties ends
 * with 0x02.
 */
export interface AppendRun extends Omit<AppendRequest, 'queueId' | 'body' | 'properties' | 'dueAt'> {
  readonly queueIds: readonly number[]
  readonly bodies: readonly Buffer[]
  readonly properties: readonly string[]
}

/** Where each one of a run was stored. */
export interface AppendedRun {
  readonly queueOffsets: Float64Array
  readonly physicalOffsets: Float64Array
}

/** Called once, after the batch is as safe as the store's `writer` promises. */
export type AppendDone = (error: MqError | null, result: AppendResult | null) => void

/** The same for several. */
export type AppendAllDone = (error: MqError | null, results: readonly AppendResult[] | null) => void

/** The same for a run. */
export type AppendRunDone = (error: MqError | null, placed: AppendedRun | null) => void

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
  readonly #topics = new Map<string, TopicQueues>()
  #staged = new StagedRecords()
  #spare: StagedRecords | null = null
  #lastStoreTimestamp = 0
  /** Most messages go to the topic of the one before. */
  #lastTopic: TopicQueues = { name: '', bytes: Buffer.alloc(0), nextOffsets: new Map() }
  /** Filled in for each record; those of a batch that must lie together have their own. */
  readonly #draft = emptyDraft()

  /** @param endOffset the queue offset behind the last record of a queue, as the index knows it */
  constructor(log: CommitLog, clock: Clock, endOffset: (topic: string, queueId: number) => number) {
    this.#log = log
    this.#clock = clock
    this.#endOffset = endOffset
  }

  get count(): number {
    return this.#staged.count
  }

  /** @throws MQ_MESSAGE_ILLEGAL, MQ_STORE_UNWRITABLE */
  add(request: AppendRequest, done: AppendDone): void {
    const size = this.#fill(this.#draft, request, this.#storeTimestamp())
    this.#log.reserve(size)
    this.#stage(request.topic, this.#draft, size)
    this.#staged.tell(done)
  }

  /** Records in their order; each is looked at before the first one is staged. @throws as `add` */
  addAll(run: AppendRun, done: AppendRunDone): void {
    const { queueIds, bodies, properties } = run
    const first = this.#staged.count
    const draft = this.#draft
    const fixedSize = this.#fillCommon(draft, run, this.#storeTimestamp())
    const propertiesSizes = new Int32Array(bodies.length)
    for (let i = 0; i < bodies.length; i++) {
      const propertiesSize = (propertiesSizes[i] = Buffer.byteLength(properties[i]!))
      refuseMisfits(queueIds[i]!, propertiesSize)
      this.#log.refuseMisfit(fixedSize + bodies[i]!.length + propertiesSize)
    }
    for (let i = 0; i < bodies.length; i++) {
      const body = (draft.body = bodies[i]!)
      const propertiesSize = (draft.propertiesSize = propertiesSizes[i]!)
      draft.queueId = queueIds[i]!
      draft.properties = properties[i]!
      const size = fixedSize + body.length + propertiesSize
      this.#log.reserve(size)
      this.#stage(run.topic, draft, size)
    }
    this.#staged.tellRun(first, done)
  }

  /** Records that lie one behind the other in one segment. @throws as `add` */
  addTogether(requests: readonly AppendRequest[], done: AppendAllDone): void {
    const first = this.#staged.count
    const drafts = requests.map(() => emptyDraft())
    const now = this.#storeTimestamp()
    const sizes = requests.map((request, i) => this.#fill(drafts[i]!, request, now))
    this.#log.reserve(sizes.reduce((sum, size) => sum + size, 0))
    drafts.forEach((draft, i) => this.#stage(requests[i]!.topic, draft, sizes[i]!))
    this.#staged.tellAll(first, done)
  }

  /**
   * What is stored from now on was stored at or after this, epoch ms: clocks jump, and differ between
   * processes.
   */
  notBefore(storeTimestamp: number): void {
    this.#lastStoreTimestamp = Math.max(this.#lastStoreTimestamp, storeTimestamp)
  }

  /** Hands over what is staged; whoever takes it gives it back. */
  take(): StagedRecords {
    const staged = this.#staged
    this.#staged = this.#spare ?? new StagedRecords()
    this.#spare = null
    return staged
  }

  giveBack(staged: StagedRecords): void {
    staged.clear()
    this.#spare = staged
  }

  /** The log went on without us, or what was staged is lost. */
  forgetOffsets(): void {
    this.#topics.clear()
    this.#lastTopic = { name: '', bytes: Buffer.alloc(0), nextOffsets: new Map() }
  }

  #topicOf(name: string): TopicQueues {
    if (name === this.#lastTopic.name) return this.#lastTopic
    let topic = this.#topics.get(name)
    if (topic === undefined)
      this.#topics.set(name, (topic = { name, bytes: Buffer.from(name), nextOffsets: new Map() }))
    return (this.#lastTopic = topic)
  }

  /** Never falls: searching by time relies on it, and clocks jump. Once for what is staged together. */
  #storeTimestamp(): number {
    return (this.#lastStoreTimestamp = Math.max(this.#clock.now(), this.#lastStoreTimestamp))
  }

  /** @returns the record's size @throws MQ_MESSAGE_ILLEGAL */
  #fill(draft: MutableDraft, request: AppendRequest, storeTimestamp: number): number {
    const { properties: text, body, queueId } = request
    const properties = text === '' || text.charCodeAt(text.length - 1) === 2 ? text : text + '\u0002'
    const propertiesSize = Buffer.byteLength(properties)
    refuseMisfits(queueId, propertiesSize)
    const fixedSize = this.#fillCommon(draft, request, storeTimestamp)
    draft.queueId = queueId
    draft.body = body
    draft.properties = properties
    draft.propertiesSize = propertiesSize
    return fixedSize + body.length + propertiesSize
  }

  /** @returns bytes of the record without body and properties @throws MQ_MESSAGE_ILLEGAL */
  #fillCommon(
    draft: MutableDraft,
    { bornHost, storeHost, ...kind }: Omit<AppendRequest, 'queueId' | 'body' | 'properties'>,
    storeTimestamp: number,
  ): number {
    const topic = this.#topicOf(kind.topic).bytes
    refuseMisfitKind(kind, topic.length)
    draft.version = recordVersion(topic.length)
    draft.flag = kind.flag
    draft.sysFlag = hostFlags(kind.sysFlag, bornHost, storeHost)
    draft.bornTimestamp = kind.bornTimestamp
    draft.bornHost = bornHost
    draft.storeTimestamp = storeTimestamp
    draft.storeHost = storeHost
    draft.reconsumeTimes = kind.reconsumeTimes
    draft.preparedTransactionOffset = kind.preparedTransactionOffset
    draft.topic = topic
    draft.body = nothing
    draft.propertiesSize = 0
    return draftSize(draft)
  }

  #stage(topic: string, draft: MutableDraft, size: number): void {
    const { queueId, properties, storeTimestamp } = draft
    const { nextOffsets } = this.#topicOf(topic)
    const physicalOffset = (draft.physicalOffset = this.#log.end)
    const queueOffset = (draft.queueOffset = nextOffsets.get(queueId) ?? this.#endOffset(topic, queueId))
    writeDraft(this.#log.staging, this.#log.stagingAt(physicalOffset), draft, size)
    this.#log.advance(size)
    const inQueue = isInQueue(draft.sysFlag)
    const { addKey } = this.#staged
    const tagsCode = inQueue ? indexedProperties(topic, properties, storeTimestamp, addKey) : 0
    if (inQueue) nextOffsets.set(queueId, queueOffset + 1)
    this.#staged.push(topic, queueId, queueOffset, physicalOffset, size, tagsCode, storeTimestamp, inQueue)
  }
}

/** A topic of this batch or one before. */
interface TopicQueues {
  readonly name: string
  readonly bytes: Buffer
  /** By queue. */
  readonly nextOffsets: Map<number, number>
}

const nothing = Buffer.alloc(0)

function emptyDraft(): MutableDraft {
  return {
    version: 1,
    queueId: 0,
    flag: 0,
    queueOffset: 0,
    physicalOffset: 0,
    sysFlag: 0,
    bornTimestamp: 0,
    bornHost: nothing,
    storeTimestamp: 0,
    storeHost: nothing,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body: nothing,
    topic: nothing,
    properties: '',
    propertiesSize: 0,
  }
}

type Kind = Pick<AppendRequest, 'flag' | 'sysFlag' | 'reconsumeTimes'>

/** Before anything is staged: what has no place in a record's fields. @throws MQ_MESSAGE_ILLEGAL */
function refuseMisfitKind({ flag, sysFlag, reconsumeTimes }: Kind, topicSize: number): void {
  refuseUnless32Bits('flag', flag)
  refuseUnless32Bits('sysFlag', sysFlag)
  refuseUnless32Bits('reconsumeTimes', reconsumeTimes)
  if (topicSize > limits.retryTopicSizeMax) {
    throw new MqError('MQ_MESSAGE_ILLEGAL', `the topic has ${topicSize} bytes`)
  }
}

/** Likewise. */
function refuseMisfits(queueId: number, propertiesSize: number): void {
  refuseUnless32Bits('queueId', queueId)
  if (queueId < 0) throw new MqError('MQ_MESSAGE_ILLEGAL', `queueId is ${queueId}`)
  if (propertiesSize + crcPropertySize > limits.propertiesSizeMax) {
    throw new MqError('MQ_MESSAGE_ILLEGAL', `the properties have ${propertiesSize} bytes`)
  }
}

function refuseUnless32Bits(name: string, value: number): void {
  if (value !== (value | 0)) throw new MqError('MQ_MESSAGE_ILLEGAL', `${name} is ${value}, not 32 bits`)
}

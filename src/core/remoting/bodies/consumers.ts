import type {
  ConsumeDirectlyResult,
  ConsumerRunningInfo,
  ConsumerStatus,
  Scalars,
} from '../../model/client-data.ts'
import type { MessageQueue } from '../../model/queue.ts'
import type { QueueOffset } from '../../model/stats.ts'
import { readSubscription } from './bodies.ts'
import { json, type JsonObject } from './codecs.ts'
import { queueKey, queueOf, readOffsets, readQueue } from './queues.ts'

/** Bodies of what is asked of a consumer itself; each names its Java class. A broker passes them on whole. */

type KnownQueue = MessageQueue & { readonly info: Scalars }

function readKnown(from: JsonObject): KnownQueue[] {
  return from.names.map((key) => ({ ...readQueue(key), info: from.object(key).scalars() }))
}

function writeKnown(queues: readonly KnownQueue[]): Map<MessageQueue, Scalars> {
  return new Map(queues.map(({ info, ...queue }) => [queueKey(queue), info]))
}

export const consumerRunningInfo = json<ConsumerRunningInfo>(
  'ConsumerRunningInfo',
  (from) => {
    const status = from.object('statusTable')
    return {
      properties: from.object('properties').textMap(),
      subscriptions: from.objects('subscriptionSet').map(readSubscription),
      queues: readKnown(from.object('mqTable')),
      popQueues: readKnown(from.object('mqPopTable')),
      status: Object.fromEntries(status.names.map((topic) => [topic, status.object(topic).scalars()])),
      userConsumerInfo: from.object('userConsumerInfo').textMap(),
      jstack: from.textOrNull('jstack'),
    }
  },
  ({ properties, subscriptions, queues, popQueues, status, userConsumerInfo, jstack }) => ({
    ...{ jstack, properties, userConsumerInfo },
    mqPopTable: writeKnown(popQueues),
    mqTable: writeKnown(queues),
    statusTable: status,
    subscriptionSet: subscriptions,
  }),
)

export const consumeMessageDirectlyResult = json<ConsumeDirectlyResult>(
  'ConsumeMessageDirectlyResult',
  (from) => ({
    order: from.flag('order'),
    autoCommit: from.flag('autoCommit', true),
    consumeResult: from.text('consumeResult'),
    remark: from.textOrNull('remark'),
    spentTimeMills: from.number('spentTimeMills'),
  }),
)

function offsetMap(offsets: readonly QueueOffset[]): Map<MessageQueue, number> {
  return new Map(offsets.map((each) => [queueKey(each), each.offset]))
}

/** What one consumer answers. */
export const heldOffsets = json<readonly QueueOffset[]>(
  'GetConsumerStatusBody',
  (from) => readOffsets(from.object('messageQueueTable')),
  (offsets) => ({ consumerTable: {}, messageQueueTable: offsetMap(offsets) }),
)

/** What a broker makes of the answers of several. */
export const consumerStatus = json<ConsumerStatus>(
  'GetConsumerStatusBody',
  (from) => {
    const table = from.object('consumerTable')
    return Object.fromEntries(table.names.map((clientId) => [clientId, readOffsets(table.object(clientId))]))
  },
  (status) => ({
    consumerTable: Object.fromEntries(
      Object.entries(status).map(([clientId, offsets]) => [clientId, offsetMap(offsets)]),
    ),
    messageQueueTable: {},
  }),
)

export interface ClientReset {
  readonly offsets: readonly QueueOffset[]
  /** As clients in C++ read it: objects are no keys there. */
  readonly asList: boolean
}

export const clientReset = json<ClientReset>(
  'ResetOffsetBody, or ResetOffsetBodyForC for clients in C++',
  (from) => {
    const asList = from.isList('offsetTable')
    const offsets = asList
      ? from.objects('offsetTable').map((each) => ({ ...queueOf(each), offset: each.number('offset') }))
      : readOffsets(from.object('offsetTable'))
    return { offsets, asList }
  },
  ({ offsets, asList }) => ({ offsetTable: asList ? offsets : offsetMap(offsets) }),
)

import { offsetMsgId } from '../../model/ids.ts'
import { parseHost, type HostBytes } from '../../model/host.ts'
import { uniqueKeyOf } from '../../model/properties.ts'
import type { AnswerOf, CallOf } from '../../remoting/requests/index.ts'
import { answerOfError, type CallContext, type Handlers } from '../../remoting/handlers.ts'
import type { Broker } from '../broker.ts'
import { regionId, type PutRequest, type PutResult } from '../put.ts'

type SendCall = CallOf<'SEND_MESSAGE_V2'>
type SendAnswer = AnswerOf<'SEND_MESSAGE_V2'>

const traced = { MSG_REGION: regionId, TRACE_ON: 'true' }

/** SendMessageProcessor, ReplyMessageProcessor, RecallMessageProcessor: 10, 310, 320, 324, 325, 36, 370. */
export function sendHandlers(broker: Broker): Handlers {
  const single = (context: CallContext, call: SendCall, reply: (answer: SendAnswer) => void): void => {
    const request = putRequest(context, call)
    broker.put(request, (error, ...sent) =>
      reply(error === null ? sentAnswer(request, ...sent) : answerOfError(error)),
    )
  }
  const batch = (context: CallContext, call: SendCall, reply: (answer: SendAnswer) => void): void => {
    const request = putRequest(context, call)
    // a batch has a unique key of its own, which none of its messages has
    const transactionId = uniqueKeyOf(request.properties) ?? undefined
    broker.putBatch(request, (error, queueId, results) => {
      if (error !== null) return reply(answerOfError(error))
      const msgId = results!.map((each) => offsetMsgId(request.storeHost, each.physicalOffset)).join(',')
      reply({ header: { msgId, queueId, queueOffset: results![0]!.queueOffset, transactionId, ...traced } })
    })
  }
  const answer = (context: CallContext, call: SendCall, reply: (answer: SendAnswer) => void): void => {
    const request = putRequest(context, call)
    broker.replies.send(request, broker.now(), (error, queueId, result) => {
      if (error !== null) return reply(answerOfError(error))
      const msgId = offsetMsgId(request.storeHost, result!.physicalOffset)
      reply({ header: { msgId, queueId, queueOffset: result!.queueOffset, ...traced } })
    })
  }
  return {
    SEND_MESSAGE: single,
    SEND_MESSAGE_V2: (context, call, reply) =>
      (call.header.batch === true ? batch : single)(context, call, reply),
    SEND_BATCH_MESSAGE: batch,
    CONSUMER_SEND_MSG_BACK({ localAddress }, { header }, reply) {
      const request = {
        group: header.group,
        commitLogOffset: header.offset,
        delayLevel: header.delayLevel,
        retriesMax: header.maxReconsumeTimes ?? null,
        storeHost: storeHostOf(localAddress),
      }
      broker.sendBack(request, (error) => reply(error === null ? {} : answerOfError(error)))
    },
    SEND_REPLY_MESSAGE: answer,
    SEND_REPLY_MESSAGE_V2: answer,
    RECALL_MESSAGE({ remoteHost, localAddress }, { header }, reply) {
      const request = {
        topic: header.topic,
        recallHandle: header.recallHandle,
        producerGroup: header.producerGroup ?? '',
        bornHost: remoteHost,
        storeHost: storeHostOf(localAddress),
      }
      broker.recall(request, (error, msgId) =>
        reply(error === null ? { header: { msgId } } : answerOfError(error)),
      )
    },
  }
}

export function sentAnswer(
  { storeHost, properties }: PutRequest,
  queueId: number,
  result: PutResult | null,
  handle: string | null,
): SendAnswer {
  const { physicalOffset, queueOffset, duplicateOf } = result!
  const header = {
    msgId: offsetMsgId(storeHost, physicalOffset),
    queueId,
    queueOffset,
    recallHandle: handle ?? undefined,
    MSG_REGION: regionId,
    TRACE_ON: 'true',
    transactionId: duplicateOf ?? uniqueKeyOf(properties) ?? undefined,
  }
  return { header: duplicateOf === undefined ? header : { ...header, DUPLICATE: 'true' } }
}

export function putRequest(context: CallContext, { header, body }: SendCall): PutRequest {
  return {
    producerGroup: header.producerGroup,
    topic: header.topic,
    defaultTopic: header.defaultTopic,
    defaultTopicQueueNums: header.defaultTopicQueueNums,
    queueId: header.queueId,
    sysFlag: header.sysFlag,
    flag: header.flag,
    bornTimestamp: header.bornTimestamp,
    bornHost: context.remoteHost,
    storeHost: storeHostOf(context.localAddress),
    properties: header.properties ?? '',
    reconsumeTimes: header.reconsumeTimes ?? 0,
    maxReconsumeTimes: header.maxReconsumeTimes ?? null,
    unitMode: header.unitMode ?? false,
    body,
  }
}

let lastAddress = ''
let lastHost: HostBytes = Buffer.alloc(0)

/** Senders dial one address: parsed when it changes. */
function storeHostOf(address: string): HostBytes {
  if (address !== lastAddress) {
    lastHost = parseHost(address)
    lastAddress = address
  }
  return lastHost
}

import { MqError } from '../../errors.ts'
import { parseReceipt } from '../../model/receipt-handle.ts'
import type { Handlers } from '../../remoting/handlers.ts'
import { ResponseCode } from '../../remoting/response-codes.ts'
import type { Broker } from '../broker.ts'
import type { Delivery, PoppedQueue } from '../pop/pop.ts'

/** ConsumeInitMode */
const initMax = 1
/** The topic itself: deliveries again are made from it, not from a retry topic. */
const retryFlag = 0
/** Receipts are rows: there is no revive log. */
const reviveQid = 0

/** PopMessageProcessor and those of what was popped: 200050, 200051, 200151, 200053 to 200055. */
export function popHandlers(broker: Broker): Handlers {
  return {
    POP_MESSAGE({ channel }, { header }, reply) {
      const waitedMs = broker.sinceToldMs(header.bornTime)
      const request = {
        group: header.consumerGroup,
        topic: header.topic,
        queueId: header.queueId,
        messagesMax: header.maxMsgNums,
        invisibleMs: header.invisibleTime,
        expression: header.exp ?? '*',
        expressionType: header.expType ?? 'TAG',
        from: header.initMode === initMax ? ('max' as const) : ('min' as const),
        order: header.order ?? false,
        waitMs: Math.max(0, header.pollTime - waitedMs),
      }
      broker.pop(channel, request, ({ popTime, queues, records, count, rest }) => {
        if (count === 0) return reply({ code: ResponseCode.pollingTimeout, remark: 'no new message' })
        reply({
          remark: 'FOUND',
          header: {
            popTime,
            invisibleTime: header.invisibleTime,
            reviveQid,
            restNum: rest,
            ...places(queues),
          },
          body: records,
        })
      })
    },
    NOTIFICATION({ channel }, { header }, reply) {
      const waitedMs = broker.sinceToldMs(header.bornTime)
      const { consumerGroup: group, topic, queueId } = header
      const waitMs = Math.max(0, header.pollTime - waitedMs)
      broker.awaitMessage(channel, { group, topic, queueId, waitMs }, (hasMsg) =>
        reply({ header: { hasMsg } }),
      )
    },
    POLLING_INFO(_context, { header }, reply) {
      const { consumerGroup, topic } = header
      reply({ header: { pollingNum: broker.waitingPops(topic, consumerGroup) } })
    },
    ACK_MESSAGE(_context, { header }, reply) {
      const mine = broker.ack(deliveryOf(header))
      reply(mine ? {} : { remark: late })
    },
    BATCH_ACK_MESSAGE(_context, { body }, reply) {
      let mine = true
      for (const { consumerGroup: group, topic, queueId, popTime, offsets } of body.acks) {
        for (const queueOffset of offsets)
          mine = broker.ack({ group, topic, queueId, popTime, queueOffset }) && mine
      }
      reply(mine ? {} : { remark: late })
    },
    CHANGE_MESSAGE_INVISIBLETIME(_context, { header }, reply) {
      const { invisibleTime, nack = false } = header
      const popTime = broker.changeInvisible(deliveryOf(header), invisibleTime, nack)
      reply({ header: { popTime, invisibleTime, reviveQid } })
    },
  }
}

const late = 'the receipt is out of date: the message has been handed out again'

function places(queues: readonly PoppedQueue[]): { startOffsetInfo: string; msgOffsetInfo: string } {
  const each = (of: (queue: PoppedQueue) => number | string): string =>
    queues.map((queue) => `${retryFlag} ${queue.queueId} ${of(queue)}`).join(';')
  return {
    startOffsetInfo: each(({ offsets }) => offsets[0]!),
    msgOffsetInfo: each(({ offsets }) => offsets.join(',')),
  }
}

function deliveryOf(header: {
  readonly consumerGroup: string
  readonly topic: string
  readonly queueId: number
  readonly offset: number
  readonly extraInfo: string
}): Delivery {
  const receipt = parseReceipt(header.extraInfo)
  if (receipt === null || receipt.queueId !== header.queueId)
    throw new MqError('MQ_MESSAGE_ILLEGAL', `no receipt of queue ${header.queueId}: ${header.extraInfo}`)
  const { consumerGroup: group, topic, queueId, offset: queueOffset } = header
  return { group, topic, queueId, queueOffset, popTime: receipt.popTime }
}

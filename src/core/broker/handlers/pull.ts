import { PullFlag } from '../../model/sys-flag.ts'
import type { AnswerOf, CallOf } from '../../remoting/requests/index.ts'
import type { CallContext, Handlers } from '../../remoting/handlers.ts'
import { ResponseCode } from '../../remoting/response-codes.ts'
import type { Broker } from '../broker.ts'
import type { GetMessageStatus } from '../pull.ts'

/** PullMessageProcessor's table, broker-behaviour.md §4. */
function responseCodeOf(status: GetMessageStatus, requestOffset: number): number {
  switch (status) {
    case 'FOUND':
      return ResponseCode.success
    case 'NO_MATCHED_MESSAGE':
    case 'MESSAGE_WAS_REMOVING':
      return ResponseCode.pullRetryImmediately
    case 'NO_MESSAGE_IN_QUEUE':
      return requestOffset === 0 ? ResponseCode.pullNotFound : ResponseCode.pullOffsetMoved
    case 'OFFSET_OVERFLOW_ONE':
      return ResponseCode.pullNotFound
    case 'OFFSET_OVERFLOW_BADLY':
    case 'OFFSET_RESET':
    case 'OFFSET_TOO_SMALL':
      return ResponseCode.pullOffsetMoved
  }
}

/** 11, 361. */
export function pullHandlers(broker: Broker): Handlers {
  const pull = (
    { channel }: CallContext,
    { header }: CallOf<'PULL_MESSAGE'>,
    reply: (answer: AnswerOf<'PULL_MESSAGE'>) => void,
  ): void => {
    const { consumerGroup: group, topic, queueId, queueOffset: offset, sysFlag } = header
    const carried = { expression: header.subscription ?? '', type: header.expressionType ?? 'TAG' }
    const commits = (sysFlag & PullFlag.commitOffset) !== 0 && header.commitOffset >= 0
    broker.pull(
      channel,
      {
        group,
        topic,
        queueId,
        offset,
        messagesMax: header.maxMsgNums,
        bytesMax: header.maxMsgBytes ?? null,
        subscription: sysFlag & PullFlag.subscription ? carried : null,
        subVersion: header.subVersion,
        commitOffset: commits ? header.commitOffset : null,
        suspendMs: sysFlag & PullFlag.suspend ? header.suspendTimeoutMillis : 0,
      },
      ({ status, nextBeginOffset, minOffset, maxOffset, records }) =>
        reply({
          code: responseCodeOf(status, offset),
          remark: status,
          header: { suggestWhichBrokerId: 0, nextBeginOffset, minOffset, maxOffset },
          ...(records.length === 0 ? {} : { body: records }),
        }),
    )
  }
  return { PULL_MESSAGE: pull, LITE_PULL_MESSAGE: pull }
}

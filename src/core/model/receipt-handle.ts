/**
 * What names one delivery of a message: POP_CK, a client's to give back unread. RocketMQ's ExtraInfoUtil:
 * `ckQueueOffset popTime invisibleTime reviveQid retryFlag brokerName queueId [msgQueueOffset]`.
 */
export interface ReceiptHandle {
  /** First queue offset of the answer the message came in. */
  readonly startOffset: number
  /** Epoch ms. */
  readonly popTime: number
  /** Ms. */
  readonly invisibleTime: number
  readonly reviveQueueId: number
  /** 0 the topic itself, 1 and 2 its retry topics. */
  readonly retryFlag: string
  readonly brokerName: string
  readonly queueId: number
  readonly queueOffset: number
}

export function formatReceipt(receipt: ReceiptHandle): string {
  const { startOffset, popTime, invisibleTime, reviveQueueId } = receipt
  const { retryFlag, brokerName, queueId, queueOffset } = receipt
  return [
    startOffset,
    popTime,
    invisibleTime,
    reviveQueueId,
    retryFlag,
    brokerName,
    queueId,
    queueOffset,
  ].join(' ')
}

/** Null for text that is none. */
export function parseReceipt(text: string): ReceiptHandle | null {
  const [start, pop, invisible, revive, retryFlag, brokerName, queue, offset = '0', ...rest] = text.split(' ')
  const numbers = [start, pop, invisible, revive, queue, offset].map((each) => Number(each ?? NaN))
  if (rest.length > 0 || !numbers.every(Number.isSafeInteger)) return null
  const [startOffset, popTime, invisibleTime, reviveQueueId, queueId, queueOffset] = numbers as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return {
    startOffset,
    popTime,
    invisibleTime,
    reviveQueueId,
    retryFlag: retryFlag!,
    brokerName: brokerName!,
    queueId,
    queueOffset,
  }
}

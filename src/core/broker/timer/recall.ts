import { MqError } from '../../errors.ts'
import type { HostBytes } from '../../model/host.ts'
import { formatProperties, Property } from '../../model/properties.ts'
import { parseRecallHandle, recallKey, timerDelayMaxMs, type RecallHandle } from '../../model/timer.ts'
import type { AppendRequest } from '../../store/append-batch.ts'

/** Where the call came from, and whose message it takes back. */
export interface RecallRequest {
  readonly topic: string
  readonly recallHandle: string
  readonly producerGroup: string
  readonly bornHost: HostBytes
  readonly storeHost: HostBytes
}

/** RecallMessageProcessor.RECALL_MESSAGE_TAG */
const recallTag = '_RECALL_TAG_'

/**
 * The handle of a message that still waits, as far as the handle tells.
 * @throws MQ_ILLEGAL_OPERATION
 */
export function checkedHandle(request: RecallRequest, brokerName: string, now: number): RecallHandle {
  const handle = parseRecallHandle(request.recallHandle)
  if (handle === null) throw refusal('recall handle is invalid')
  if (handle.topic !== request.topic) throw refusal('recall failed, topic not match')
  if (handle.brokerName !== brokerName) throw refusal('recall failed, broker service not available')
  const leftMs = handle.timestamp - now
  if (leftMs <= 0 || leftMs >= timerDelayMaxMs) throw refusal('recall failed, timestamp invalid')
  return handle
}

function refusal(why: string): MqError {
  return new MqError('MQ_ILLEGAL_OPERATION', why)
}

/** The marker that waits in the same slot and undoes the message; RecallMessageProcessor.buildMessage */
export function recallMarker(request: RecallRequest, handle: RecallHandle, now: number): AppendRequest {
  const { topic, uniqueKey, timestamp } = handle
  return {
    topic,
    queueId: 0,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: now,
    bornHost: request.bornHost,
    storeHost: request.storeHost,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body: Buffer.from('0'),
    properties: formatProperties({
      [Property.tags]: recallTag,
      [Property.timerDeleteKey]: recallKey(topic, uniqueKey),
      [Property.uniqueKey]: uniqueKey,
      [Property.deliverMs]: String(timestamp),
      [Property.producerGroup]: request.producerGroup,
    }),
  }
}

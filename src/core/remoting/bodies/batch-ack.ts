import { json, type JsonObject } from './codecs.ts'

/** One answer's messages that are acknowledged together; BatchAck. */
export interface BatchAck {
  readonly consumerGroup: string
  readonly topic: string
  /** 0 the topic itself, 1 and 2 its retry topics. */
  readonly retry: string
  readonly startOffset: number
  readonly queueId: number
  readonly reviveQueueId: number
  readonly popTime: number
  readonly invisibleTime: number
  readonly offsets: readonly number[]
}

/** A POP hands out 32; clients gather some answers' worth. Each takes some 5 µs of everybody's time. */
const offsetsMax = 10_000

/** java.util.BitSet as base64, little-endian: bit i stands for `startOffset` + i. */
export const batchAcks = json<{ readonly brokerName: string; readonly acks: readonly BatchAck[] }>(
  'BatchAckMessageRequestBody: messages to acknowledge, as bits from the first offset of their answer on',
  (body) => ({
    brokerName: body.text('brokerName'),
    acks: readAcks(body.objects('acks')),
  }),
  ({ brokerName, acks }) => ({
    acks: acks.map((ack) => ({
      b: bitSet(ack.offsets.map((offset) => offset - ack.startOffset)).toString('base64'),
      c: ack.consumerGroup,
      it: ack.invisibleTime,
      pt: ack.popTime,
      q: ack.queueId,
      r: ack.retry,
      rq: ack.reviveQueueId,
      so: ack.startOffset,
      t: ack.topic,
    })),
    brokerName,
  }),
)

function readAcks(acks: readonly JsonObject[]): BatchAck[] {
  let allowed = offsetsMax
  return acks.map((ack) => {
    const offsets = offsetsOf(ack, allowed)
    allowed -= offsets.length
    return {
      consumerGroup: ack.text('c'),
      topic: ack.text('t'),
      retry: ack.text('r', '0'),
      startOffset: ack.number('so'),
      queueId: ack.number('q'),
      reviveQueueId: ack.number('rq'),
      popTime: ack.number('pt'),
      invisibleTime: ack.number('it'),
      offsets,
    }
  })
}

/** @throws RangeError before they are all listed */
function offsetsOf(ack: JsonObject, allowed: number): number[] {
  const bits = Buffer.from(ack.text('b'), 'base64')
  const start = ack.number('so')
  const offsets: number[] = []
  for (const [at, byte] of bits.entries()) {
    for (let bit = 0; byte >> bit > 0; bit++) if ((byte >> bit) & 1) offsets.push(start + at * 8 + bit)
    if (offsets.length > allowed)
      throw new RangeError(`at most ${offsetsMax} messages are acknowledged with one request`)
  }
  return offsets
}

function bitSet(bits: readonly number[]): Buffer {
  const bytes = Buffer.alloc(bits.length === 0 ? 0 : (Math.max(...bits) >> 3) + 1)
  for (const bit of bits) bytes[bit >> 3]! |= 1 << (bit & 7)
  return bytes
}

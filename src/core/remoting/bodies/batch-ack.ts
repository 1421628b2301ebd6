import { json } from './codecs.ts'

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

/** java.util.BitSet as base64, little-endian: bit i stands for `startOffset` + i. */
export const batchAcks = json<{ readonly brokerName: string; readonly acks: readonly BatchAck[] }>(
  'BatchAckMessageRequestBody: messages to acknowledge, as bits from the first offset of their answer on',
  (body) => ({
    brokerName: body.text('brokerName'),
    acks: body.objects('acks').map((ack) => ({
      consumerGroup: ack.text('c'),
      topic: ack.text('t'),
      retry: ack.text('r', '0'),
      startOffset: ack.number('so'),
      queueId: ack.number('q'),
      reviveQueueId: ack.number('rq'),
      popTime: ack.number('pt'),
      invisibleTime: ack.number('it'),
      offsets: bitsOf(Buffer.from(ack.text('b'), 'base64')).map((bit) => ack.number('so') + bit),
    })),
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

function bitsOf(bytes: Buffer): number[] {
  const bits: number[] = []
  for (let i = 0; i < bytes.length * 8; i++) if (bytes[i >> 3]! & (1 << (i & 7))) bits.push(i)
  return bits
}

function bitSet(bits: readonly number[]): Buffer {
  const bytes = Buffer.alloc(bits.length === 0 ? 0 : (Math.max(...bits) >> 3) + 1)
  for (const bit of bits) bytes[bit >> 3]! |= 1 << (bit & 7)
  return bytes
}

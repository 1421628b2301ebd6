import { bytes } from '../bodies/codecs.ts'
import { bool, i32, i64, opt, request, str } from '../schema.ts'
import { rpcHeader, topicHeader } from './traits.ts'

export const transactionRequests = {
  END_TRANSACTION: request({
    code: 37,
    to: 'broker',
    impact: 'rw',
    about: 'A half message is committed or rolled back. One-way from most clients.',
    header: {
      ...rpcHeader,
      topic: opt(str('topic of the message')),
      producerGroup: str('group of the producer'),
      tranStateTableOffset: i64('queue offset of the half message'),
      commitLogOffset: i64('commit-log offset of the half message'),
      commitOrRollback: i32('8 commit, 12 roll back, 0 not known yet'),
      fromTransactionCheck: opt(bool('the producer was asked')),
      msgId: str('unique key, or offset id when it was asked'),
      transactionId: opt(str('unique key')),
    },
    reply: {},
  }),
  END_ATOMIC_SEND: request({
    code: 30_001,
    to: 'broker',
    impact: 'rw',
    about: "Ours, not RocketMQ's: all half messages of an atomic send are committed or rolled back.",
    header: {
      topic: str('topic of the messages'),
      atomicId: str('their ATOMIC_ID'),
      count: i32('how many were acknowledged'),
      commitOrRollback: i32('8 commit, 12 roll back, 0 asks how many are left'),
    },
    reply: { header: { left: i32('messages that are not committed or rolled back yet') } },
  }),
  CHECK_TRANSACTION_STATE: request({
    code: 39,
    to: 'client',
    impact: 'ro',
    about: 'What has become of this half message? Answered with END_TRANSACTION. One-way.',
    header: {
      ...topicHeader,
      topic: opt(str('topic of half messages')),
      tranStateTableOffset: i64('queue offset of the half message'),
      commitLogOffset: i64('commit-log offset of the half message'),
      msgId: opt(str('unique key')),
      transactionId: opt(str('unique key')),
      offsetMsgId: opt(str('offset id')),
    },
    body: bytes('the record, under its own topic and queue'),
    reply: {},
  }),
}

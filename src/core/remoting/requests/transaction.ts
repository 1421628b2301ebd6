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

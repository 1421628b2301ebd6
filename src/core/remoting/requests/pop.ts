import { batchAcks } from '../bodies/batch-ack.ts'
import { bytes } from '../bodies/codecs.ts'
import { bool, i32, i64, opt, request, str } from '../schema.ts'
import { topicHeader } from './traits.ts'

const receiptHeader = {
  ...topicHeader,
  consumerGroup: str('group'),
  topic: str('topic'),
  queueId: i32('queue of the message'),
  extraInfo: str(
    'receipt: ckQueueOffset popTime invisibleTime reviveQid retryFlag brokerName queueId msgQueueOffset',
  ),
  offset: i64('queue offset of the message'),
  liteTopic: opt(str('5.5.0: lite topic')),
}

/** Their codes do not fit the 16 bits of binary headers: JSON headers only. */
export const popRequests = {
  POP_MESSAGE: request({
    code: 200050,
    to: 'broker',
    impact: 'rw',
    about: 'Be handed messages of any queue, for a time in which nobody else is.',
    header: {
      ...topicHeader,
      consumerGroup: str('group'),
      topic: str('topic'),
      queueId: i32('queue; below 0 the broker picks'),
      maxMsgNums: i32('messages wanted at most, 1 to 32'),
      invisibleTime: i64('how long they are hidden from others, ms'),
      pollTime: i64('how long to wait when there is nothing, ms'),
      bornTime: i64('when the client asked, epoch ms'),
      initMode: i32('where a new group begins: 0 at the first message, 1 behind the last'),
      expType: opt(str('TAG or SQL92, absent: TAG')),
      exp: opt(str('filter expression')),
      order: opt(bool('one batch a queue at a time')),
      attemptId: opt(str('of an orderly client that asks again')),
    },
    reply: {
      header: {
        popTime: i64('when they were handed out, epoch ms'),
        invisibleTime: i64('as asked, ms'),
        reviveQid: i32('queue of the revive log; 0 here'),
        restNum: i64('messages left'),
        startOffsetInfo: opt(str('per queue: retryFlag queueId firstOffset, joined with ;')),
        msgOffsetInfo: opt(str('per queue: retryFlag queueId offset,offset…, joined with ;')),
        orderCountInfo: opt(str('orderly: deliveries so far')),
      },
      body: bytes('records as stored, but for reconsumeTimes; one behind the other'),
    },
  }),
  NOTIFICATION: request({
    code: 200054,
    to: 'broker',
    impact: 'ro',
    about: 'Say when there is something to pop.',
    header: {
      ...topicHeader,
      consumerGroup: str('group'),
      topic: str('topic'),
      queueId: i32('queue; below 0 any'),
      pollTime: i64('how long to wait when there is nothing, ms'),
      bornTime: i64('when the client asked, epoch ms'),
      order: opt(bool('one batch a queue at a time')),
      attemptId: opt(str('of an orderly client that asks again')),
    },
    reply: {
      header: {
        hasMsg: bool('there is something'),
        pollingFull: opt(bool('too many wait already')),
      },
    },
  }),
  POLLING_INFO: request({
    code: 200055,
    to: 'broker',
    impact: 'ro',
    about: 'How many clients of a group wait for something to pop.',
    header: {
      ...topicHeader,
      consumerGroup: str('group'),
      topic: str('topic'),
      queueId: i32('queue; below 0 any'),
    },
    reply: { header: { pollingNum: i32('requests that wait') } },
  }),
  ACK_MESSAGE: request({
    code: 200051,
    to: 'broker',
    impact: 'rw',
    about: 'A message that was handed out is done.',
    header: receiptHeader,
    reply: {},
  }),
  BATCH_ACK_MESSAGE: request({
    code: 200151,
    to: 'broker',
    impact: 'rw',
    about: 'Several messages are done.',
    header: {},
    body: batchAcks,
    reply: {},
  }),
  CHANGE_MESSAGE_INVISIBLETIME: request({
    code: 200053,
    to: 'broker',
    impact: 'rw',
    about: 'Hide a message that was handed out for another while, from now on.',
    header: {
      ...receiptHeader,
      invisibleTime: i64('how long, ms'),
      nack: opt(bool('ours: it was consumed in vain, and is a dead letter if that was its last time')),
    },
    reply: {
      header: {
        popTime: i64('names the delivery from now on, epoch ms'),
        invisibleTime: i64('as asked, ms'),
        reviveQid: i32('queue of the revive log; 0 here'),
      },
    },
  }),
}

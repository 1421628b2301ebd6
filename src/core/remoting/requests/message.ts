import { bytes } from '../bodies/codecs.ts'
import { bool, i32, i64, opt, request, str } from '../schema.ts'
import {
  pullHeader,
  pullReplyHeader,
  rpcHeader,
  sendHeader,
  sendHeaderV2,
  sendReplyHeader,
  topicHeader,
} from './traits.ts'

const messageBody = bytes('body of the message')
const records = bytes('records as stored, one behind the other')

export const messageRequests = {
  SEND_MESSAGE: request({
    code: 10,
    to: 'broker',
    impact: 'rw',
    about: 'Store one message; what clients before V2 send.',
    header: sendHeader,
    body: messageBody,
    reply: { header: sendReplyHeader },
  }),
  SEND_MESSAGE_V2: request({
    code: 310,
    to: 'broker',
    impact: 'rw',
    about: 'Store one message.',
    header: sendHeaderV2,
    body: messageBody,
    reply: { header: sendReplyHeader },
  }),
  SEND_BATCH_MESSAGE: request({
    code: 320,
    to: 'broker',
    impact: 'rw',
    about: 'Store several messages in one queue, one behind the other.',
    header: sendHeaderV2,
    body: bytes('total, magic 0, crc 0, flag, body length, body, properties length, properties; repeated'),
    reply: { header: sendReplyHeader },
  }),
  PULL_MESSAGE: request({
    code: 11,
    to: 'broker',
    impact: 'ro',
    about: 'Read messages of a queue from an offset on.',
    header: pullHeader,
    reply: { header: pullReplyHeader, body: records },
  }),
  LITE_PULL_MESSAGE: request({
    code: 361,
    to: 'broker',
    impact: 'ro',
    about: 'PULL_MESSAGE of the lite pull consumer.',
    header: pullHeader,
    reply: { header: pullReplyHeader, body: records },
  }),
  CONSUMER_SEND_MSG_BACK: request({
    code: 36,
    to: 'broker',
    impact: 'rw',
    about: 'A message was consumed in vain: have it come again later, or make it a dead letter.',
    header: {
      ...rpcHeader,
      offset: i64('commit-log offset of the message'),
      group: str('group that consumed it'),
      delayLevel: i32('0 the broker decides, by how often it came; below 0 a dead letter'),
      originMsgId: opt(str('offset id of the message as it was sent')),
      originTopic: opt(str('topic it was sent to')),
      unitMode: opt(bool('by a unit of a multi-site deployment')),
      maxReconsumeTimes: opt(i32('then it is a dead letter; absent: as the group says')),
    },
    reply: {},
  }),
  RECALL_MESSAGE: request({
    code: 370,
    to: 'broker',
    impact: 'rw',
    about: 'Take back a message that waits for its time.',
    header: {
      ...topicHeader,
      producerGroup: opt(str('group of the producer')),
      topic: str('topic of the message'),
      recallHandle: str('of the answer to its send'),
    },
    reply: { header: { msgId: str('unique key of the message') } },
  }),
  QUERY_MESSAGE: request({
    code: 12,
    to: 'broker',
    impact: 'ro',
    about: 'Messages of a topic with a key, or with a unique key (extra field _UNIQUE_KEY_QUERY).',
    header: {
      ...topicHeader,
      topic: str('topic to search'),
      key: str('key'),
      maxNum: i32('messages wanted at most'),
      beginTimestamp: i64('stored at or after, epoch ms'),
      endTimestamp: i64('stored at or before, epoch ms'),
      indexType: opt(str('5.5.0: K keys, T tags, U unique keys')),
      lastKey: opt(str('5.5.0: go on behind this index key')),
      // no field of the Java header class: a loose extra field of the request, remoting.md §5.6
      _UNIQUE_KEY_QUERY: opt(str('true: the key is a unique key')),
    },
    reply: {
      header: {
        indexLastUpdateTimestamp: i64('store time of the last indexed message, epoch ms'),
        indexLastUpdatePhyoffset: i64('commit-log offset of the last indexed message'),
      },
      body: records,
    },
  }),
  VIEW_MESSAGE_BY_ID: request({
    code: 33,
    to: 'broker',
    impact: 'ro',
    about: 'One message by its commit-log offset.',
    header: { topic: opt(str('topic it should be of')), offset: i64('commit-log offset') },
    reply: { body: bytes('the record as stored') },
  }),
}

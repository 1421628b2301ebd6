import { consumeStats } from '../bodies/bodies.ts'
import { bool, i32, i64, opt, request, str } from '../schema.ts'
import { topicHeader } from './traits.ts'

const queueHeader = {
  ...topicHeader,
  topic: str('topic'),
  queueId: i32('queue'),
}

export const offsetRequests = {
  QUERY_CONSUMER_OFFSET: request({
    code: 14,
    to: 'broker',
    impact: 'ro',
    about: 'The offset a group goes on from in a queue.',
    header: {
      ...queueHeader,
      consumerGroup: str('group'),
      setZeroIfNotFound: opt(bool('false: answer QUERY_NOT_FOUND even where 0 would do')),
    },
    reply: { header: { offset: i64('queue offset') } },
  }),
  UPDATE_CONSUMER_OFFSET: request({
    code: 15,
    to: 'broker',
    impact: 'rw',
    about: 'Set the offset a group goes on from in a queue.',
    header: {
      ...queueHeader,
      consumerGroup: str('group'),
      commitOffset: i64('queue offset to consume next'),
    },
    reply: {},
  }),
  SEARCH_OFFSET_BY_TIMESTAMP: request({
    code: 29,
    to: 'broker',
    impact: 'ro',
    about: 'The offset of a queue for a store time.',
    header: {
      ...queueHeader,
      timestamp: i64('store time, epoch ms'),
      boundaryType: opt(str('lower: first message at or after (default); upper: last one at or before')),
      liteTopic: opt(str('5.5.0: lite topic')),
    },
    reply: { header: { offset: i64('queue offset') } },
  }),
  GET_MAX_OFFSET: request({
    code: 30,
    to: 'broker',
    impact: 'ro',
    about: 'The offset behind the last message of a queue.',
    header: { ...queueHeader, committed: opt(bool('absent: true; false counts what is not dispatched yet')) },
    reply: { header: { offset: i64('queue offset') } },
  }),
  GET_MIN_OFFSET: request({
    code: 31,
    to: 'broker',
    impact: 'ro',
    about: 'The offset of the first message of a queue.',
    header: queueHeader,
    reply: { header: { offset: i64('queue offset') } },
  }),
  GET_CONSUME_STATS: request({
    code: 208,
    to: 'broker',
    impact: 'ro',
    about: 'How far a group is in each queue of a topic.',
    header: {
      ...topicHeader,
      consumerGroup: str('group'),
      topic: opt(str('absent: all topics the group has offsets in')),
      topicList: opt(str('several topics, joined with semicolons')),
    },
    reply: { body: consumeStats },
  }),
}

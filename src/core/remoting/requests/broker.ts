import { brokerStatsData, consumeQueueBody, propertiesText } from '../bodies/broker.ts'
import { i32, i64, opt, request, str } from '../schema.ts'
import { topicHeader } from './traits.ts'

export const brokerRequests = {
  UPDATE_BROKER_CONFIG: request({
    code: 25,
    to: 'broker',
    impact: 'rw',
    about: 'Change some of the properties that can be changed while a broker runs.',
    header: {},
    body: propertiesText,
    reply: {},
  }),
  GET_BROKER_CONFIG: request({
    code: 26,
    to: 'broker',
    impact: 'ro',
    about: 'All properties of a broker.',
    header: {},
    reply: { header: { version: str('DataVersion of the configuration, JSON') }, body: propertiesText },
  }),
  CLEAN_EXPIRED_CONSUMEQUEUE: request({
    code: 306,
    to: 'broker',
    impact: 'rw',
    about: 'Remove the parts of consume queues whose messages have expired.',
    header: {},
    reply: {},
  }),
  VIEW_BROKER_STATS_DATA: request({
    code: 315,
    to: 'broker',
    impact: 'ro',
    about: 'One counter over the last minute, hour and day.',
    header: {
      statsName: str('TOPIC_PUT_NUMS, GROUP_GET_NUMS …'),
      statsKey: str('topic, or topic@group'),
    },
    reply: { body: brokerStatsData },
  }),
  QUERY_CONSUME_QUEUE: request({
    code: 321,
    to: 'broker',
    impact: 'ro',
    about: 'Entries of the index of a queue.',
    header: {
      ...topicHeader,
      topic: str('topic'),
      queueId: i32('queue'),
      index: i64('first queue offset'),
      count: i32('entries at most'),
      consumerGroup: opt(str('with the subscription of this group')),
    },
    reply: { body: consumeQueueBody },
  }),
  DELETE_EXPIRED_COMMITLOG: request({
    code: 329,
    to: 'broker',
    impact: 'rw',
    about: 'Remove the segments of the log that have expired, now.',
    header: {},
    reply: {},
  }),
}

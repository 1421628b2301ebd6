import { brokerStatsData, consumeQueueBody, haRuntimeInfo, propertiesText } from '../bodies/broker.ts'
import { bytes } from '../bodies/codecs.ts'
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
  GET_BROKER_HA_STATUS: request({
    code: 907,
    to: 'broker',
    impact: 'ro',
    about: 'How far the slaves of a master are. Ours has none.',
    header: {},
    reply: { body: haRuntimeInfo },
  }),
  RESET_MASTER_FLUSH_OFFSET: request({
    code: 908,
    to: 'broker',
    impact: 'rw',
    about: 'Tell a slave how far its master has flushed; a master, as ours is, passes it over.',
    header: { masterFlushOffset: i64('physical offset') },
    reply: {},
  }),
  GET_COLD_DATA_FLOW_CTR_INFO: request({
    code: 2003,
    to: 'broker',
    impact: 'ro',
    about: 'How consumers of old messages are throttled. Ours does not.',
    header: {},
    reply: { body: bytes('JSON text') },
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

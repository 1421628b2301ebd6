import { groupList } from '../bodies/bodies.ts'
import { bool, i32, opt, request, str } from '../schema.ts'
import { topicHeader } from './traits.ts'

export const topicRequests = {
  UPDATE_AND_CREATE_TOPIC: request({
    code: 17,
    to: 'broker',
    impact: 'rw',
    about: 'Create a topic or replace its configuration.',
    header: {
      ...topicHeader,
      topic: str('topic'),
      defaultTopic: str('TBW102; without meaning today'),
      readQueueNums: i32('queues consumers read'),
      writeQueueNums: i32('queues producers write'),
      perm: i32('4 read, 2 write, 1 inherit'),
      topicFilterType: str('SINGLE_TAG or MULTI_TAG'),
      topicSysFlag: opt(i32('1 unit, 2 has unit subscriptions; absent: 0')),
      order: bool('ordered topic'),
      attributes: opt(str('+key=value,-key')),
      force: opt(bool('deprecated')),
    },
    reply: {},
  }),
  QUERY_TOPIC_CONSUME_BY_WHO: request({
    code: 300,
    to: 'broker',
    impact: 'ro',
    about: 'Groups that subscribe to a topic or have offsets in it.',
    header: { ...topicHeader, topic: str('topic') },
    reply: { body: groupList },
  }),
}

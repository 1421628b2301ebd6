import { brokerConsumeStats, groupConfigBody, groupConfigList, groupConfigTable } from '../bodies/groups.ts'
import { resetOffsetBody } from '../bodies/queues.ts'
import { bool, i32, i64, opt, request, str } from '../schema.ts'
import { rpcHeader, topicHeader } from './traits.ts'

export const groupRequests = {
  UPDATE_AND_CREATE_SUBSCRIPTIONGROUP: request({
    code: 200,
    to: 'broker',
    impact: 'rw',
    about: 'Create a group or replace its configuration.',
    header: {},
    body: groupConfigBody,
    reply: {},
  }),
  GET_ALL_SUBSCRIPTIONGROUP_CONFIG: request({
    code: 201,
    to: 'broker',
    impact: 'ro',
    about: 'Configurations of all groups.',
    header: {
      groupSeq: opt(i32('first one of a page; absent: 0')),
      dataVersion: opt(str('of the page before')),
      maxGroupNum: opt(i32('of a page')),
    },
    reply: { header: { totalGroupNum: opt(i32('groups there are')) }, body: groupConfigTable },
  }),
  UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST: request({
    code: 225,
    to: 'broker',
    impact: 'rw',
    about: 'Create or replace several groups.',
    header: {},
    body: groupConfigList,
    reply: {},
  }),
  GET_SUBSCRIPTIONGROUP_CONFIG: request({
    code: 352,
    to: 'broker',
    impact: 'ro',
    about: 'Configuration of one group.',
    header: { ...rpcHeader, group: str('group') },
    reply: { body: groupConfigBody },
  }),
  DELETE_SUBSCRIPTIONGROUP: request({
    code: 207,
    to: 'broker',
    impact: 'rw',
    about: 'Forget the configuration of a group.',
    header: {
      ...rpcHeader,
      groupName: str('group'),
      cleanOffset: opt(bool('true: its offsets as well')),
    },
    reply: {},
  }),
  INVOKE_BROKER_TO_RESET_OFFSET: request({
    code: 222,
    to: 'broker',
    impact: 'rw',
    about: 'Move a group in the queues of a topic to a time, or in one queue to an offset.',
    header: {
      ...topicHeader,
      group: str('group'),
      topic: str('topic'),
      queueId: opt(i32('below 0 or absent: every queue to read')),
      offset: opt(i64('of that queue; absent: by time')),
      timestamp: i64('store time, epoch ms; below 0: behind the last message'),
      isForce: bool('forward as well'),
    },
    reply: { body: resetOffsetBody },
  }),
  GET_BROKER_CONSUME_STATS: request({
    code: 317,
    to: 'broker',
    impact: 'ro',
    about: 'How far every group is in every topic.',
    header: { isOrder: bool('ordered topics only') },
    reply: { body: brokerConsumeStats },
  }),
}
